import { deepStrictEqual, notDeepStrictEqual } from 'node:assert';
import crypto from 'node:crypto';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { EncodingError, InvalidKeyError, Key, NotFoundError, uint } from 'accumulate-memdb';
import { Chain, Receipt, State } from 'accumulate-memdb/healing';
import { describe, expect, it, vi } from 'vitest';
import { describeEngines } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { encodedState, item, pathOf, pendingOf, rootOf, syntheticEntries } from './model.js';

const key = Key.of('Account', 'x', 'MainChain');
const seed = runSeed('chain');

/** The indexes near which something changes: at marks, at powers of two, and at the ends. */
function edges(count: number, setSize: number): number[] {
  const near = [0, count - 1];
  for (let at = setSize; at <= count; at += setSize) near.push(at - 2, at - 1, at, at + 1);
  for (let at = 1; at <= count; at *= 2) near.push(at - 1, at, at + 1);
  return [...new Set(near)].filter((i) => i >= 0 && i < count).sort((a, b) => a - b);
}

describeEngines('Chain', (open) => {
  it.each([0, 1, 2, 3, 5, 8, 10])('agrees with the model at markPower %i', (markPower) => {
    const random = new Random(seed + markPower);
    const setSize = 2 ** markPower;
    const count = random.between(2 * setSize + 1, 3 * setSize + 40);
    const entries = Array.from({ length: count }, () => Buffer.from(random.bytes(32)));
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key, markPower);
    for (let start = 0; start < count; ) {
      const size = random.between(1, 70);
      const block = entries.slice(start, start + size);
      if (random.chance(0.5)) expect(chain.addEntries(block)).toBe(block.length);
      else
        expect(block.map((entry) => chain.addEntry(entry))).toEqual(block.map((_, i) => start + i));
      start += size;
    }

    expect(chain.head().encode()).toEqual(encodedState(entries, setSize));
    expect(chain.head().list).toEqual(entries.slice(Math.floor((count - 1) / setSize) * setSize));
    expect(chain.anchor()).toEqual(rootOf(entries));
    const indexes = [
      ...edges(count, setSize),
      ...Array.from({ length: 10 }, () => random.below(count)),
    ];
    for (const i of indexes) {
      expect(chain.entry(i)).toEqual(entries[i]);
      expect(chain.indexOf(entries[i] as Buffer)).toBe(i);
      const state = chain.stateAt(i);
      expect(state.encode(), `state at ${i}`).toEqual(
        encodedState(entries.slice(0, i + 1), setSize),
      );
      expect(state.anchor()).toEqual(rootOf(entries.slice(0, i + 1)));
    }
    for (let n = 0; n < 30; n++) {
      const to = random.pick(indexes);
      const from = random.chance(0.2) ? to : random.pick(indexes.filter((i) => i <= to));
      const upTo = entries.slice(0, to + 1);
      const receipt = chain.receipt(from, to);
      expect(receipt.toJSON(), `receipt ${from} to ${to}`).toEqual({
        start: entries[from]?.toString('hex'),
        startIndex: from,
        end: entries[to]?.toString('hex'),
        endIndex: to,
        anchor: rootOf(upTo).toString('hex'),
        entries: pathOf(upTo, from),
      });
      expect(receipt.validate()).toBe(true);
    }
  });

  it('stores a mark only when a set is complete', () => {
    const entries = syntheticEntries(770);
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    for (const [i, entry] of entries.entries()) {
      chain.addEntry(entry);
      const count = i + 1;
      if (count % 256 > 1 && count % 256 < 255) continue;
      expect(chain.head().listLength, `${count} entries`).toBe(count % 256 || 256);
      expect(batch.get(key.append('Head'))).toEqual(encodedState(entries.slice(0, count), 256));
      expect(batch.tryGet(key.append('States', uint(i)))).toEqual(
        count % 256 === 0 ? encodedState(entries.slice(0, count), 256) : undefined,
      );
      expect(chain.receipt(0).validate()).toBe(true);
      expect(chain.receipt(i).validate()).toBe(true);
    }
  });

  it('reads at most two states a level for a receipt, and hashes nothing the second time', () => {
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key, 4);
    chain.addEntries(syntheticEntries(3000));
    const read = vi.spyOn(batch, 'get');
    const digest = vi.spyOn(crypto, 'hash');
    try {
      for (const round of ['first', 'second']) {
        digest.mockClear();
        for (let i = 0; i < 3000; i += 7) {
          read.mockClear();
          expect(chain.receipt(i).endIndex).toBe(2999);
          // The head has 3,000 entries, so 8 levels stand above the sets of 16.
          expect(read.mock.calls.length).toBeLessThanOrEqual(2 * 8 + 2);
        }
        if (round === 'second') expect(digest).not.toHaveBeenCalled();
        else expect(digest).toHaveBeenCalled();
      }
    } finally {
      read.mockRestore();
      digest.mockRestore();
    }
  });

  it('is empty at first', () => {
    const chain = new Chain(open().begin(), key);
    expect(chain.head().count).toBe(0);
    expect(chain.anchor()).toBeUndefined();
    expect(chain.indexOf(Buffer.alloc(32))).toBe(-1);
    expect(() => chain.entry(0)).toThrow(RangeError);
    expect(() => chain.stateAt(0)).toThrow(RangeError);
    expect(() => chain.receipt(0)).toThrow(RangeError);
  });

  it('keeps the index of the first entry of a hash, and adds it again unless unique', () => {
    const [a, b, c] = syntheticEntries(3) as [Buffer, Buffer, Buffer];
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    expect(chain.addEntries([a, b, a, b])).toBe(4);
    expect(chain.indexOf(a)).toBe(0);
    expect(chain.addEntry(b, true)).toBe(1);
    expect(chain.head().count).toBe(4);
    expect(chain.addEntries([c, a, c, b], true)).toBe(1);
    expect(chain.head().count).toBe(5);
    expect(chain.entry(2)).toEqual(a);
    expect(chain.entry(4)).toEqual(c);
    expect(batch.get(key.append('ElementIndex', b))).toEqual(Buffer.from([1]));
  });

  it('reads what other chains and batches have added to the same records', () => {
    const entries = syntheticEntries(600);
    const db = open();
    const batch = db.begin(null, true);
    const [one, two] = [new Chain(batch, key), new Chain(batch, key)];
    for (const [i, entry] of entries.entries()) (i % 3 ? one : two).addEntry(entry);
    expect(two.anchor()).toEqual(rootOf(entries));
    const nested = batch.begin(null, true);
    one.over(nested).addEntry(Buffer.alloc(32, 1));
    expect(one.head().count).toBe(600);
    nested.commit();
    expect(one.head().count).toBe(601);
    expect(two.addEntry(Buffer.alloc(32, 2))).toBe(601);
    expect(two.anchor()).toEqual(rootOf([...entries, Buffer.alloc(32, 1), Buffer.alloc(32, 2)]));
    batch.commit();

    const later = db.begin();
    expect(one.over(later).receipt(3).toJSON()).toEqual(two.over(later).receipt(3, 601).toJSON());
    db.update((b) => one.over(b).addEntry(Buffer.alloc(32, 3)));
    expect(two.over(later).head().count).toBe(602);
  });

  it('works under a prefix', () => {
    const db = open();
    const batch = db.begin(Key.of('p'), true);
    new Chain(batch, key).addEntries(syntheticEntries(300));
    batch.commit();
    db.view((b) => {
      expect(new Chain(b, key).head().count).toBe(0);
      expect(new Chain(b, Key.of('p').appendKey(key)).anchor()).toEqual(
        rootOf(syntheticEntries(300)),
      );
    });
  });

  it('finds entries without an Element record in the lists', () => {
    const entries = syntheticEntries(700);
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    chain.addEntries(entries);
    for (let i = 0; i < 700; i++) batch.delete(key.append('Element', uint(i)));
    for (const i of [0, 255, 256, 511, 512, 513, 699]) {
      expect(chain.entry(i)).toEqual(entries[i]);
      expect(chain.receipt(i).toJSON().entries).toEqual(pathOf(entries, i));
    }
    expect(() => chain.entry(700)).toThrow(RangeError);
  });

  it('throws an error that names the record that is missing or damaged', () => {
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    chain.addEntries(syntheticEntries(700));
    const mark = key.append('States', uint(255));
    const good = batch.get(mark);
    batch.delete(mark);
    expect(() => chain.receipt(3)).toThrow(NotFoundError);
    expect(() => chain.stateAt(300)).toThrow(/Account\.x\.MainChain\.States\.255 not found/);
    expect(chain.receipt(690).validate()).toBe(true);
    batch.put(mark, good.subarray(0, 100));
    expect(() => chain.receipt(3)).toThrow(EncodingError);
    batch.put(mark, batch.get(key.append('States', uint(511))));
    expect(() => chain.receipt(3)).toThrow(/States\.255: 512 entries, where 256 are expected/);
    batch.put(mark, good);
    expect(chain.receipt(3).validate()).toBe(true);

    batch.put(key.append('Element', uint(5)), item(Buffer.alloc(31)));
    expect(() => chain.entry(5)).toThrow(/Element\.5: a hash of 31 bytes/);
    batch.put(key.append('ElementIndex', Buffer.alloc(32)), Buffer.from([0x80]));
    expect(() => chain.indexOf(Buffer.alloc(32))).toThrow(EncodingError);
    batch.put(key.append('Head'), 'no state');
    expect(() => chain.addEntry(Buffer.alloc(32))).toThrow(EncodingError);
    expect(() => chain.head()).toThrow(/MainChain\.Head: /);
  });

  it('refuses what is not a hash, and everything that was to be added with it', () => {
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    const [a, b] = syntheticEntries(2) as [Buffer, Buffer];
    expect(() => chain.addEntry(Buffer.alloc(31))).toThrow(InvalidKeyError);
    expect(() => chain.addEntries([a, b, Buffer.alloc(33), a])).toThrow(InvalidKeyError);
    expect(() => chain.addEntry('00' as never)).toThrow(TypeError);
    expect(batch.tryGet(key.append('Head'))).toBeUndefined();
    expect(chain.addEntry(b)).toBe(0);
    expect(() => chain.addEntries([a, Buffer.alloc(0)])).toThrow(InvalidKeyError);
    expect(chain.indexOf(a)).toBe(-1);
    expect(chain.addEntry(a)).toBe(1);
    expect(chain.anchor()).toEqual(rootOf([b, a]));
  });

  it('takes entries from an iterable that uses the chain', () => {
    const chain = new Chain(open().begin(null, true), key);
    const [a, b, c] = syntheticEntries(3) as [Buffer, Buffer, Buffer];
    function* entries() {
      yield b;
      chain.addEntry(a);
      yield c;
    }
    expect(chain.addEntries(entries())).toBe(2);
    expect(chain.anchor()).toEqual(rootOf([a, b, c]));
  });

  it('takes entries from an iterable that yields one array again and again', () => {
    const chain = new Chain(open().begin(null, true), key);
    const entries = syntheticEntries(5);
    function* refilled() {
      const array = new Uint8Array(32);
      for (const entry of entries) {
        array.set(entry);
        yield array;
      }
    }
    expect(chain.addEntries(refilled())).toBe(5);
    expect(chain.anchor()).toEqual(rootOf(entries));
    expect(chain.indexOf(entries[1] as Buffer)).toBe(1);
  });

  it('takes bytes of another realm', () => {
    const foreign = (bytes: Uint8Array): Uint8Array =>
      runInNewContext('Uint8Array.from(bytes)', { bytes: [...bytes] });
    const [a, b, c] = syntheticEntries(3) as [Buffer, Buffer, Buffer];
    expect(foreign(a)).not.toBeInstanceOf(Uint8Array);
    const chain = new Chain(open().begin(null, true), key);
    expect(chain.addEntry(foreign(a))).toBe(0);
    expect(chain.addEntries([foreign(b), c])).toBe(2);
    expect(chain.addEntry(foreign(b), true)).toBe(1);
    expect(chain.indexOf(foreign(c))).toBe(2);
    expect(chain.entry(1)).toEqual(b);
    expect(chain.anchor()).toEqual(rootOf([a, b, c]));
    expect(() => chain.addEntry(foreign(Buffer.alloc(31)))).toThrow(InvalidKeyError);

    const state = State.decode(foreign(encodedState([a, b], 256)));
    state.add(foreign(c));
    expect(state.encode()).toEqual(chain.head().encode());
    expect(state.anchor()).toEqual(chain.anchor());
    for (const other of ['', 7, null, undefined, [], new Uint16Array(2)]) {
      expect(() => State.decode(other as never)).toThrow(TypeError);
      expect(() => state.add(other as never)).toThrow(TypeError);
    }
  });

  it('takes the bytes that an array has, whatever its length says', () => {
    const chain = new Chain(open().begin(null, true), key);
    const lying = (size: number, length: number) =>
      Object.defineProperty(Buffer.alloc(size, 9), 'length', { value: length });
    chain.addEntry(Buffer.alloc(32, 1));
    expect(() => chain.addEntry(lying(5, 32))).toThrow(InvalidKeyError);
    expect(() => new State().add(lying(5, 32))).toThrow(InvalidKeyError);
    expect(chain.addEntry(lying(32, 5))).toBe(1);
    expect(chain.entry(1)).toEqual(Buffer.alloc(32, 9));
    expect(chain.indexOf(Buffer.alloc(32, 9))).toBe(1);
  });

  it('is still right after adding an entry failed half-way', () => {
    const db = open();
    const batch = db.begin(null, true);
    const chain = new Chain(batch, key, 2);
    const entries = syntheticEntries(9);
    chain.addEntries(entries.slice(0, 3));
    const put = batch.put.bind(batch);
    // The mark's record, which is written after the entry was added, is refused once.
    batch.put = (k, value) => {
      if (k && k.at(k.length - 2) === 'States') throw new Error('refused');
      put(k, value);
    };
    expect(() => chain.addEntry(entries[3] as Buffer)).toThrow('refused');
    batch.put = put;
    expect(chain.head().count).toBe(3);
    chain.addEntries(entries.slice(3));
    expect(chain.head().encode()).toEqual(encodedState(entries, 4));
    expect(chain.receipt(0).toJSON().entries).toEqual(pathOf(entries, 0));
  });

  it('refuses impossible receipts', () => {
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    chain.addEntries(syntheticEntries(10));
    expect(() => chain.receipt(5, 4)).toThrow(/from entry 5 back to entry 4/);
    expect(() => chain.receipt(0, 10)).toThrow(RangeError);
    expect(() => chain.receipt(10)).toThrow(RangeError);
    expect(() => chain.receipt(-1, 3)).toThrow(RangeError);
    expect(() => chain.receipt(0.5, 3)).toThrow(RangeError);
    expect(() => chain.receipt(Number.NaN)).toThrow(RangeError);
  });
});

