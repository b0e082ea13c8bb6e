import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EncodingError, Key, uint } from 'accumulate-memdb';
import { type FileRecord, readBolt, readRecords } from 'accumulate-memdb/healing';
import { afterAll, describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/random.js';
import { BoltWriter, metaPage, type TestBucket } from './boltwriter.js';
import { dataFile } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-bolt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const seed = runSeed('bolt');

/** Records by key text; the key is what follows the bucket's name. */
type Records = Map<string, { key: Key; value: Buffer }>;

function randomRecords(random: Random, count: number, longest: number): Records {
  const records: Records = new Map();
  while (records.size < count) {
    const first = random.pick(['Account', 'Message', 'Transaction', 'BPT']);
    const key = Key.of(first, uint(random.below(1 << 20)), 'x'.repeat(random.below(20)));
    const length = random.chance(0.03) ? random.below(longest) : random.below(80);
    records.set(key.stringify(), { key, value: Buffer.from(random.bytes(length)) });
  }
  const few = Key.of('SystemData', 'Number');
  records.set(few.stringify(), { key: few, value: Buffer.from('inline') });
  return records;
}

function bucketsOf(records: Records): TestBucket {
  const root: TestBucket = new Map();
  for (const { key, value } of records.values()) {
    const name = Buffer.from(String(key.at(0))).toString('latin1');
    const bucket = (root.get(name) as TestBucket | undefined) ?? new Map();
    root.set(name, bucket);
    bucket.set(key.slice(1).encode().toString('latin1'), value);
  }
  return root;
}

/** Returns a file in which some records were deleted by the last commit. */
function madeFile(
  random: Random,
  pageSize: number,
  count = 300,
): { file: Buffer; records: Records } {
  const records = randomRecords(random, count, 5 * pageSize);
  const writer = new BoltWriter(pageSize).commit(new Map()).commit(bucketsOf(records));
  for (const text of [...records.keys()]) if (random.chance(0.3)) records.delete(text);
  return { file: writer.commit(bucketsOf(records)).bytes(), records };
}

let files = 0;
async function readBytes(
  file: Uint8Array,
  onNote?: (note: string) => void,
): Promise<Map<string, string>> {
  const path = join(folder, `file-${files++ % 4}`);
  writeFileSync(path, file);
  return readAll(readRecords(path, onNote ? { onNote } : {}));
}

async function readAll(source: AsyncIterable<FileRecord>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key, value } of source) {
    expect(found.has(key.stringify())).toBe(false);
    found.set(key.stringify(), Buffer.from(value).toString('hex'));
  }
  return found;
}

function plain(records: Records): Map<string, string> {
  return new Map(Array.from(records, ([text, { value }]) => [text, value.toString('hex')]));
}

async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => new Error('it was accepted'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(EncodingError);
  return (error as Error).message;
}

/** Reads a damaged file: returns its records, or undefined if it was refused with a page's name. */
async function readDamaged(file: Uint8Array): Promise<Map<string, string> | undefined> {
  try {
    return await readBytes(file);
  } catch (error) {
    expect(error).toBeInstanceOf(EncodingError);
    expect((error as Error).message).toMatch(/\bpage \d+/);
    return undefined;
  }
}

