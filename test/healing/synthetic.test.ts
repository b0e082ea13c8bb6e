import { createHash } from 'node:crypto';
import {
  AccountUrl,
  type Batch,
  EncodingError,
  Key,
  NotFoundError,
  type ReadBatch,
} from 'accumulate-memdb';
import {
  Chain,
  IndexChain,
  IndexEntry,
  type Receipt,
  readRecords,
  sourceReceipt,
  syntheticReceipt,
} from 'accumulate-memdb/healing';
import { describe, expect, it } from 'vitest';
import { describeEngines } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { dataFile } from './files.js';
import { rootOf } from './model.js';

const seed = runSeed('synthetic');

function account(url: string, ...rest: string[]): Key {
  return Key.of('Account', AccountUrl.parse(url), ...rest);
}

/** A chain with its index, and its entries for the judge. */
class Indexed {
  readonly entries: Buffer[] = [];
  /** The index of the last entry of the chain, by entry of its index. */
  readonly sources: number[] = [];
  readonly #chain: Chain;
  readonly #index: IndexChain;

  constructor(batch: Batch, key: Key) {
    this.#chain = new Chain(batch, key);
    this.#index = new IndexChain(batch, key);
  }

  add(hash: Uint8Array): number {
    this.entries.push(Buffer.from(hash));
    return this.#chain.addEntry(hash);
  }

  /** Ends a block: `anchorIn` gets the anchor. */
  end(block: number, anchorIn?: Indexed): void {
    const anchor = anchorIn?.add(rootOf(this.entries)) ?? 0;
    this.sources.push(this.entries.length - 1);
    this.#index.add(new IndexEntry({ source: this.entries.length - 1, anchor, blockIndex: block }));
  }

  /** The anchor as of the first block that has entry `i`. */
  anchorOf(i: number): Buffer {
    return rootOf(this.entries.slice(0, this.blockOf(i) + 1));
  }

  /** The last entry of the first block that has entry `i`. */
  blockOf(i: number): number {
    return this.sources.find((source) => source >= i) as number;
  }
}

/** Three chained partitions: a source, the anchors that the directory has of it, the directory's root. */
class Network {
  readonly main: Indexed;
  readonly root: Indexed;
  readonly received: Indexed;
  readonly directory: Indexed;
  readonly sequence: Chain;
  /** The index in the main chain of each message. */
  readonly sent: number[] = [];

  constructor(batch: Batch, random: Random, blocks: number) {
    const source = 'bvn-One.acme';
    this.main = new Indexed(batch, account(`${source}/synthetic`, 'MainChain'));
    this.root = new Indexed(batch, account(`${source}/ledger`, 'RootChain'));
    this.received = new Indexed(batch, account('dn.acme/anchors', 'AnchorChain', 'one', 'Root'));
    this.directory = new Indexed(batch, account('dn.acme/ledger', 'RootChain'));
    this.sequence = new Chain(
      batch,
      account(`${source}/synthetic`, 'SyntheticSequenceChain', 'two'),
    );
    const other = () => Buffer.from(random.bytes(32));
    for (let block = 1; block <= blocks; block++) {
      for (let n = random.below(4); n >= 0; n--) {
        const index = this.main.add(other());
        if (!random.chance(0.5)) continue;
        this.sent.push(index);
        this.sequence.addEntry(new IndexEntry({ source: index }).encode());
      }
      for (let n = random.below(3); n > 0; n--) this.root.add(other());
      this.main.end(block, this.root);
      for (let n = random.below(3); n > 0; n--) this.root.add(other());
      this.root.end(block);
      this.received.add(rootOf(this.root.entries));
      // The directory receives some anchors later than others.
      if (random.chance(0.3) && block < blocks) continue;
      for (let n = random.below(3); n > 0; n--) this.directory.add(other());
      this.received.end(block, this.directory);
      for (let n = random.below(3); n > 0; n--) this.directory.add(other());
      this.directory.end(block);
    }
  }

  /** The anchors of a message's proof: of the source's root chain, and of the directory's. */
  anchors(number: number): { own: Buffer; last: Buffer; start: Buffer } {
    const index = this.sent[number - 1] as number;
    const anchor = this.main.anchorOf(index);
    const inRoot = this.root.entries.findIndex((entry) => entry.equals(anchor));
    const own = this.root.anchorOf(inRoot);
    const inReceived = this.received.entries.findIndex((entry) => entry.equals(own));
    const second = this.received.anchorOf(inReceived);
    const inDirectory = this.directory.entries.findIndex((entry) => entry.equals(second));
    return {
      own,
      last: this.directory.anchorOf(inDirectory),
      start: this.main.entries[index] as Buffer,
    };
  }
}