describeEngines('console.log', (open) => {
  it('shows the key, height and anchor of a chain, also when its batch is closed', () => {
    const batch = open().begin(null, true);
    const chain = new Chain(batch, key);
    expect(inspect(chain)).toBe(
      "Chain { key: 'Account.x.MainChain', height: 0, anchor: undefined }",
    );
    const entries = syntheticEntries(3);
    chain.addEntries(entries);
    const text = inspect(chain, { breakLength: Number.POSITIVE_INFINITY });
    const anchor = rootOf(entries).toString('hex');
    expect(text).toBe(`Chain { key: 'Account.x.MainChain', height: 3, anchor: '${anchor}' }`);
    expect(inspect({ a: { b: { c: chain } } })).toMatch(/c: \[Chain\]/);
    batch.put(key.append('Head'), 'damaged');
    expect(inspect(chain)).toMatch(/Chain \{\n? *key: 'Account.x.MainChain',\s+error: .*Head/);
    batch.discard();
    expect(inspect(chain)).toMatch(/key: 'Account.x.MainChain',\s+error: '.*'/);
  });

  it('shows the count, anchor and pending roots of a state', () => {
    const entries = syntheticEntries(5);
    const state = new State();
    expect(inspect(state)).toMatch(/^State \{ count: 0, anchor: undefined, pending: \[\], /);
    for (const entry of entries) state.add(entry);
    const text = inspect(state);
    expect(text).toMatch(/^State \{\s+count: 5,/);
    for (const root of [rootOf(entries), ...pendingOf(entries)]) {
      if (root) expect(text).toContain(root.toString('hex'));
    }
    expect(text).toContain('listLength: 5');
  });

  it('shows the hashes of a receipt in hex, their sides, and whether it is valid', () => {
    const chain = new Chain(open().begin(null, true), key);
    chain.addEntries(syntheticEntries(11));
    const receipt = chain.receipt(4, 10);
    const text = inspect(receipt);
    const { start, end, anchor, entries } = receipt.toJSON();
    for (const hash of [start, end, anchor]) expect(text).toContain(`'${hash}'`);
    for (const { right, hash } of entries) {
      expect(text).toContain(`'${right ? 'right' : 'left'} ${hash}'`);
    }
    expect(text).toMatch(/startIndex: 4,.*endIndex: 10,.*valid: true/s);
    const broken = new Receipt({ ...receipt, start: 7 as never, entries: [null as never] });
    expect(inspect(broken)).toMatch(/start: 7,.*valid: false/s);
  });
});

describe('markPower', () => {
  it.each([-1, 25, 1.5, Number.NaN, '8'])('%s is refused', (markPower) => {
    expect(() => new Chain(null as never, key, markPower as number)).toThrow(RangeError);
  });
});

describe('State', () => {
  it('is a binary counter', () => {
    const entries = syntheticEntries(40);
    const state = new State();
    expect(state.encode()).toEqual(Buffer.from([0, 0]));
    expect(state.anchor()).toBeUndefined();
    entries.forEach((entry, i) => {
      state.add(entry, 3);
      expect(state.pending).toEqual(pendingOf(entries.slice(0, i + 1)));
      expect(state.encode()).toEqual(encodedState(entries.slice(0, i + 1), 8));
    });
  });

  it('copies the bytes that it is given and returns', () => {
    const entry = Buffer.alloc(32, 7);
    const state = new State();
    state.add(entry);
    entry.fill(0);
    state.list[0]?.fill(1);
    state.pending[0]?.fill(1);
    state.anchor()?.fill(1);
    state.encode().fill(1);
    expect(state.listed(0)).toEqual(Buffer.alloc(32, 7));
    expect(state.encode()).toEqual(encodedState([Buffer.alloc(32, 7)], 256));
    expect(() => state.listed(1)).toThrow(RangeError);
  });

  it('is deep-equal to another state exactly if both have the same value', () => {
    const entries = syntheticEntries(300);
    const made = (list: readonly Buffer[], markPower = 8): State => {
      const state = new State();
      for (const entry of list) state.add(entry, markPower);
      return state;
    };
    const different = [
      new State(),
      made(entries.slice(0, 1)),
      made(entries.slice(1, 2)),
      made(entries.slice(0, 2)),
      made(entries.slice(0, 2).reverse()),
      made(entries),
      made(entries, 3),
      State.decode(Buffer.concat([Buffer.from([2, 32]), entries[0] as Buffer, Buffer.from([0])])),
    ];
    for (const [i, one] of different.entries()) {
      for (const [k, other] of different.entries()) {
        if (i === k) continue;
        notDeepStrictEqual(one, other);
        expect(one).not.toEqual(other);
        expect(one).not.toStrictEqual(other);
      }
      const copy = State.decode(one.encode());
      const used = State.decode(one.encode());
      used.anchor();
      used.encode();
      if (one === different[1]) {
        used.add(entries[9] as Buffer);
        one.add(entries[9] as Buffer);
        copy.add(entries[9] as Buffer);
      }
      for (const equal of [copy, used]) {
        deepStrictEqual(one, equal);
        expect(one).toEqual(equal);
        expect(one).toStrictEqual(equal);
      }
    }
  });

  it('reads counts beyond 32 bits', () => {
    const count = 2 ** 40 + 3;
    const roots = syntheticEntries(3);
    const zigzag = Buffer.from([0x86, 0x80, 0x80, 0x80, 0x80, 0x40]);
    const bytes = Buffer.concat([zigzag, ...roots.map(item), Buffer.from([0])]);
    const state = State.decode(bytes);
    expect(state.count).toBe(count);
    expect(state.pending.findLastIndex((root) => root !== undefined)).toBe(40);
    expect(state.encode()).toEqual(bytes);
    state.add(Buffer.alloc(32), 8);
    expect(state.count).toBe(count + 1);
  });
});

describe('the stored form of a state', () => {
  const bytes = encodedState(syntheticEntries(11), 8);

  it('survives a round trip', () => {
    expect(State.decode(bytes).encode()).toEqual(bytes);
  });

  it('is refused if it is cut at any byte, or has bytes too many', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(() => State.decode(bytes.subarray(0, end)), `${end} bytes`).toThrow(EncodingError);
    }
    expect(() => State.decode(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(
      /1 bytes too many/,
    );
  });

  it.each([
    ['a negative count', [1, 0], /a chain of -1 entries, at byte 0/],
    [
      'a count beyond 2^52',
      [...Array(7).fill(0xfe), 0x7f, 0],
      /a chain of -?\d+ entries, at byte 0/,
    ],
    ['a varint that does not end', Array(11).fill(0x80), EncodingError],
    ['a root of 5 bytes', [2, 5, 1, 2, 3, 4, 5, 0], /a hash of 5 bytes, where 32 are expected/],
    ['more entries than the count', [0, 1, ...item(Buffer.alloc(32))], /1 entries in a chain of 0/],
    [
      'an entry of 31 bytes',
      [2, ...item(Buffer.alloc(32)), 1, ...item(Buffer.alloc(31)), 0],
      /not a hash of 32 bytes, at byte 35/,
    ],
    [
      'a list longer than memory',
      [...Array(7).fill(0xfe), 7, ...Array(52 * 33).fill(32)],
      EncodingError,
    ],
  ])('%s is refused', (_, list, error) => {
    expect(() => State.decode(Buffer.from(list))).toThrow(error);
    try {
      State.decode(Buffer.from(list));
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(EncodingError);
    }
  });
});
