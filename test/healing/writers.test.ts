import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import {
  AccountUrl,
  type Batch,
  EncodingError,
  hash,
  Key,
  type MemDB,
  uint,
} from 'accumulate-memdb';
import {
  type FileRecord,
  readJsonRecords,
  readRecords,
  writeJsonRecords,
  writeSnapshot,
} from 'accumulate-memdb/healing';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { describeEngines, LONG } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { dataFile, jsonList, recordBytes, snapshot, withLength } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-writers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const seed = runSeed('writers');

const writers = { json: writeJsonRecords, snapshot: writeSnapshot };
const formats = ['json', 'snapshot'] as const;

async function all(source: AsyncIterable<FileRecord>): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  for await (const record of source) found.push(record);
  return found;
}

function plain(records: Iterable<FileRecord>): string[] {
  return Array.from(records, ({ key, value }) => {
    return `${key.stringify()} ${Buffer.from(value).toString('hex')}`;
  }).sort();
}

const records: FileRecord[] = [
  { key: Key.of('a', uint(18446744073709551615n), -5), value: Buffer.from('first') },
  { key: Key.of('b"]},\\', Buffer.from([1, 2, 0x25])), value: Buffer.alloc(0) },
  { key: Key.of(-9223372036854775808n), value: Buffer.alloc(50_000, 7) },
  { key: Key.of('ü\u{1f600}', 'Head', hash(Buffer.alloc(32, 9))), value: Buffer.from('last') },
  { key: Key.of('Account', AccountUrl.parse('acc://bob.acme/a%20b?c=%2f')), value: Buffer.of(1) },
  { key: Key.of(), value: Buffer.of(2) },
];

function fill(db: MemDB, list: Iterable<FileRecord>): void {
  db.update((batch) => {
    for (const { key, value } of list) batch.put(key, value);
  });
}

