/*
 * How one copy of the package knows the keys and parts of another copy in the same process. Both
 * symbols name a method that describes the object in plain data, which the other copy checks anew.
 */

/** Of keys. */
export const KEY = Symbol.for('accumulate-memdb.key');

/** Of the parts that are objects. */
export const PART = Symbol.for('accumulate-memdb.part');

export interface KeyDescription {
  /** The 32 bytes that the key starts from, if it starts from a digest. */
  readonly base: Uint8Array | undefined;
  readonly parts: readonly unknown[];
}

export type PartDescription =
  | { readonly type: 'uint'; readonly value: number | bigint }
  | { readonly type: 'hash'; readonly bytes: Uint8Array }
  | { readonly type: 'time'; readonly seconds: number | bigint }
  | { readonly type: 'url'; readonly text: string }
  | { readonly type: 'txid'; readonly account: string; readonly hash: Uint8Array };

/** Returns what the object's method of that name returns, if there is one. */
export function describe(value: unknown, brand: symbol): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const method = (value as Record<symbol, unknown>)[brand];
  const description: unknown = typeof method === 'function' ? method.call(value) : undefined;
  return description ?? undefined;
}