describe('a Bolt file', () => {
  it.each([1024, 2048, 4096, 8192, 16384, 32768, 65536])(
    'with pages of %i bytes is read: branches, overflow pages, small buckets, deletions',
    async (pageSize) => {
      const random = new Random(seed + pageSize);
      const { file, records } = madeFile(random, pageSize, 600);
      const notes: string[] = [];
      expect(await readBytes(file, (note) => notes.push(note))).toEqual(plain(records));
      expect(notes).toEqual([]);
      const path = join(folder, 'handle');
      writeFileSync(path, file);
      const handle = await open(path);
      expect(await readAll(readBolt(handle))).toEqual(plain(records));
      await handle.close();
    },
  );

  it('yields its records in the order of buckets and binary keys', async () => {
    const { file, records } = madeFile(new Random(seed + 1), 1024);
    const sorted = [...records.values()].sort(
      (a, b) =>
        Buffer.from(a.key.at(0) as string).compare(Buffer.from(b.key.at(0) as string)) ||
        a.key.slice(1).encode().compare(b.key.slice(1).encode()),
    );
    expect([...(await readBytes(file)).keys()]).toEqual(sorted.map(({ key }) => key.stringify()));
  });

  it('may be empty, have an empty bucket, and have a record whose key is the name of its bucket', async () => {
    const writer = new BoltWriter(4096).commit(new Map()).commit(new Map());
    expect(await readBytes(writer.bytes())).toEqual(new Map());
    writer.commit(new Map([['empty', new Map()]]));
    expect(await readBytes(writer.bytes())).toEqual(new Map());
    const own = Key.of('a').slice(1).encode().toString('latin1');
    writer.commit(new Map([['a', new Map([[own, Buffer.from([7])]])]]));
    expect(await readBytes(writer.bytes())).toEqual(new Map([[Key.of('a').stringify(), '07']]));
  });

  it('may have no list of free pages, or one of very many', async () => {
    const { file, records } = madeFile(new Random(seed + 2), 1024);
    const meta = file.readBigUInt64LE(1024 + 64) > file.readBigUInt64LE(64) ? 1 : 0;
    const at = meta * 1024;
    const none = Buffer.from(file);
    none.set(
      metaPage(1024, meta, {
        root: file.readBigUInt64LE(at + 32),
        freeList: 0xffffffffffffffffn,
        pages: file.readBigUInt64LE(at + 56),
        commit: file.readBigUInt64LE(at + 64),
      }),
      at,
    );
    expect(await readBytes(none)).toEqual(plain(records));

    const big: TestBucket = new Map([['a', new Map([['x', Buffer.alloc(1024 * 66_000)]])]]);
    const root = bucketsOf(records);
    const writer = new BoltWriter(1024).commit(new Map()).commit(big).commit(root);
    expect(await readBytes(writer.bytes())).toEqual(plain(records));
  });

  it('says which buckets within a bucket it did not read', async () => {
    const inner: TestBucket = new Map([['k', Buffer.from('v')]]);
    const large: TestBucket = new Map([['k', Buffer.alloc(9000)]]);
    const rest = Key.of('b').encode().toString('latin1');
    const bucket: TestBucket = new Map<string, Buffer | TestBucket>([
      [rest, Buffer.from('v')],
      ['inner', inner],
      ['large', large],
    ]);
    const root: TestBucket = new Map([['a', bucket]]);
    const notes: string[] = [];
    const file = new BoltWriter(4096).commit(new Map()).commit(root).bytes();
    const found = await readBytes(file, (note) => notes.push(note));
    expect(found).toEqual(new Map([[Key.of('a', 'b').stringify(), '76']]));
    expect(notes).toEqual(["bucket 'a' was not read whole: it has 2 more in it"]);
  });

  it('of digests is refused, and so is a key that is none', async () => {
    const file = (key: string) =>
      new BoltWriter(4096)
        .commit(new Map())
        .commit(new Map([['a', new Map([[key, Buffer.alloc(1)]])]]))
        .bytes();
    expect(await refusal(readBytes(file('\xff'.repeat(32))))).toMatch(
      /^page 4, element 0, inline page, element 0: the file has digests of keys, from which the keys/,
    );
    expect(await refusal(readBytes(file('\xff'.repeat(31))))).toMatch(
      /^page 4, element 0, inline page, element 0: binary key/,
    );
    // Int and then a time, which no store can hold.
    expect(await refusal(readBytes(file('\x01\x08\x02')))).toMatch(
      /^page 4, element 0, inline page, element 0: .*hash/,
    );
  });

  it('is read by the meta page of the last commit, or by the one that is left of the two', async () => {
    const commits = [1, 2, 3, 4].map((n): TestBucket => {
      return new Map([['a', new Map([[Key.of(n).encode().toString('latin1'), Buffer.of(n)]])]]);
    });
    const writer = new BoltWriter(2048);
    writer.commit(commits[0] as TestBucket);
    for (const n of [2, 3, 4]) {
      const file = writer.commit(commits[n - 1] as TestBucket).bytes();
      const last = new Map([[Key.of('a', n).stringify(), Buffer.of(n).toString('hex')]]);
      expect(await readBytes(file)).toEqual(last);
      const [newer, older] = n % 2 === 0 ? [0, 1] : [1, 0];
      for (const page of [newer, older]) {
        const damaged = Buffer.from(file);
        damaged[page * 2048 + 16 + 30] = 0xff;
        const notes: string[] = [];
        const reading = readBytes(damaged, (note) => notes.push(note));
        if (page === newer) {
          expect(await refusal(reading)).toBe(
            `page ${page}: the meta page is damaged (its checksum is wrong); it is the meta page of ` +
              `commit ${n}, and page ${older} has only commit ${n - 1}`,
          );
        } else {
          expect(await reading).toEqual(last);
          expect(notes).toEqual([
            `meta page ${page} was not read: the meta page is damaged (its checksum is wrong); ` +
              `the records are those of commit ${n}, which page ${newer} has`,
          ]);
        }
      }
      // Nothing says of which commit a page of zeros was, so the other one counts.
      const lost = Buffer.from(file).fill(0, newer * 2048, newer * 2048 + 2048);
      const notes: string[] = [];
      expect([...(await readBytes(lost, (note) => notes.push(note))).keys()]).toEqual([
        Key.of('a', n - 1).stringify(),
      ]);
      expect(notes).toHaveLength(1);
      const neither = Buffer.from(lost).fill(0, older * 2048 + 16, older * 2048 + 80);
      neither.writeUInt32LE(0xed0cdaed, 16);
      expect(await refusal(readBytes(neither))).toMatch(/^page 0: version 0; .*; page 1 cannot/);
    }
  });

  it('is refused if another version wrote it, and where its page size is impossible', async () => {
    const { file } = madeFile(new Random(seed + 3), 1024);
    const version = Buffer.from(file);
    for (const at of [0, 1024]) version.writeUInt32LE(3, at + 20);
    expect(await refusal(readBytes(version))).toMatch(
      /^page 0: version 3; only version 2 can be read/,
    );
    const tiny = metaPage(16, 0, { root: 2, freeList: 3, pages: 4, commit: 1 });
    expect(await refusal(readBytes(tiny))).toMatch(/^page 0: pages of 16 bytes, not of 512 to/);
  });
});

