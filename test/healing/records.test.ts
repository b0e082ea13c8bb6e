import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { EncodingError, Key, uint } from 'accumulate-memdb';
import { type FileRecord, readJsonRecords, readRecords } from 'accumulate-memdb/healing';
import { afterAll, describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/random.js';
import {
  dataFile,
  headerBytes,
  jsonList,
  recordBytes,
  snapshot,
  snapshotSections,
  type TestSection,
  withLength,
} from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

const records: FileRecord[] = [
  { key: Key.of('a', uint(18446744073709551615n)), value: Buffer.from('first') },
  { key: Key.of('b"]},\\', Buffer.from([1, 2])), value: Buffer.alloc(0) },
  { key: Key.of(-9223372036854775808n), value: Buffer.alloc(5000, 7) },
  { key: Key.of('ü\u{1f600}', 'Head'), value: Buffer.from('last') },
];

async function all(source: AsyncIterable<FileRecord>): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  for await (const record of source) found.push(record);
  return found;
}

/** The records as text, for comparison. */
function plain(list: readonly FileRecord[]): string[] {
  return list.map(({ key, value }) => `${key.stringify()} ${Buffer.from(value).toString('hex')}`);
}

/** Reads the bytes as a file. */
async function readFile(bytes: Uint8Array): Promise<FileRecord[]> {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return all(readRecords(path));
}

async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => new Error('it was accepted'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(EncodingError);
  return (error as Error).message;
}

