import { createHash } from 'node:crypto';

/** A key's digest as written by hand: for each part, the hash of the digest so far and the part. */
export function digest(...parts: readonly (string | Uint8Array)[]): Buffer {
  let sum: Buffer = ZEROS;
  for (const part of parts) sum = createHash('sha256').update(sum).update(part).digest();
  return sum;
}

const ZEROS = Buffer.alloc(32);

/** The bytes of an unsigned integer part. */
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

/** The account id of a URL without a user, query or fragment; a program computes it once. */
export function accountId(url: string): Buffer {
  return createHash('sha256').update(url.replace('acc://', '').toLowerCase()).digest();
}

const stem = (account: Buffer, ...parts: string[]) =>
  digest('Account', account, 'MainChain', ...parts);

/** The keys of healing for the stores that know only bytes. */
export const digests = {
  account: accountId,
  /** The digest of the parts that many keys of an account begin with. */
  stem,
  head: (account: Buffer) => stem(account, 'Head'),
  state: (account: Buffer, index: number | bigint) =>
    digest('Account', account, 'MainChain', 'States', varint(index)),
  element: (account: Buffer, index: number) =>
    digest('Account', account, 'MainChain', 'Element', varint(index)),
  elementIndex: (account: Buffer, hash: Uint8Array) =>
    digest('Account', account, 'MainChain', 'ElementIndex', hash),
};