describe('a damaged Bolt file', () => {
  const random = new Random(seed + 4);
  const { file, records } = madeFile(random, 1024, 120);
  const whole = plain(records);

  it('is refused or has the same records if any byte of its meta pages is changed', async () => {
    for (let at = 0; at < 2048; at++) {
      const used = at % 1024 < 80;
      for (const bits of used ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1 << random.below(8)]) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] as number) ^ bits;
        const found = await readDamaged(changed);
        if (found) expect(found, `byte ${at} ^ ${bits}`).toEqual(whole);
      }
    }
  });

  it('is refused or has the same records if it is cut at any page', async () => {
    const pages = file.length / 1024;
    for (let page = 0; page < pages; page++) {
      for (const end of [page * 1024, page * 1024 + 1 + random.below(1023)]) {
        expect(await readBytes(file.subarray(0, end)).catch((e: unknown) => e)).toBeInstanceOf(
          EncodingError,
        );
      }
    }
    expect(await readBytes(Buffer.concat([file, Buffer.alloc(5000)]))).toEqual(whole);
  });

  it('is never read as another one if a byte of its structure is changed', async () => {
    await changeBytes(file, records, random, 2000);
  });

  /** The pages of the last commit, by type. */
  function page(type: number, other?: number): number {
    const top = Math.max(Number(file.readBigUInt64LE(64)), Number(file.readBigUInt64LE(1024 + 64)));
    const freeList = Number(file.readBigUInt64LE((top % 2) * 1024 + 48));
    const free = new Set<number>();
    for (let i = 0; i < file.readUInt16LE(freeList * 1024 + 10); i++) {
      free.add(Number(file.readBigUInt64LE(freeList * 1024 + 16 + 8 * i)));
    }
    for (let id = 2; id < file.length / 1024; id++) {
      const own = Number(file.readBigUInt64LE(id * 1024)) === id;
      const found = own && file.readUInt16LE(id * 1024 + 8) === type && !free.has(id);
      if (found && id !== other) return id;
    }
    throw new Error(`no page of type ${type}`);
  }

  function changed(change: (bytes: Buffer) => void): Buffer {
    const bytes = Buffer.from(file);
    change(bytes);
    return bytes;
  }

  it.each<[string, () => Buffer, RegExp]>([
    [
      'a branch that is its own child',
      () => changed((b) => b.writeBigUInt64LE(BigInt(page(1)), page(1) * 1024 + 16 + 8)),
      /^page \d+ is used twice, by page \d+, element 0 now$/,
    ],
    [
      'a child that has two parents',
      () =>
        changed((b) => {
          const at = page(1) * 1024 + 16 + 8;
          b.writeBigUInt64LE(b.readBigUInt64LE(at), at + 16);
        }),
      /^page \d+ is used twice, by page \d+, element 1 now$/,
    ],
    [
      'a child that is a free page',
      () =>
        changed((b) => {
          const at = page(1) * 1024 + 16 + 8;
          b.writeBigUInt64LE(3n, at);
        }),
      /^page 3 is a free page, by page \d+, element 0 now$/,
    ],
    [
      'a child beyond the file',
      () => changed((b) => b.writeBigUInt64LE(2n ** 60n, page(1) * 1024 + 16 + 8)),
      /^page \d+, element 0: it refers to page 1152921504606846976, of pages 2 to \d+$/,
    ],
    [
      'a leaf of more elements than it has room for',
      () => changed((b) => b.writeUInt16LE(0xffff, page(2) * 1024 + 10)),
      /^page \d+: 65535 elements in \d+ bytes$/,
    ],
    [
      'a leaf of no elements in a branch',
      () =>
        changed((b) => {
          const child = Number(b.readBigUInt64LE(page(1) * 1024 + 16 + 8));
          b.writeUInt16LE(0, child * 1024 + 10);
        }),
      /^page \d+: no elements$/,
    ],
    [
      'a page of an unknown type',
      () => changed((b) => b.writeUInt16LE(6, page(2) * 1024 + 8)),
      /^page \d+: a page of type 6, in the tree of a bucket$/,
    ],
    [
      'more overflow pages than there are pages',
      () => changed((b) => b.writeUInt32LE(0xffffffff, page(2) * 1024 + 12)),
      /^page \d+: it has 4294967295 more pages, and the file \d+ in all$/,
    ],
    [
      'a page that says that it is another',
      () => changed((b) => b.writeBigUInt64LE(9999n, page(2) * 1024)),
      /^page \d+: its header is that of page 9999$/,
    ],
    [
      'a list of more free pages than it has room for',
      () =>
        changed((b) => {
          b.writeUInt16LE(0xffff, page(16) * 1024 + 10);
          b.writeBigUInt64LE(2n ** 62n, page(16) * 1024 + 16);
        }),
      /^page \d+: 4611686018427387904 free pages in \d+ bytes$/,
    ],
    [
      'a list of free pages in disorder',
      () => changed((b) => b.writeBigUInt64LE(1n, page(16) * 1024 + 16)),
      /^page \d+: free page 1 of \d+, after page 1$/,
    ],
  ])('with %s is refused', async (_, make, message) => {
    expect(await refusal(readBytes(make()))).toMatch(message);
  });

  it('is refused in bounded memory if it is sparse and claims huge counts', () => {
    const path = join(folder, 'sparse');
    const size = 2 ** 32;
    const pageSize = 4096;
    const meta = { root: 2, freeList: 3, pages: size / pageSize, commit: 2 };
    const header = (id: number, type: number, count: number, overflow: number) => {
      const bytes = Buffer.alloc(4096);
      bytes.writeBigUInt64LE(BigInt(id));
      bytes.writeUInt16LE(type, 8);
      bytes.writeUInt16LE(count, 10);
      bytes.writeUInt32LE(overflow, 12);
      return bytes;
    };
    const few = header(3, 16, 0, 0);
    const manyFree = header(3, 16, 0xffff, size / pageSize - 4);
    manyFree.writeBigUInt64LE(2n ** 28n, 16);
    const longValue = header(2, 2, 1, 0);
    longValue.writeUInt32LE(size / pageSize - 4, 12);
    longValue.writeUInt32LE(16, 20);
    longValue.writeUInt32LE(1, 24);
    longValue.writeUInt32LE(0xf0000000, 28);
    const cases: [Buffer, Buffer][] = [
      [header(2, 2, 0xffff, 0), few],
      [header(2, 2, 0xffff, 1000), few],
      [header(2, 1, 0xffff, 1000), few],
      [longValue, header(1048575, 16, 0, 0)],
      [header(2, 2, 0, 0), manyFree],
    ];
    const script = `
      const { readRecords } = require(${JSON.stringify(join(import.meta.dirname, '../../dist/lib/healing/index.js'))});
      (async () => {
        try { for await (const record of readRecords(${JSON.stringify(path)})); console.log('accepted'); }
        catch (error) { console.log(error.code, error.message); }
        // resourceUsage also counts the memory that the parent had when it started this.
        const { rss } = process.memoryUsage();
        let status = '';
        try { status = require('node:fs').readFileSync('/proc/self/status', 'utf8'); } catch {}
        console.log(Math.round((/VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? rss / 1024) / 1024));
      })();`;
    for (const [root, freeList] of cases) {
      const file = openSync(path, 'w');
      ftruncateSync(file, size);
      const list = freeList.readUInt32LE(0);
      writeSync(file, metaPage(pageSize, 0, { ...meta, freeList: list }), 0, pageSize, 0);
      writeSync(
        file,
        metaPage(pageSize, 1, { ...meta, freeList: list, commit: 1 }),
        0,
        pageSize,
        pageSize,
      );
      writeSync(file, root, 0, pageSize, 2 * pageSize);
      writeSync(file, freeList, 0, pageSize, list * pageSize);
      closeSync(file);
      const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
      const [said, megabytes] = output.trim().split('\n') as [string, string];
      expect(said).toMatch(/^ERR_ENCODING page \d+/);
      expect(Number(megabytes), said).toBeLessThan(200);
    }
  });
});