describe('a JSON list of records', () => {
  const text = Buffer.from(jsonList(records));

  it('is read whole, in pieces of any size', async () => {
    expect(plain(await readFile(text))).toEqual(plain(records));
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < text.length; at += size) pieces.push(text.subarray(at, at + size));
      expect(plain(await all(readJsonRecords(pieces)))).toEqual(plain(records));
    }
  });

  it('is read from bytes of another realm, and from nothing but bytes', async () => {
    const bytes = [...text];
    const piece: Uint8Array = runInNewContext('Uint8Array.from(bytes)', { bytes });
    expect(piece).not.toBeInstanceOf(Uint8Array);
    expect(plain(await all(readJsonRecords([piece])))).toEqual(plain(records));
    for (const other of ['[]', 7, null]) {
      await expect(all(readJsonRecords([other as never]))).rejects.toThrow(TypeError);
    }
  });

  it('may be empty, have white space, and have its members in any order and escaped', async () => {
    expect(await readFile(Buffer.from(' [ \n] \t'))).toEqual([]);
    const odd =
      ' [ {"Value" : "YQ==" ,\t"K\\u0065y" :\n[ {"string" : "a\\"}]" } ] } , {"Key":[],"Value":null}\r\n]\n';
    const [first, second] = await readFile(Buffer.from(odd));
    expect(first?.key.equals(Key.of('a"}]'))).toBe(true);
    expect(first?.value).toEqual(Buffer.from('a'));
    expect(second?.key.length).toBe(0);
    expect(second?.value).toEqual(Buffer.alloc(0));
  });

  it('leaves out what its writer says is deleted', async () => {
    const list = (...members: string[]) => readFile(Buffer.from(`[${members.join(',')}]`));
    const kept = '{"Key":[{"string":"a"}],"Value":"AQI=","Delete":false}';
    const found = await list(
      kept,
      '{"Key":[{"string":"b"}],"Value":"AQI=","Delete":true}',
      '{"Key":[{"string":"c"}],"Value":null,"Delete":true}',
      '{"Delete":true,"Key":[{"string":"d"}]}',
    );
    expect(plain(found)).toEqual(plain([{ key: Key.of('a'), value: Buffer.from([1, 2]) }]));
    const none = await list('{"Key":[{"string":"b"}],"Value":"AQI=","Delete":null}');
    expect(none).toHaveLength(1);
  });

  it('takes the names of members in any case, as the original does', async () => {
    const names = [
      ['key', 'value', 'delete'],
      ['KEY', 'VALUE', 'DELETE'],
      ['kEy', 'vaLUE', 'deLETE'],
      // The Kelvin sign, which folds to a k.
      ['\u212aey', 'Value', 'Delete'],
    ];
    for (const [k, v, d] of names) {
      for (const deleted of [false, true]) {
        const text = `[{"${k}":[{"string":"a"}],"${v}":"AQI=","${d}":${deleted}}]`;
        const found = await readFile(Buffer.from(text));
        expect(found.map(({ value }) => [...value])).toEqual(deleted ? [] : [[1, 2]]);
      }
    }
  });

  it('yields the records before the one that is wrong', async () => {
    const found: FileRecord[] = [];
    const reading = readJsonRecords([text.subarray(0, text.length - 100)]);
    await expect(async () => {
      for await (const record of reading) found.push(record);
    }).rejects.toThrow(EncodingError);
    expect(plain(found)).toEqual(plain(records.slice(0, 2)));
  });

  it('is refused if it is cut at any byte', async () => {
    const short = Buffer.from(jsonList(records.filter(({ value }) => value.length < 100)));
    for (let end = 0; end < short.length; end++) {
      await refusal(all(readJsonRecords([short.subarray(0, end)])));
    }
  });

  it.each([
    ['', 'the file is empty'],
    ['{"Key":[],"Value":""}', 'a JSON list is expected, at byte 0'],
    ['  null', 'a JSON list is expected, at byte 2'],
    ['   ', 'a JSON list is expected, at byte 3'],
    ['[', 'the list ends within record 0, at byte 1'],
    ['[] []', 'text after the end of the list, at byte 3'],
    ['[,]', 'record 0 is missing, at byte 1'],
    ['[{"Key":[],"Value":""},]', 'record 1 is missing, at byte 23'],
    ['[{"Key":[],"Value":""}}]', 'record 0: a bracket that was not opened, at byte 22'],
    ['[ 17]', 'record 0, at byte 2: not an object'],
    ['[null]', 'record 0, at byte 1: not an object'],
    ['[[]]', 'record 0, at byte 1: not an object'],
    ['["Key"]', 'record 0, at byte 1: not an object'],
    ['[{}]', 'record 0, at byte 1: no Key'],
    ['[{"Key":[]}]', 'record 0, at byte 1: Value is not base64 text'],
    ['[{"Key":[],"Value":7}]', 'record 0, at byte 1: Value is not base64 text'],
    ['[{"Key":[],"Value":"a"}]', 'record 0, at byte 1: Value is not base64'],
    ['[{"Key":[],"Value":"YQ"}]', 'record 0, at byte 1: Value is not base64'],
    ['[{"Key":[],"Value":"","More":[1,{}]}]', 'record 0, at byte 1: unknown member "More"'],
    ['[{"Key":[],"Key":[],"Value":""}]', 'record 0, at byte 1: a second "Key"'],
    ['[{"Key":[],"KEY":[],"Value":""}]', 'record 0, at byte 1: a second "Key"'],
    ['[{"Key":[],"Value":"","Delete":1}]', 'record 0, at byte 1: Delete is not a boolean'],
    ['[{"Key":[],"Value":"","Delete":"true"}]', 'record 0, at byte 1: Delete is not a boolean'],
    ['[{"Value":"","Delete":true}]', 'record 0, at byte 1: no Key'],
    ['[{"Key":[],"Value":"a","Delete":true}]', 'record 0, at byte 1: Value is not base64'],
    ['[{"Key":[],"Delete":false}]', 'record 0, at byte 1: Value is not base64 text'],
    ['[{"Key":[],"Value":""},{"Key":{},"Value":""}]', /^record 1, at byte 23: /],
    ['[{"Key":[{"int":1.5}],"Value":""}]', /^record 0, at byte 1: /],
    ['[{"Key":[{"none":1}],"Value":""}]', /^record 0, at byte 1: /],
    ['[{"Key":[{"time":"2020-01-01T00:00:00Z"}],"Value":""}]', /^record 0, at byte 1: .*hash/],
    ['[{"Key":[],"Value":""},{"Key":[}]]', /^record 1, at byte 23: .*JSON/],
    ['[{"Key":[],"Value":"\xff"}]', /^record 0, at byte 1: .*(UTF-8|encoded data)/],
  ])('%j is refused, with a message that names the place', async (bytes, message) => {
    const text = await refusal(readFile(Buffer.from(bytes, 'latin1')));
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  it('is refused with a short message if the name of a member is long', async () => {
    const text = `[{"Key":[],"${'M'.repeat(5000)}":1}]`;
    expect(await refusal(readFile(Buffer.from(text)))).toMatch(/^record 0, at byte 1: .{100,150}$/);
  });

  it('is refused if a record is larger than the limit', async () => {
    function* endless() {
      yield Buffer.from('[{"Key":[],"Value":"');
      for (;;) yield Buffer.alloc(1 << 20, 0x41);
    }
    expect(await refusal(all(readJsonRecords(endless())))).toMatch(/^record 0 is longer than/);
  });
});

