import { createHash } from 'node:crypto';

/**
 * Digests of keys as one writes them by hand, with node:crypto: a hash of the digest so far and the
 * next part, for each part.
 */
export function digest(...parts: readonly (string | Uint8Array)[]): Buffer {
  let sum: Buffer = ZEROS;
  for (const part of parts) sum = createHash('sha256').update(sum).update(part).digest();
  return sum;
}

const ZEROS = Buffer.alloc(32);

/** An unsigned integer part. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  if (typeof rest === 'bigint') {
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  } else {
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** The account id of a plain URL, which a program computes once. */
export function accountId(url: string): Buffer {
  return createHash('sha256').update(url.replace('acc://', '').toLowerCase()).digest();
}

/** The keys of healing for the stores that know only bytes. */
export const digests = {
  account: accountId,
  head: (account: Buffer) => digest('Account', account, 'MainChain', 'Head'),
  state: (account: Buffer, index: number | bigint) =>
    digest('Account', account, 'MainChain', 'States', varint(index)),
  element: (account: Buffer, index: number) =>
    digest('Account', account, 'MainChain', 'Element', varint(index)),
  elementIndex: (account: Buffer, hash: Uint8Array) =>
    digest('Account', account, 'MainChain', 'ElementIndex', hash),
};
