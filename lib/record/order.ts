import { Buffer } from 'node:buffer';
import type { Bytes32 } from './bytes32.js';
import { Hash, type Part, partType, Uint } from './part.js';
import { Time } from './time.js';
import { TxId } from './txid.js';
import { AccountUrl } from './url.js';

/** Compares part by part. If one list is the beginning of the other, it comes first. */
export function compareLists(a: readonly Part[], b: readonly Part[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareParts(a[i] as Part, b[i] as Part);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Returns a negative number, 0 or a positive number: by type code, then by value as Go orders it. */
function compareParts(a: Part, b: Part): number {
  const types = partType(a) - partType(b);
  if (types !== 0) return types;
  // From here on, b has the type of a.
  if (typeof a === 'string') return compareText(a, b as string);
  if (a === null) return 0;
  if (a instanceof Uint) return compareIntegers(a.value, (b as Uint).value);
  if (a instanceof Hash) return a.own.compare((b as Hash).own);
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  if (a instanceof AccountUrl) return compareUrls(a, b as AccountUrl);
  if (a instanceof Time) return compareIntegers(a.seconds, (b as Time).seconds);
  if (a instanceof TxId) {
    return a.own.compare((b as TxId).own) || compareUrls(a.account, (b as TxId).account);
  }
  return compareIntegers(a, b as number | bigint);
}

/** Keys that start from a digest come after those that do not. */
export function compareBases(a: Bytes32 | undefined, b: Bytes32 | undefined): number {
  if (a !== undefined && b !== undefined) return a.compare(b);
  return Number(a !== undefined) - Number(b !== undefined);
}

/** Numbers and bigints compare with each other by value. */
function compareIntegers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareUrls(a: AccountUrl, b: AccountUrl): number {
  return compareText(a.lower, b.lower);
}

/** Compares by the bytes of UTF-8, which is by code point. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

/** Surrogates encode code points that come after all other code units. */
function codePointOrder(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