describeEngines('A writer', (open) => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(folder, 'test-')), 'file');
  });

  it.each(formats)('writes %s that is read back to the same records', async (format) => {
    const random = new Random(seed);
    const many = Array.from({ length: 1000 }, (_, i) => ({
      key: Key.of('Account', random.below(50), uint(i)),
      value: Buffer.from(random.bytes(random.chance(0.01) ? 20_000 : 40)),
    }));
    for (const list of [[], records.slice(0, 1), records, [...records, ...many]]) {
      const db = open();
      fill(db, list);
      const batch = db.begin(null, false);
      expect(await writers[format](batch, path)).toBe(list.length);
      expect(plain(await all(readRecords(path)))).toEqual(plain(list));
      const stream = createWriteStream(`${path}.streamed`);
      expect(await writers[format](batch, stream)).toBe(list.length);
      expect(stream.writableEnded).toBe(false);
      expect(readFileSync(`${path}.streamed`).equals(readFileSync(path))).toBe(true);
      stream.destroy();
    }
  });

  it('writes the bytes that the formats say', async () => {
    const pairs = records.map(({ key, value }) => [key, value] as const);
    await writeJsonRecords(pairs, path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(jsonList(records)));
    await writeSnapshot(pairs, path);
    const content = Buffer.concat(
      records.map(({ key, value }) => recordBytes(key.encode(), value)),
    );
    let offset = 0;
    const index = records.map(({ key, value }) => {
      const entry = Buffer.alloc(40);
      entry.writeUInt16BE(1, 0);
      entry.writeUIntBE(offset, 2, 6);
      entry.set(key.digest(), 8);
      offset += recordBytes(key.encode(), value).length;
      return entry;
    });
    index.sort((a, b) => a.compare(b, 8, 40, 8, 40));
    const sections = [
      { type: 1, bytes: withLength(Buffer.from([1, 2])) },
      { type: 7, bytes: content },
      { type: 8, bytes: Buffer.concat(index) },
    ];
    const last = snapshot(sections);
    const padding = Buffer.alloc((64 - (last.length % 64)) % 64);
    expect(readFileSync(path).equals(Buffer.concat([last, padding]))).toBe(true);
  });

  it.each(formats)('writes %s of the real files', async (format) => {
    for (const name of [
      'database-v1.0.0.json',
      'database-v1.0.0.bolt.db',
      'checkpoint-mainnet.snap',
    ]) {
      const file = dataFile(name);
      if (!file) continue;
      const list = await all(readRecords(file));
      const db = open();
      fill(db, list);
      await writers[format](db.begin(null, false), path);
      expect(plain(await all(readRecords(path)))).toEqual(plain(list));
    }
  });

  it.each(formats)(
    'writes %s of several chunks, as the batch was when it was called',
    async (format) => {
      const db = open();
      const list = Array.from({ length: 20 }, (_, i) => ({
        key: Key.of(i),
        value: Buffer.alloc(50_000, i),
      }));
      fill(db, list);
      const batch = db.begin(null, true);
      const writing = writers[format](batch, path);
      batch.put(Key.of('later'), Buffer.of(1));
      for (const { key } of list) batch.delete(key);
      batch.commit();
      expect(await writing).toBe(20);
      expect(plain(await all(readRecords(path)))).toEqual(plain(list));
    },
  );

  it.each(formats)('waits for a slow reader of %s', async (format) => {
    const db = open();
    const list = Array.from({ length: 100 }, (_, i) => ({
      key: Key.of(i),
      value: Buffer.alloc(100_000, i),
    }));
    fill(db, list);
    let pending = 0;
    let most = 0;
    let largest = 0;
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        pending++;
        most = Math.max(most, pending + this.writableLength - chunk.length);
        largest = Math.max(largest, chunk.length);
        setTimeout(() => {
          pending--;
          done();
        }, 1);
      },
    });
    await writers[format](db.begin(null, false), slow);
    expect(most).toBe(1);
    // A section of a snapshot has 4 MB and its last record.
    expect(largest).toBeLessThan(format === 'json' ? 500_000 : 5_000_000);
  });

  it.each(formats)('leaves what was there if %s cannot be written', async (format) => {
    const bad: [Key, RegExp][] = [
      [
        Key.fromHash(Buffer.alloc(32, 1)),
        /^the record 0101.*: a key that starts from a digest has no/,
      ],
      [Key.of('a', null), /^the record a\..*: part 1 is null, which has no binary form/],
      [
        Key.of(AccountUrl.parse('acc://a%25b.acme')),
        /^the record .*: (its URL has no text|.*escape)/,
      ],
    ];
    for (const [key, message] of bad) {
      const db = open();
      fill(db, [...records, { key, value: Buffer.of(1) }]);
      writeFileSync(path, 'before');
      const writing = writers[format](db.begin(null, false), path);
      await expect(writing).rejects.toThrow(EncodingError);
      await expect(writing).rejects.toThrow(message);
      expect(readFileSync(path, 'utf8')).toBe('before');
      expect(readdirSync(join(path, '..'))).toEqual(['file']);
    }
  });

  it.each(formats)('of %s stops when its signal is aborted, and leaves no file', async (format) => {
    const db = open();
    fill(
      db,
      Array.from({ length: 100 }, (_, i) => ({ key: Key.of(i), value: Buffer.alloc(100_000) })),
    );
    const batches: Batch[] = [];
    const begin = () => {
      batches.push(db.begin());
      return batches.at(-1) as Batch;
    };
    const reason = new Error('enough');
    const controller = new AbortController();
    const stream = new PassThrough();
    stream.on('data', () => controller.abort(reason));
    const { signal } = controller;
    await expect(writers[format](begin(), stream, { signal })).rejects.toBe(reason);
    const late = new AbortController();
    const writing = writers[format](begin(), path, { signal: late.signal });
    late.abort(reason);
    await expect(writing).rejects.toBe(reason);
    await expect(writers[format](begin(), path, { signal })).rejects.toBe(reason);
    expect(readdirSync(join(path, '..'))).toEqual([]);
    for (const batch of batches) batch.discard();
    expect(db.stats().openSnapshots).toBe(0);
  });

  it('reports the error of its file or stream', async () => {
    const batch = open().begin();
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('broken')) });
    await expect(writeJsonRecords(batch, broken)).rejects.toThrow('broken');
    await expect(writeJsonRecords(batch, join(path, 'absent', 'file'))).rejects.toThrow('ENOENT');
    await expect(writeJsonRecords(batch, folder)).rejects.toThrow('it is a directory');
    if (!existsSync('/dev/full')) return;
    await expect(writeJsonRecords(batch, '/dev/full')).rejects.toThrow('ENOSPC');
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  it('ends if its stream is destroyed or its signal aborted, though nobody reads the stream', async () => {
    const batch = open().begin();
    const destroyed = new PassThrough({ highWaterMark: 1 });
    const writing = writeJsonRecords(batch, destroyed);
    setTimeout(() => destroyed.destroy(), 10);
    await expect(writing).rejects.toThrow('closed before everything was written');
    const failed = new PassThrough({ highWaterMark: 1 });
    setTimeout(() => failed.destroy(new Error('broken')), 10);
    await expect(writeJsonRecords(batch, failed)).rejects.toThrow('broken');
    const stuck = new PassThrough({ highWaterMark: 1 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 10);
    const options = { signal: stop.signal };
    await expect(writeJsonRecords(batch, stuck, options)).rejects.toThrow('enough');
    expect(stuck.listenerCount('close')).toBe(0);
  });

  it('replaces the file that a link names, and keeps its mode', async () => {
    if (process.platform === 'win32') return;
    writeFileSync(path, 'before');
    // More than the umask leaves to new files.
    chmodSync(path, 0o662);
    symlinkSync(path, `${path}.link`);
    await writeJsonRecords(open().begin(), `${path}.link`);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
    expect(readdirSync(join(path, '..')).sort()).toEqual(['file', 'file.link']);
    expect(statSync(path).mode & 0o777).toBe(0o662);
  });

  it('refuses two records of one key in a snapshot', async () => {
    const pairs = [Key.of(1), Key.of(uint(2))].map((key) => [key, Buffer.of(1)] as const);
    await expect(writeSnapshot(pairs, path)).rejects.toThrow(/^two records have the digest/);
    await writeJsonRecords(pairs, path);
    const [first] = await all(readJsonRecords([readFileSync(path)]));
    expect(first?.key.equals(Key.of(1))).toBe(true);
  });

  it.runIf(LONG).each(formats)(
    'writes and reads 1,000,000 records as %s in bounded memory',
    { timeout: 600_000 },
    async (format) => {
      const db = open();
      for (let start = 0; start < 1_000_000; start += 10_000) {
        db.update((batch) => {
          for (let i = start; i < start + 10_000; i++) {
            batch.put(Key.of('Account', i % 1000, uint(i)), Buffer.alloc(60, i));
          }
        });
      }
      const batch = db.begin(null, false);
      const used = () => {
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const before = used();
      let most = 0;
      const timer = setInterval(() => {
        most = Math.max(most, used() - before);
      }, 20);
      expect(await writers[format](batch, path)).toBe(1_000_000);
      let count = 0;
      for await (const { key, value } of readRecords(path)) {
        if (count++ % 1000 === 0) expect(batch.get(key).equals(value)).toBe(true);
      }
      clearInterval(timer);
      expect(count).toBe(1_000_000);
      process.stdout.write(`${format}: ${(most / 1e6).toFixed(0)} MB more than before\n`);
      // The index of a snapshot has 40 bytes a record, and is sorted. The rest is what V8 has not collected yet.
      expect(most).toBeLessThan(format === 'json' ? 200e6 : 300e6);
    },
  );
});
