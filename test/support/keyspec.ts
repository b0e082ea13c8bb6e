import { createHash } from 'node:crypto';
import { AccountUrl, hash, Key, TxId, Uint, uint } from 'accumulate-memdb';

/**
 * A key as plain data, independent of the code under test. The programs of the differential test hold
 * such keys, and the model understands them. Digests and sizes are computed here a second time, by the
 * rules of the format and with `node:crypto`.
 */
export interface KeySpec {
  /** The digest that a key of `Key.fromHash` starts from, in hex. */
  readonly base?: string;
  readonly parts: readonly PartSpec[];
}

export type PartSpec =
  | readonly ['int', string]
  | readonly ['uint', string]
  | readonly ['string', string]
  | readonly ['hash', string]
  | readonly ['bytes', string]
  | readonly ['url', string]
  | readonly ['null'];

export const EMPTY: KeySpec = { parts: [] };

/** Whether the key is the empty one. */
export function isEmpty(spec: KeySpec): boolean {
  return spec.base === undefined && spec.parts.length === 0;
}

/** Returns `prefix` followed by `key`, or undefined if a digest would not be at the front. */
export function join(prefix: KeySpec, key: KeySpec): KeySpec | undefined {
  if (isEmpty(prefix)) return key;
  if (key.base !== undefined) return undefined;
  return { ...prefix, parts: [...prefix.parts, ...key.parts] };
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Buffer.from(out);
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -value * 2n - 1n : value * 2n;
}

/** Returns SHA-256 of host name and path. That is enough for the plain URLs of specs. */
function accountId(url: string): Buffer {
  return createHash('sha256')
    .update(url.replace(/^acc:\/\//i, '').toLowerCase())
    .digest();
}

function hashed(part: PartSpec): Buffer {
  switch (part[0]) {
    case 'int':
      return varint(zigzag(BigInt(part[1])));
    case 'uint':
      return varint(BigInt(part[1]));
    case 'string':
      return Buffer.from(part[1]);
    case 'hash':
    case 'bytes':
      return Buffer.from(part[1], 'hex');
    case 'url':
      return accountId(part[1]);
    case 'null':
      return Buffer.alloc(0);
  }
}

/** Returns the digest in hex, which identifies an entry of a store. */
export function identity(spec: KeySpec): string {
  let digest: Buffer = spec.base === undefined ? Buffer.alloc(32) : Buffer.from(spec.base, 'hex');
  for (const part of spec.parts) {
    digest = createHash('sha256').update(digest).update(hashed(part)).digest();
  }
  return digest.toString('hex');
}

/** Returns the size of what a store keeps for the key: the binary form or the private form. */
export function storedSize(spec: KeySpec): number {
  let size = varint(BigInt(spec.parts.length)).length;
  for (const part of spec.parts) {
    const length = hashed(part).length;
    size += 1;
    if (part[0] === 'string' || part[0] === 'bytes') size += varint(BigInt(length)).length + length;
    else if (part[0] === 'url') size += varint(BigInt(part[1].length)).length + part[1].length;
    else if (part[0] !== 'null') size += length;
  }
  const plain = spec.base === undefined && spec.parts.every((part) => part[0] !== 'null');
  return plain ? size : size + 3 + (spec.base === undefined ? 0 : 32);
}

/** Returns the text of `showKey`: digest, base and every part with its type. */
export function show(spec: KeySpec): string {
  return `${identity(spec)} ${JSON.stringify(spec.parts)}`;
}

/** One object for each account, as a program would have it: engines remember URLs by object. */
const urls = new Map<string, AccountUrl>();

function toUrl(text: string): AccountUrl {
  const url = urls.get(text) ?? AccountUrl.parse(text);
  urls.set(text, url);
  return url;
}

function toPart(part: PartSpec) {
  switch (part[0]) {
    case 'int': {
      const value = BigInt(part[1]);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    case 'uint':
      return uint(BigInt(part[1]));
    case 'string':
      return part[1];
    case 'hash':
      return hash(Buffer.from(part[1], 'hex'));
    case 'bytes':
      return Buffer.from(part[1], 'hex');
    case 'url':
      return toUrl(part[1]);
    case 'null':
      return null;
  }
}

/** Returns a new Key for a spec. */
export function toKey(spec: KeySpec): Key {
  const parts = spec.parts.map(toPart);
  if (spec.base === undefined) return Key.of(...parts);
  return Key.fromHash(Buffer.from(spec.base, 'hex')).append(...parts);
}

function fromPart(part: unknown): readonly string[] {
  if (part === null) return ['null'];
  if (typeof part === 'number' || typeof part === 'bigint') return ['int', part.toString()];
  if (typeof part === 'string') return ['string', part];
  if (part instanceof Uint8Array) return ['bytes', Buffer.from(part).toString('hex')];
  if (part instanceof Uint) return ['uint', part.value.toString()];
  if (part instanceof AccountUrl) return ['url', part.toString()];
  if (part instanceof TxId) return ['txid', part.toString()];
  if (part instanceof Date) return ['time', part.toISOString()];
  return ['hash', Buffer.from((part as { bytes: Uint8Array }).bytes).toString('hex')];
}

/** Returns text that shows the digest of a Key, its parts and their types. */
export function showKey(key: Key): string {
  const parts = Array.from({ length: key.length }, (_, i) => fromPart(key.at(i)));
  return `${Buffer.from(key.digest()).toString('hex')} ${JSON.stringify(parts)}`;
}