describe('a snapshot', () => {
  const sections = snapshotSections(records.slice(0, 3), [], records.slice(3));
  const whole = snapshot(sections);

  function replaced(n: number, bytes: Uint8Array): Buffer {
    return snapshot(
      sections.with(n, { ...(sections[n] as TestSection), bytes: Buffer.from(bytes) }),
    );
  }

  it('is read whole, with sections of other types, padded or not', async () => {
    expect(plain(await readFile(whole))).toEqual(plain(records));
    expect(plain(await readFile(snapshot(sections, 1)))).toEqual(plain(records));
    const more = [...sections, { type: 11, bytes: Buffer.alloc(100, 1) }];
    expect(plain(await readFile(snapshot(more)))).toEqual(plain(records));
    expect(await readFile(snapshot(snapshotSections([])))).toEqual([]);
  });

  it('is read without an index, and a note says that nothing was checked', async () => {
    const notes = async (bytes: Uint8Array) => {
      const path = join(folder, 'noted');
      writeFileSync(path, bytes);
      const said: string[] = [];
      const found = await all(readRecords(path, { onNote: (note) => said.push(note) }));
      expect(plain(found)).toEqual(plain(records));
      return said;
    };
    expect(await notes(whole)).toEqual([]);
    expect(await notes(snapshot(sections.slice(0, -1)))).toEqual([
      'the snapshot has no index: nothing was checked against an index',
    ]);
    const others = [2, 6, 9, 11, 99].map((type) => ({ type, bytes: Buffer.alloc(type) }));
    expect(await notes(snapshot([...sections, ...others]))).toEqual([
      'section 5 was not read: accounts, of version 1 (2 bytes)',
      'section 6 was not read: another snapshot (6 bytes)',
      'section 7 was not read: the BPT, as pairs of hash and value (9 bytes)',
      'section 8 was not read: the BPT, as records (11 bytes)',
      'section 9 was not read: contents of an unknown type, 99 (99 bytes)',
    ]);
  });

  it('may have records without a value, or with a receipt', async () => {
    const [{ key }, { key: other }] = records as [FileRecord, FileRecord];
    const plainKey = Buffer.from(key.encode());
    const noValue = withLength(Buffer.concat([Buffer.from([1, plainKey.length]), plainKey]));
    const withReceipt = withLength(
      Buffer.concat([
        recordBytes(other.encode(), Buffer.from('v')).subarray(8),
        Buffer.from([3, 2, 0, 0]),
      ]),
    );
    const index = [key, other].map((k, i) => {
      const entry = Buffer.alloc(40);
      entry[1] = 1;
      entry.writeUIntBE(i === 0 ? 0 : noValue.length, 2, 6);
      entry.set(k.digest(), 8);
      return entry;
    });
    index.sort((a, b) => a.compare(b, 8, 40, 8, 40));
    const file = snapshot([
      { type: 1, bytes: headerBytes() },
      { type: 7, bytes: Buffer.concat([noValue, withReceipt]) },
      { type: 8, bytes: Buffer.concat(index) },
    ]);
    const found = await readFile(file);
    expect(found.map(({ value }) => value.toString())).toEqual(['', 'v']);
  });

  it('is refused if it is cut at any byte', async () => {
    const short = snapshotSections(records.filter(({ value }) => value.length < 100));
    for (const file of [snapshot(short), snapshot(short, 1)]) {
      for (let end = 0; end < file.length; end++) await refusal(readFile(file.subarray(0, end)));
    }
  });

  it('is never read as another one if a byte is changed', async () => {
    const random = new Random(runSeed('snapshot'));
    for (let n = 0; n < 400; n++) {
      const at = random.below(whole.length);
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ (1 << random.below(8));
      const found = await readFile(changed).catch((error: unknown) => error);
      if (found instanceof EncodingError) continue;
      // Only what no digest depends on may change: values, the header's bytes, unused bytes.
      const digests = (found as FileRecord[]).map(({ key }) => key.digest());
      expect(digests, `byte ${at}`).toEqual(records.map(({ key }) => key.digest()));
    }
  });

  it.each<[string, () => Buffer, RegExp | string]>([
    [
      'trailing bytes',
      () => Buffer.concat([whole, Buffer.alloc(64)]),
      /^bytes after the end of section 4, at byte \d+$/,
    ],
    [
      'trailing text',
      () => Buffer.concat([snapshot(sections, 1), Buffer.from('x')]),
      /^bytes after the end of section 4/,
    ],
    [
      'another first section',
      () => snapshot(sections.slice(1)),
      'section 0, at byte 0: type 7, where a snapshot has its header',
    ],
    [
      'version 1',
      () => replaced(0, headerBytes(1)),
      'a snapshot of version 1; only version 2 can be read',
    ],
    [
      'version 2^40',
      () => replaced(0, headerBytes(2 ** 40)),
      'a snapshot of version 1099511627776; only version 2 can be read',
    ],
    [
      'a later version and more fields',
      () => replaced(0, withLength(Buffer.from([1, 3, 9, 9, 9]))),
      'a snapshot of version 3; only version 2 can be read',
    ],
    [
      'a header without a version',
      () => replaced(0, withLength(Buffer.alloc(0))),
      'a snapshot of version 0; only version 2 can be read',
    ],
    [
      'a header of text',
      () => replaced(0, Buffer.from('not a header')),
      /^section 0, at byte 64: the snapshot's header has 4 bytes, and says that it has \d+$/,
    ],
    [
      'a header of no bytes',
      () => replaced(0, Buffer.alloc(0)),
      "section 0, at byte 64: the snapshot's header has 0 bytes",
    ],
    [
      'a header of an unknown field',
      () => replaced(0, withLength(Buffer.from([1, 2, 4, 0]))),
      /^section 0, at byte 64: the snapshot's header: unknown field 4, at byte 2$/,
    ],
    [
      'a header of two versions',
      () => replaced(0, withLength(Buffer.from([1, 2, 1, 2]))),
      /field 1 after field 1, at byte 2$/,
    ],
    [
      'a header whose root hash is short',
      () => replaced(0, withLength(Buffer.from([1, 2, 2, 0]))),
      /32 bytes are wanted, 1 are left/,
    ],
    [
      'bytes after the header',
      () => replaced(0, Buffer.concat([headerBytes(), Buffer.alloc(1)])),
      /^section 0, at byte 64: /,
    ],
    [
      'two indexes',
      () => snapshot([...sections, sections.at(-1) as TestSection]),
      'section 5 is a second index',
    ],
    [
      'an index of an odd size',
      () => replaced(4, Buffer.alloc(41)),
      'section 4: an index of 41 bytes, not a multiple of 40',
    ],
    [
      'a record of no fields',
      () => replaced(1, withLength(Buffer.alloc(0))),
      /^record 0, at byte 192: no key/,
    ],
    [
      'a record of an unknown field',
      () => replaced(1, withLength(Buffer.from([4, 0]))),
      /^record 0, at byte 192: unknown field 4/,
    ],
    [
      'a record with its fields in disorder',
      () => replaced(1, withLength(Buffer.from([2, 0, 1, 1, 0]))),
      /^record 0, at byte 192: field 1 after field 2/,
    ],
    [
      'a record whose key cannot be hashed',
      () => replaced(1, recordBytes(Buffer.from([1, 8, 2]), Buffer.alloc(0))),
      /^record 0, at byte 192: .*hash/,
    ],
    [
      'a record whose key is damaged',
      () => replaced(1, recordBytes(Buffer.from([1, 99]), Buffer.alloc(0))),
      /^record 0, at byte 192: .*unknown type code 99/,
    ],
    [
      'a record beyond its section',
      () => replaced(1, withLength(Buffer.alloc(4)).subarray(0, 11)),
      'record 0, at byte 192: it is cut off by the end of section 1',
    ],
    [
      'half a length',
      () => replaced(1, Buffer.alloc(3)),
      'record 0, at byte 192: it is cut off by the end of section 1',
    ],
    [
      'a record that is not in the index',
      () => replaced(3, recordBytes(Key.of('x').encode(), Buffer.alloc(0))),
      /^record 3, at byte \d+: its digest is not in the index$/,
    ],
  ])('with %s is refused', async (_, make, message) => {
    const text = await refusal(readFile(make()));
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  it('is refused if its index is out of order, short, or has another place', async () => {
    const index = (sections.at(-1) as TestSection).bytes;
    const entry = (n: number) => index.subarray(40 * n, 40 * n + 40);
    const swapped = Buffer.concat([entry(1), entry(0), index.subarray(80)]);
    expect(await refusal(readFile(replaced(4, swapped)))).toMatch(
      /^section 4: the index is out of order, at byte \d+$/,
    );
    const twice = Buffer.concat([entry(0), index]);
    expect(await refusal(readFile(replaced(4, twice)))).toMatch(/out of order/);
    expect(await refusal(readFile(replaced(4, index.subarray(40))))).toMatch(
      /its digest is not in the index/,
    );
    const beyond = Buffer.concat([index, Buffer.alloc(40, 255)]);
    expect(await refusal(readFile(replaced(4, beyond)))).toBe(
      'the index lists 5 records, the file has 4',
    );
    const moved = Buffer.from(index);
    moved.writeUIntBE(9999, 2, 6);
    expect(await refusal(readFile(replaced(4, moved)))).toMatch(
      /the index has it in section \d, at byte 9999 of that section$/,
    );
  });
});

describe('the real files', () => {
  const json = dataFile('database-v1.0.0.json');
  const snap = dataFile('checkpoint-mainnet.snap');

  it.skipIf(!json)('the JSON list has 476 records', async () => {
    const found = await all(readRecords(json as string));
    expect(found).toHaveLength(476);
    const list = JSON.parse(readFileSync(json as string, 'utf8')) as {
      Key: unknown;
      Value: string;
    }[];
    expect(plain(found)).toEqual(
      plain(
        list.map(({ Key: k, Value }) => ({
          key: Key.fromJSON(k),
          value: Buffer.from(Value, 'base64'),
        })),
      ),
    );
  });

  it.each([
    ['snapshot-version1.snap', 'a snapshot of version 1; only version 2 can be read'],
    ['snapshot-version3.snap', 'a snapshot of version 3; only version 2 can be read'],
    ['snapshot-bad-header.snap', /^section 0, at byte 64: the snapshot's header has 11 bytes/],
  ])('%s is refused', async (name, message) => {
    const path = dataFile(name);
    if (!path) return;
    const text = await refusal(all(readRecords(path)));
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  it('the snapshot without an index has the records of the one with it', async () => {
    const unindexed = dataFile('snapshot-unindexed.snap');
    if (!unindexed || !snap) return;
    const notes: string[] = [];
    const found = await all(readRecords(unindexed, { onNote: (note) => notes.push(note) }));
    expect(plain(found)).toEqual(plain(await all(readRecords(snap))));
    expect(notes).toEqual([
      'section 2 was not read: the BPT, as records (14434 bytes)',
      'the snapshot has no index: nothing was checked against an index',
    ]);
  });

  it.skipIf(!snap)('the snapshot has 134 records', async () => {
    const found = await all(readRecords(snap as string));
    expect(found).toHaveLength(134);
    expect(new Set(found.map(({ key }) => key.digest().toString('hex'))).size).toBe(134);
    expect(String(found[0]?.key)).toBe('Account.acc://dn.acme/votes.Url');
  });
});