const message = { source: 'bvn-One.acme', destination: 'Two' };

/** Whether a receipt leads from `start` to `anchor`, computed apart from the code under test. */
function leads(receipt: Receipt, start: Buffer, anchor: Buffer): boolean {
  let current = start;
  for (const { right = false, hash } of receipt.entries) {
    const parts = right ? [current, hash] : [hash, current];
    current = createHash('sha256').update(Buffer.concat(parts)).digest();
  }
  return current.equals(anchor) && anchor.equals(receipt.anchor) && start.equals(receipt.start);
}

describeEngines('A synthetic receipt', (open) => {
  it('leads from the message to the root of the directory', () => {
    const random = new Random(seed);
    for (const blocks of [1, 2, 10, 150]) {
      const batch = open().begin(null, true);
      const network = new Network(batch, random, blocks);
      for (let number = 1; number <= network.sent.length; number += 1 + random.below(8)) {
        const { start, own, last } = network.anchors(number);
        const receipt = syntheticReceipt(batch, { ...message, number });
        expect(leads(receipt, start, last), `message ${number} of ${blocks} blocks`).toBe(true);
        const first = sourceReceipt(batch, { ...message, number });
        expect(leads(first, start, own)).toBe(true);
        expect(receipt.contains(first)).toBe(true);
      }
    }
  });

  it('takes partitions by URL or id, in any case', () => {
    const batch = open().begin(null, true);
    const random = new Random(seed + 1);
    new Network(batch, random, 30);
    const expected = syntheticReceipt(batch, { ...message, number: 1 });
    for (const source of ['acc://BVN-one.acme', 'one', 'One', AccountUrl.parse('bvn-One.acme')]) {
      for (const destination of ['two', 'TWO', 'bvn-Two.acme', AccountUrl.parse('bvn-two.acme')]) {
        expect(syntheticReceipt(batch, { source, destination, number: 1 })).toEqual(expected);
      }
    }
    for (const bad of ['bob.acme', 'bvn-one.acme/ledger', 'a b', 'bvn-.acme', '']) {
      const proving = () => syntheticReceipt(batch, { source: bad, destination: 'two', number: 1 });
      expect(proving, bad).toThrow(EncodingError);
    }
    for (const number of [0, -1, 1.5, Number.NaN, '1' as never]) {
      expect(() => syntheticReceipt(batch, { ...message, number })).toThrow(RangeError);
    }
  });

  it('of a message from the directory ends at the root of the directory', () => {
    const batch = open().begin(null, true);
    const main = new Indexed(batch, account('dn.acme/synthetic', 'MainChain'));
    const root = new Indexed(batch, account('dn.acme/ledger', 'RootChain'));
    const sequence = new Chain(
      batch,
      account('dn.acme/synthetic', 'SyntheticSequenceChain', 'two'),
    );
    const random = new Random(seed + 2);
    for (let n = 0; n < 5; n++) main.add(Buffer.from(random.bytes(32)));
    main.end(1, root);
    root.add(Buffer.from(random.bytes(32)));
    root.end(1);
    sequence.addEntry(new IndexEntry({ source: 3 }).encode());
    for (const source of ['dn.acme', 'directory', 'Directory']) {
      const receipt = syntheticReceipt(batch, { source, destination: 'two', number: 1 });
      expect(leads(receipt, main.entries[3] as Buffer, rootOf(root.entries))).toBe(true);
    }
  });

  it('is the same or names the record that is missing, whichever record is', () => {
    const db = open();
    const random = new Random(seed + 3);
    const batch = db.begin(('prefix' as never) === null ? null : Key.of('prefix'), true);
    const network = new Network(batch, random, 150);
    const number = 1 + random.below(Math.min(20, network.sent.length));
    const expected = syntheticReceipt(batch, { ...message, number }).toJSON();
    batch.commit();
    const keys = Array.from(db.begin(), ([key]) => key);
    const named = new Set<string>();
    for (const key of keys) {
      // Only these can matter: every other record is of a later entry.
      if (/\.Element\.|ElementIndex/.test(String(key)) && random.chance(0.9)) continue;
      const without = db.begin(null, true);
      without.delete(key);
      try {
        const found = syntheticReceipt(without.begin(Key.of('prefix')), { ...message, number });
        expect(found.toJSON()).toEqual(expected);
      } catch (error) {
        expect(error, String(key)).toBeInstanceOf(NotFoundError);
        expect((error as NotFoundError).key.equals(key), `${key}: ${error}`).toBe(true);
        named.add(String(key).replace(/^.*acme\//, ''));
      }
      without.discard();
    }
    // The heads of all chains and of their indexes, and marks before their ends.
    for (const head of [
      'synthetic.MainChain.Head',
      'synthetic.MainChain.Index.Head',
      'synthetic.SyntheticSequenceChain.two.Head',
      'ledger.RootChain.Head',
      'ledger.RootChain.Index.Head',
      'anchors.AnchorChain.one.Root.Head',
      'anchors.AnchorChain.one.Root.Index.Head',
      'synthetic.MainChain.States.255',
    ]) {
      expect(named).toContain(head);
    }
  });

  it('names the record that is not there yet', () => {
    const random = new Random(seed + 4);
    const proving = (build: (network: Network) => void) => {
      const batch = open().begin(null, true);
      const network = new Network(batch, random, 5);
      build(network);
      const number = network.sequence.head().count;
      try {
        return syntheticReceipt(batch, { ...message, number });
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(
      proving(({ main, sequence: chain }) => {
        chain.addEntry(new IndexEntry({ source: main.add(Buffer.alloc(32, 1)) }).encode());
      }),
    ).toBe('Account.acc://bvn-One.acme/synthetic.MainChain.Index.Element.5 not found');
    expect(
      proving(({ main, root, sequence: chain }) => {
        chain.addEntry(new IndexEntry({ source: main.add(Buffer.alloc(32, 1)) }).encode());
        main.end(6, root);
      }),
    ).toBe('Account.acc://bvn-One.acme/ledger.RootChain.Index.Element.5 not found');
    expect(
      proving(({ main, root, sequence: chain }) => {
        chain.addEntry(new IndexEntry({ source: main.add(Buffer.alloc(32, 1)) }).encode());
        main.end(6, root);
        root.end(6);
      }),
    ).toMatch(
      /^Account\.acc:\/\/dn\.acme\/anchors\.AnchorChain\.one\.Root\.ElementIndex\.[0-9a-f.]+ not found$/,
    );
  });

  it('is refused if two chains contradict each other', () => {
    const random = new Random(seed + 5);
    const batch = open().begin(null, true);
    const network = new Network(batch, random, 3);
    const { main, root } = network;
    network.sequence.addEntry(new IndexEntry({ source: main.add(Buffer.alloc(32, 1)) }).encode());
    root.add(Buffer.alloc(32, 2));
    new IndexChain(batch, account('bvn-One.acme/synthetic', 'MainChain')).add(
      new IndexEntry({ source: main.entries.length - 1, anchor: root.entries.length - 1 }),
    );
    root.end(4);
    const number = network.sequence.head().count;
    const proving = () => syntheticReceipt(batch, { ...message, number });
    expect(proving).toThrow(EncodingError);
    expect(proving).toThrow(
      /^entry \d+ of Account\.acc:\/\/bvn-One\.acme\/ledger\.RootChain is not the anchor/,
    );
  });

  it('of the real file has the anchor that the original gives it', async () => {
    const path = dataFile('database-v1.0.0.json');
    if (!path) return;
    const batch = open().begin(null, true);
    for await (const { key, value } of readRecords(path)) batch.put(key, value);
    const real = { source: 'bvn-BVN0.acme', destination: 'bvn0', number: 1 };
    const receipt = sourceReceipt(batch, real);
    expect(receipt.entries).toHaveLength(3);
    const anchor = '71109004705d92890c9e62a75bca459385a95073ffb436e8622d3b1c20aa0483';
    expect(leads(receipt, Buffer.from(receipt.start), Buffer.from(anchor, 'hex'))).toBe(true);
    expect(() => syntheticReceipt(batch, real)).toThrow(
      /^Account\.acc:\/\/dn\.acme\/anchors\.AnchorChain\.bvn0\.Root\.ElementIndex\.71109004.* not found$/,
    );
  });
});

describeEngines('The index of a chain', (open) => {
  it('finds what a scan finds, for every field', () => {
    const random = new Random(seed + 6);
    const batch = open().begin(null, true);
    const index = new IndexChain(batch, Key.of('x', 'MainChain'), 3);
    expect(index.find('source', 0).after()).toBeUndefined();
    const entries: IndexEntry[] = [];
    let [source, anchor, blockIndex, blockTime, rootIndexIndex] = [0, 3, 1, -1000, 0];
    for (let i = 0; i < 300; i++) {
      entries.push(new IndexEntry({ source, anchor, blockIndex, blockTime, rootIndexIndex }));
      expect(index.add(entries[i] as IndexEntry)).toBe(i);
      source += 1 + random.below(4);
      anchor += random.below(3);
      blockIndex += 1 + random.below(2);
      blockTime += random.below(50);
      rootIndexIndex += random.below(2);
    }
    for (const field of [
      'source',
      'anchor',
      'blockIndex',
      'blockTime',
      'rootIndexIndex',
    ] as const) {
      const last = Number(entries.at(-1)?.[field]);
      for (let n = 0; n < 100; n++) {
        const value = Number(entries[0]?.[field]) - 2 + random.below(last + 1004);
        const search = index.find(field, n % 2 === 0 ? value : BigInt(value));
        expect(search.exact()).toEqual(entries.find((entry) => entry[field] === value));
        expect(search.after()).toEqual(entries.find((entry) => Number(entry[field]) >= value));
        expect(search.before()).toEqual(entries.findLast((entry) => Number(entry[field]) <= value));
      }
    }
  });

  it('is searched in O(log n) reads', () => {
    const batch = open().begin(null, true);
    const key = Key.of('x', 'MainChain');
    const index = new IndexChain(batch, key);
    for (let i = 0; i < 5000; i++) index.add(new IndexEntry({ source: 2 * i }));
    let reads = 0;
    const counting = new Proxy(batch, {
      get(target, name) {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (['get', 'tryGet', 'has', 'getMany'].includes(String(name))) reads++;
        return member.bind(target);
      },
    }) as ReadBatch;
    for (const value of [0, 1, 4999, 5000, 9998, 10_000]) {
      for (const method of ['exact', 'before', 'after'] as const) {
        reads = 0;
        new IndexChain(counting, key).find('source', value)[method]();
        expect(reads).toBeGreaterThan(0);
        expect(reads, `${method} ${value}`).toBeLessThanOrEqual(13 + 3);
      }
    }
  });
});

describe('An index entry', () => {
  it.each<[string, ConstructorParameters<typeof IndexEntry>[0], string]>([
    ['of zeros', {}, '20'],
    ['of a source', { source: 1 }, '010120'],
    [
      'of the real file',
      { source: 11, blockIndex: 1, blockTime: 1656633600 },
      '010b03010480e4f1ab0c20',
    ],
    ['before 1970', { blockTime: -1 }, '040120'],
    [
      'of all fields',
      { source: 300, anchor: 2n, blockIndex: 3, blockTime: 4, rootIndexIndex: 5 },
      '01ac020202030304080505' + '20',
    ],
    [
      'of 32 bytes',
      { source: 2n ** 64n - 1n, anchor: 2n ** 63n, blockIndex: 2 ** 49, rootIndexIndex: 0 },
      '01ffffffffffffffffff010280808080808080808001038080808080808001',
    ],
  ])('%s is read and written', (_, fields, text) => {
    const bytes = Buffer.alloc(32);
    bytes.write(text.length < 64 && !text.endsWith('20') ? `${text}20` : text, 'hex');
    const entry = new IndexEntry(fields);
    expect(entry.encode().toString('hex')).toBe(bytes.toString('hex'));
    expect(IndexEntry.decode(bytes)).toEqual(entry);
    expect(IndexEntry.decode(new Uint8Array(Buffer.from(text, 'hex')))).toEqual(entry);
  });

  it('is refused if it is damaged', () => {
    for (const [text, message] of [
      ['01', /^index entry: the varint is truncated, at byte 1$/],
      ['0601', /^index entry: unknown field 6, at byte 0$/],
      ['02010101', /^index entry: field 1 after field 2, at byte 2$/],
      ['01012001', /^index entry: the padding is not all zeros, at byte 2$/],
      ['00', /^index entry: field 0 after field 0, at byte 0$/],
    ] as const) {
      const reading = () => IndexEntry.decode(Buffer.from(text, 'hex'));
      expect(reading).toThrow(EncodingError);
      expect(reading).toThrow(message);
    }
    expect(() => IndexEntry.decode('01' as never)).toThrow(TypeError);
    const large = new IndexEntry({ source: 2n ** 63n, anchor: 2n ** 63n, blockIndex: 2n ** 63n });
    expect(() => large.encode()).toThrow('an index entry of 33 bytes, more than 32');
    expect(() => new IndexEntry({ source: -1 })).toThrow(
      'source is -1, not an unsigned integer of 64',
    );
    expect(() => new IndexEntry({ blockTime: 1.5 })).toThrow(
      'blockTime is 1.5, not an integer of 64',
    );
  });
});
