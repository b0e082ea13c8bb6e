import {
  AccountUrl,
  hash,
  InvalidKeyError,
  Key,
  type PartLike,
  TxId,
  uint,
} from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { Exchange, Region, Slot } from '../dist/lib/engine/exchange.js';
import { Digests } from '../dist/lib/engine/fallback/digests.js';
import { Keys } from '../dist/lib/engine/keys.js';
import { baseOf, stored as formOf } from './record/support.js';
import { describeEngines } from './support/engines.js';
import { Random, runSeed } from './support/random.js';

/** More than there are slots for parents; most come back. */
const urls = Array.from({ length: Slot.ParentCount + 2_000 }, (_, n) =>
  AccountUrl.parse(`acc://a-${n}.acme/b`),
);
const chains = [
  'MainChain',
  'mainChain',
  'SignatureChain',
  'x',
  '',
  'é'.repeat(40),
  'y'.repeat(200),
];
/** Parts that parents with the same text, or in the same slot, may differ by. */
const lookalikes: PartLike[] = [
  7,
  7n,
  uint(7),
  uint(7n + 2n ** 60n),
  '7',
  Buffer.from('7'),
  Buffer.from([7]),
  null,
  hash(Buffer.alloc(32, 7)),
  AccountUrl.parse('acc://A-7.acme/b'),
];
const unhashable = TxId.parse(`${'00'.repeat(32)}@foo`);