describe('the real Bolt files', () => {
  const bolt = dataFile('database-v1.0.0.bolt.db');
  const digests = dataFile('database-v1.0.0.bolt-digests.db');
  const json = dataFile('database-v1.0.0.json');

  it.skipIf(!bolt || !json)('the Bolt file has the 476 records of the JSON file', async () => {
    const found = await readAll(readRecords(bolt as string));
    expect(found.size).toBe(476);
    expect(found).toEqual(await readAll(readRecords(json as string)));
  });

  it.skipIf(!digests)('the file of digests is refused', async () => {
    expect(await refusal(readAll(readRecords(digests as string)))).toMatch(
      /^page \d+, element 0: the file has digests of keys, from which the keys cannot be recovered/,
    );
  });

  it.skipIf(!bolt)('any change is noticed, or changes no more than one value or key', async () => {
    const file = readFileSync(bolt as string);
    const records: Records = new Map();
    for await (const { key, value } of readRecords(bolt as string)) {
      records.set(key.stringify(), { key, value: Buffer.from(value) });
    }
    const whole = plain(records);
    const random = new Random(seed + 5);
    for (const start of [0, 4096]) {
      for (let at = start; at < start + 80; at++) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] as number) ^ (1 << random.below(8));
        const found = await readDamaged(changed);
        if (found) expect(found, `byte ${at}`).toEqual(whole);
      }
    }
    for (let end = 0; end < file.length; end += 4096) {
      const found = await readBytes(file.subarray(0, end)).catch((error: unknown) => error);
      if (found instanceof Map) expect(found).toEqual(whole);
      else expect(found).toBeInstanceOf(EncodingError);
    }
    await changeBytes(file, records, random, 500);
  });
});

