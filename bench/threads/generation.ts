/**
 * Values that one thread writes over and over while others read them. In generation g of a value,
 * each byte behind the first five, which hold the entry's number, is XORed with g. Generation 0 is
 * the value that was put first. A value that mixes two generations or two entries is recognised.
 */

const FIRST = 5;

/** Writes generation `generation` (its lowest 8 bits) of `value` to `target`, of the same length. */
export function writeGeneration(target: Uint8Array, value: Uint8Array, generation: number): void {
  target.set(value);
  for (let i = FIRST; i < target.length; i++) target[i] = (value[i] as number) ^ generation;
}

/** Whether `found` is some generation of `value`, whole. */
export function isGeneration(found: Uint8Array | undefined, value: Uint8Array): boolean {
  if (found?.length !== value.length) return false;
  const generation = (found[FIRST] ?? 0) ^ (value[FIRST] ?? 0);
  for (let i = 0; i < value.length; i++) {
    const expected = i < FIRST ? value[i] : (value[i] as number) ^ generation;
    if (found[i] !== expected) return false;
  }
  return true;
}
