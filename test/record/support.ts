import { readFileSync } from 'node:fs';
import { AccountUrl, hash, Key, type Part, type PartLike, TxId, uint } from 'accumulate-memdb';
import type { Bytes32 } from '../../dist/lib/record/bytes32.js';
import { storedForm } from '../../dist/lib/record/encoding.js';
import type { Random } from '../support/random.js';

/** The content of test/vectors/record-keys.json: facts recorded from the original. */
export interface KeyVectors {
  readonly keys: readonly {
    readonly json: string;
    readonly binary: string;
    readonly string: string;
    /** Absent if the key cannot be hashed. */
    readonly digest?: string;
  }[];
  readonly urls: readonly UrlVector[];
  readonly fromHash: readonly {
    readonly from: string;
    readonly digest: string;
    readonly append: string;
    readonly appendDigest: string;
  }[];
  /** Two indexes of `keys`, and the sign of their comparison. */
  readonly compare: readonly (readonly [number, number, number])[];
}

/** How the original reads a URL. */
export interface UrlVector {
  readonly input: string;
  readonly error?: boolean;
  readonly string?: string;
  readonly accountId?: string;
  readonly identityAccountId?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly query?: string;
  readonly fragment?: string;
  readonly userInfo?: string;
}

/** Reads a file of test/vectors. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as T;
}

export const keyVectors = vectors<KeyVectors>('record-keys.json');

const hex = (text: string) => Buffer.from(text, 'hex');

/** Every key of the vectors, read from its binary form. */
export const vectorKeys = keyVectors.keys.map(({ binary }) => Key.decode(hex(binary)));

/** The internal fields of keys. */
interface Inner {
  readonly parts: readonly Part[];
  readonly base: Bytes32 | undefined;
}

/** Returns the key's parts themselves. */
export function partsOf(key: Key): readonly Part[] {
  return (key as unknown as Inner).parts;
}

/** Returns the digest that the key starts from, if it starts from one. */
export function baseOf(key: Key): Bytes32 | undefined {
  return (key as unknown as Inner).base;
}

/** Returns what the store keeps of the key. */
export function stored(key: Key): Uint8Array {
  return storedForm(partsOf(key), baseOf(key));
}

/** Returns the key that the store reads from that. */
export function restore(form: Uint8Array): Key {
  return (Key as unknown as { restore(stored: Uint8Array): Key }).restore(form);
}

const INTS = [0, 1, -1, 63, 64, -64, -65, 2 ** 31, -(2 ** 31), 2 ** 52, 2 ** 53 - 1, 1 - 2 ** 53];
const BIG_INTS = [2n ** 53n, -(2n ** 53n), 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];
const UINTS = [0, 127, 128, 16383, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2n ** 64n - 1n];
const TEXTS = [
  '',
  'Account',
  'a.b',
  '\0',
  'é',
  '日本語',
  '😀x',
  '\ufeffbom',
  '\uffff',
  '\u{10ffff}',
];
const URLS = [
  'a.acme',
  'A.acme/Tokens',
  'acc://a.acme:80/%20x?q=1#f',
  'acc://u:p@ünïcode.acme/ÄÖ/%2B',
  '*',
];

/** Returns a part of any type that has a binary form. */
export function randomPart(random: Random): PartLike {
  switch (random.below(10)) {
    case 0:
      return random.pick(INTS);
    case 1:
      return random.pick(BIG_INTS);
    case 2:
      return random.next() - 2 ** 31;
    case 3:
      return uint(random.chance(0.5) ? random.pick(UINTS) : random.next() * random.below(2 ** 21));
    case 4:
      return random.pick(TEXTS);
    case 5:
      return random.pick(TEXTS).repeat(random.below(60));
    case 6:
      return hash(random.bytes(32));
    case 7:
      return random.bytes(random.below(200));
    case 8:
      return random.chance(0.5)
        ? AccountUrl.parse(random.pick(URLS))
        : new TxId(AccountUrl.parse(random.pick(URLS)), random.bytes(32));
    default:
      return new Date((random.next() - 2 ** 30) * 1000);
  }
}

/** Returns a key of up to 6 such parts. */
export function randomKey(random: Random): Key {
  return Key.of(...Array.from({ length: random.below(7) }, () => randomPart(random)));
}