/**
 * Changes bytes of a file, one at a time. It must be refused or have the same records. Nothing in the format
 * protects the bytes of a key or value, and the length of a page's last value.
 */
async function changeBytes(
  file: Buffer,
  records: Records,
  random: Random,
  times: number,
): Promise<void> {
  const whole = plain(records);
  const content = new Uint8Array(file.length);
  const mark = (bytes: Buffer) => {
    for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) {
      content.fill(1, at, at + bytes.length);
    }
  };
  for (const { key, value } of records.values()) {
    mark(Buffer.concat([key.slice(1).encode(), value]));
    mark(Buffer.from(key.at(0) as string));
  }
  let same = 0;
  let refused = 0;
  let unprotected = 0;
  for (let n = 0; n < times; n++) {
    const at = random.below(file.length);
    const changed = Buffer.from(file);
    changed[at] = (changed[at] as number) ^ (1 + random.below(255));
    const found = await readDamaged(changed);
    if (!found) {
      refused++;
      continue;
    }
    const differing = [...whole].filter(([text, value]) => found.get(text) !== value);
    if (differing.length === 0 && found.size === whole.size) {
      same++;
      continue;
    }
    unprotected++;
    expect(found.size, `byte ${at}`).toBe(whole.size);
    if (content[at] === 1) continue;
    expect(differing, `byte ${at}`).toHaveLength(1);
    const [text, value] = differing[0] as [string, string];
    const other = found.get(text) as string;
    expect(other.startsWith(value) || value.startsWith(other), `byte ${at}`).toBe(true);
  }
  expect(same).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  process.stdout.write(
    `${times} changes: ${refused} refused, ${same} same, ${unprotected} in content\n`,
  );
}