/** Keys that share what keys of a program share, and some that no program has. Many come back. */
class Program {
  readonly #random: Random;
  readonly #bases = [0, 1, 2].map((n) => Key.fromHash(Buffer.alloc(32, n)));
  readonly #pool: Key[] = [Key.of()];

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Key {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(this.#pool);
    const key = this.#make(random.pick(this.#pool));
    if (this.#pool.length < 50) this.#pool.push(key);
    else this.#pool[random.below(50)] = key;
    return key;
  }

  #make(earlier: Key): Key {
    const random = this.#random;
    const url = random.pick(random.chance(0.9) ? urls.slice(0, 20) : urls);
    const front: PartLike[] = ['Account', url, random.pick(chains)];
    const last = random.pick<PartLike>([
      uint(random.below(9)),
      'Head',
      hash(random.bytes(32)),
      null,
    ]);
    const kind = random.below(9);
    if (kind === 0) return earlier.append(last);
    if (kind === 1) return earlier.slice(0, random.below(earlier.length + 1));
    if (kind === 2) return random.pick(this.#bases).append(url, last);
    if (kind === 3)
      return Key.of(...Array.from({ length: random.below(40) }, () => random.below(2)));
    if (kind === 4) return Key.of(random.bytes(random.pick([3, 4_000, 66_000])), url, last);
    if (kind === 5)
      return Key.of(url, random.pick([url, 'x']), ...(random.chance(0.5) ? [last] : []));
    if (kind === 6) return Key.of('Account', url, 'x', random.pick(urls.slice(0, 20)), last);
    if (kind === 7) return Key.of(...front, random.pick(lookalikes), last);
    return Key.of(...front, random.pick(['Element', 'element', 'States', url]), last);
  }
}

/** The digest of a copy, because a key remembers its own. */
function digestOf(prefix: Key | undefined, key: Key): string {
  return (prefix === undefined ? key : prefix.appendKey(key)).slice(0).digest().toString('hex');
}

it('keys reach an engine with their digest and their stored form, whatever came before', () => {
  const random = new Random(runSeed('crossing.test.ts'));
  const program = new Program(random);
  const exchange = new Exchange();
  const keys = new Keys(exchange);
  const digests = new Digests(exchange);
  let restored = 0;

  const expectDigest = (word: number, expected: string) => {
    const digest = Buffer.from(exchange.words.slice(word, word + 8).buffer).toString('hex');
    expect(digest).toBe(expected);
  };

  /** Fails now and then as a call does that ends before it hashes anything. */
  const call = (at: number, prefix: Key | undefined, key: Key) => {
    if (random.chance(0.98)) expectDigest(digests.locate(at), digestOf(prefix, key));
  };

  const get = (prefix: Key | undefined, key: Key) => call(keys.locate(prefix, key), prefix, key);

  const put = (prefix: Key | undefined, key: Key) => {
    const at = keys.locateToStore(prefix, key);
    const form = formOf(prefix === undefined ? key : prefix.appendKey(key));
    expect(Buffer.from(keys.form(prefix, key)).equals(form)).toBe(true);
    const length = keys.formLength;
    if (length >= 0) {
      restored++;
      const found = exchange.bytes.subarray(Region.Key, Region.Key + length);
      if (!Buffer.from(form).equals(found)) expect(Buffer.from(found)).toEqual(Buffer.from(form));
    }
    call(at, prefix, key);
  };

  const getMany = () => {
    const expected: string[] = [];
    let offset: number = Region.Input;
    for (let n = random.between(1, 300); n > 0; n--) {
      const prefix = random.chance(0.3) ? Key.of('p', random.pick(urls)) : undefined;
      const key = program.next();
      if (prefix !== undefined && baseOf(key) !== undefined) continue;
      const next = keys.record(prefix, key, offset);
      if (next < 0) break;
      expected.push(digestOf(prefix, key));
      offset = next;
    }
    if (random.chance(0.1)) return;
    offset = Region.Input;
    for (const digest of expected) {
      expectDigest(digests.read(offset), digest);
      offset = digests.next;
    }
    digests.noteHashed();
  };

  for (let n = 0; n < 10_000; n++) {
    const kind = random.below(40);
    const key = program.next();
    const prefix = random.chance(0.3) ? program.next() : undefined;
    const use = random.chance(0.5) ? get : put;
    if (kind === 0) {
      getMany();
    } else if (kind === 1) {
      expect(() => use(undefined, key.append(unhashable))).toThrow(InvalidKeyError);
    } else if (prefix !== undefined && baseOf(key) !== undefined) {
      expect(() => use(prefix, key)).toThrow(InvalidKeyError);
    } else {
      use(prefix, key);
    }
    // What a key has learned meanwhile is its digest.
    if (kind === 2) expect(key.digest().toString('hex')).toBe(digestOf(undefined, key));
  }
  expect(restored).toBeGreaterThan(2_000);
});

describeEngines('keys of one account', (open) => {
  const url = AccountUrl.parse('acc://alice.acme/tokens');
  const other = Key.of('z');

  it('are never taken for a key that has the same beginning', () => {
    const batch = open().begin(null, true);
    batch.put(Key.of(url, 1), '1');
    batch.tryGet(other);
    batch.tryGet(Key.of(url, 2));
    batch.tryGet(Key.of(url, url, 'x'));
    expect(`${batch.tryGet(Key.of(url, 1))}`).toBe('1');
    batch.put(Key.of(url, url, 'y'), 'y'.repeat(20_000));
    for (let n = 0; n < 10; n++) expect(batch.get(Key.of(url, url, 'y')).length).toBe(20_000);
  });

  it('are never taken for the key of the parts that they share', () => {
    const batch = open().begin(null, true);
    batch.put(Key.of(url, 1), '1');
    batch.tryGet(other);
    batch.put(Key.of(url, 2), '2');
    const shared = Key.of(url);
    for (let n = 0; n < 4; n++) expect(batch.has(shared)).toBe(false);
    batch.put(shared, 'shared');
    expect(`${batch.get(Key.of(url, 2))}`).toBe('2');
    expect(shared.digest()).toEqual(Key.of(url).digest());
  });

  it('are found after calls that failed', () => {
    const db = open();
    const batch = db.begin(null, true);
    batch.put(Key.of(url, 1), '1');
    batch.tryGet(other);
    expect(() => batch.get(Key.of(url, TxId.parse(`${'00'.repeat(32)}@foo`)))).toThrow(
      InvalidKeyError,
    );
    expect(() => batch.getMany([Key.of(url, 1), Key.of(url, new Date())])).toThrow(InvalidKeyError);
    expect(`${batch.tryGet(Key.of(url, 1))}`).toBe('1');
  });
});
