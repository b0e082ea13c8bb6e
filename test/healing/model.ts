import { createHash } from 'node:crypto';

/** A step of a path, as receipts have it. */
export interface Step {
  right?: true;
  hash: string;
}

function pair(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(left).update(right).digest();
}

/** The most entries that a complete sub-tree on the left can have, of `count` > 1. */
function leftSize(count: number): number {
  let size = 1;
  while (2 * size < count) size *= 2;
  return size;
}

/** The anchor over entries, by definition and with no care for speed. */
export function rootOf(entries: readonly Buffer[]): Buffer {
  if (entries.length === 1) return entries[0] as Buffer;
  const left = leftSize(entries.length);
  return pair(rootOf(entries.slice(0, left)), rootOf(entries.slice(left)));
}

/** The steps from entry `index` to the anchor over all of `entries`. */
export function pathOf(entries: readonly Buffer[], index: number): Step[] {
  if (entries.length === 1) return [];
  const left = leftSize(entries.length);
  const [before, after] = [entries.slice(0, left), entries.slice(left)];
  if (index < left) {
    return [...pathOf(before, index), { right: true, hash: rootOf(after).toString('hex') }];
  }
  return [...pathOf(after, index - left), { hash: rootOf(before).toString('hex') }];
}

/** The roots of the complete sub-trees over entries: slot i of 2^i of them. */
export function pendingOf(entries: readonly Buffer[]): (Buffer | undefined)[] {
  const roots: (Buffer | undefined)[] = [];
  let end = entries.length;
  for (let size = 1; size <= entries.length; size *= 2) {
    const present = Math.floor(entries.length / size) % 2 === 1;
    roots.push(present ? rootOf(entries.slice(end - size, end)) : undefined);
    if (present) end -= size;
  }
  return roots;
}

/** The stored form of the state after `entries`, with a mark at every `setSize` of them. */
export function encodedState(entries: readonly Buffer[], setSize: number): Buffer {
  const count = entries.length;
  const listed = count === 0 ? 0 : ((count - 1) % setSize) + 1;
  const roots = pendingOf(entries).filter((root): root is Buffer => root !== undefined);
  return Buffer.concat([
    varint(2 * count),
    ...roots.map(item),
    varint(listed),
    ...entries.slice(count - listed).map(item),
  ]);
}

/** A hash with its length before it. */
export function item(hash: Uint8Array): Buffer {
  return Buffer.concat([varint(hash.length), hash]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Entry i of the recorded chain. */
export function syntheticEntry(i: number): Buffer {
  return createHash('sha256').update(`synthetic transaction ${i}`).digest();
}

export function syntheticEntries(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => syntheticEntry(i));
}
