import type { Store } from '../subjects/subject.js';
import { Random } from './random.js';

/** What records are in the store, and so what its keys look like. */
export const layoutNames = ['chain', 'accounts', 'index', 'heads'] as const;
export type LayoutName = (typeof layoutNames)[number];

export const layoutTitles: { readonly [name in LayoutName]: string } = {
  chain: 'Element records of one chain, 33 bytes',
  accounts: 'Element records of 1,000 accounts in random order, 33 bytes',
  index: 'ElementIndex records of one chain by hash, 1-9 bytes',
  heads: 'Head records of as many accounts, 8 KB',
};

const ACCOUNTS = 1_000;
const HASH_SIZE = 32;
const HEAD_SIZE = 8192;

/**
 * The entries 0 to `size` - 1 of a layout, and as many keys that are missing. Entry n has the same
 * key and the same value for every subject and in every run.
 */
export class Data<A = unknown, K = unknown> {
  /** The order in which the entries are put. */
  readonly order: Int32Array;
  readonly #store: Store<A, K>;
  readonly #accounts: A[];
  readonly #hashes: Buffer;
  readonly #values: Buffer[];

  constructor(
    readonly layout: LayoutName,
    readonly size: number,
    store: Store<A, K>,
  ) {
    const random = new Random(0x5eed);
    this.#store = store;
    this.#accounts = accountUrls(layout, size).map((url) => store.account(url));
    this.#hashes = random.bytes(layout === 'index' ? 2 * size * HASH_SIZE : 0);
    this.#values = scratchValues(layout, random);
    this.order =
      layout === 'chain' ? Int32Array.from({ length: size }, (_, n) => n) : random.order(size);
  }

  /** The bytes of all values. */
  get valueBytes(): number {
    let bytes = 0;
    for (let n = 0; n < this.size; n++) bytes += this.value(n).length;
    return bytes;
  }

  /** Makes a new key of entry `n`; of a missing entry if `n` is `size` or more. */
  key(n: number): K {
    const accounts = this.#accounts;
    switch (this.layout) {
      case 'chain':
        return this.#store.element(accounts[0] as A, n);
      case 'accounts': {
        const account = accounts[n % ACCOUNTS] as A;
        return this.#store.element(account, Math.floor(n / ACCOUNTS));
      }
      case 'index': {
        const at = n * HASH_SIZE;
        const hash = this.#hashes.subarray(at, at + HASH_SIZE);
        return this.#store.elementIndex(accounts[0] as A, hash);
      }
      case 'heads':
        return this.#store.head(accounts[n] as A);
    }
  }

  /** The value of entry `n`, in a buffer that the next call reuses. */
  value(n: number): Buffer {
    const value = this.#values[n % this.#values.length] as Buffer;
    // The first bytes hold the entry's number, as far as there is room.
    for (let i = 1, rest = n; i < value.length && i < 5; i++, rest >>>= 8) value[i] = rest;
    return value;
  }
}

function accountUrls(layout: LayoutName, size: number): string[] {
  const count = { chain: 1, index: 1, accounts: ACCOUNTS, heads: 2 * size }[layout];
  return Array.from({ length: count }, (_, n) => `acc://account-${n}.acme/tokens`);
}

function scratchValues(layout: LayoutName, random: Random): Buffer[] {
  // A variable-length integer of 1 to 9 bytes.
  if (layout === 'index') return Array.from({ length: 9 }, (_, n) => random.bytes(n + 1));
  const value = random.bytes(layout === 'heads' ? HEAD_SIZE : HASH_SIZE + 1);
  value[0] = HASH_SIZE;
  return [value];
}

/**
 * Returns a number that differs between values and is cheap to compute. It reads nothing beyond the
 * length: behind it, lmdb's fast buffer has bytes of other values.
 */
export function mark(value: Uint8Array | undefined): number {
  if (value === undefined) return 1;
  const { length } = value;
  if (length < 3) return length + (length < 2 ? 0 : (value[1] as number));
  return length + (value[1] as number) + ((value[2] as number) << 8);
}
