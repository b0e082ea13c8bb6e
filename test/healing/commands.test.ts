import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key } from 'accumulate-memdb';
import { Receipt, readRecords } from 'accumulate-memdb/healing';
import { afterAll, describe, expect, it } from 'vitest';
import { dataFile, jsonList, snapshot, snapshotSections } from './files.js';
import { cli, ended, expectRefusal, run } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const records = Array.from({ length: 300 }, (_, i) => ({
  key: Key.of('Account', `a${i}`, i),
  value: Buffer.alloc(i * 5, i),
}));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function plain(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value } of readRecords(path)) {
    found.push(`${key.stringify()} ${Buffer.from(value).toString('hex')}`);
  }
  return found.sort();
}

const none = { status: 0, stdout: '', stderr: '' };

describe('convert', () => {
  it('writes the records of any format as a JSON list and as a snapshot, silently', async () => {
    const first = file('first.json', jsonList(records));
    const [snap, json, back] = ['a.snap', 'b.json', 'c'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    expect(await run('convert', first, snap)).toEqual(none);
    expect(await run('convert', snap, json)).toEqual(none);
    expect(await run('convert', json, back, '--format', 'snapshot')).toEqual(none);
    for (const path of [snap, json, back]) expect(await plain(path)).toEqual(await plain(first));
    expect(readFileSync(snap)[1]).toBe(1);
    expect(readFileSync(json, 'utf8')).toMatch(/^\[/);
    expect(readFileSync(back)[1]).toBe(1);
    // A file may be replaced by itself in another form.
    expect(await run('convert', json, json, '--format', 'snapshot')).toEqual(none);
    expect(await plain(json)).toEqual(await plain(first));
  });

  it('converts the real files, and says what it did not read', async () => {
    const json = dataFile('database-v1.0.0.json');
    const bolt = dataFile('database-v1.0.0.bolt.db');
    const unindexed = dataFile('snapshot-unindexed.snap');
    if (!json || !bolt || !unindexed) return;
    const path = join(folder, 'real.snap');
    expect(await run('convert', bolt, path)).toEqual(none);
    expect(await plain(path)).toEqual(await plain(json));
    const { status, stdout, stderr } = await run('convert', unindexed, path);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      `accumulate-memdb: ${unindexed}: section 2 was not read: the BPT, as records (14434 bytes)`,
      `accumulate-memdb: ${unindexed}: the snapshot has no index: nothing was checked against an index`,
      '',
    ]);
    expect(await plain(path)).toEqual(await plain(unindexed));
  });

  it('leaves the other file as it was if something is wrong', async () => {
    const good = file('good.json', jsonList(records));
    const cut = file('cut.json', jsonList(records).slice(0, -9));
    const before = file('before.json', 'before');
    const names = readdirSync(folder).length;
    for (const [args, message] of [
      [[cut, before], /cut\.json: the list ends within record 299/],
      [[join(folder, 'absent'), before], 'ENOENT'],
      [[good, join(folder, 'absent', 'x.json')], 'ENOENT'],
      [[good, folder, '--format', 'json'], 'it is a directory'],
      [[good], 'convert needs FROM and TO'],
      [[good, before, before], 'two files, not also'],
      [[good, join(folder, 'x.txt')], /x\.txt ends neither in \.json nor in \.snap; give --format/],
      [[good, before, '--format', 'bolt'], '--format is bolt, not json or snapshot'],
      [[good, before, '--json'], '--json is not for convert'],
    ] as const) {
      expectRefusal(await run('convert', ...args), message);
      expect(readFileSync(before, 'utf8')).toBe('before');
    }
    expect(readdirSync(folder)).toHaveLength(names);
  });

  it.skipIf(!existsSync('/dev/full'))('says that a full device cannot be written', async () => {
    const from = file('full.json', jsonList(records));
    expectRefusal(
      await run('convert', from, '/dev/full', '--format', 'json'),
      /\/dev\/full: ENOSPC/,
    );
  });

  it.skipIf(process.platform === 'win32')(
    'ends quietly if the reader of a pipe stops',
    async () => {
      const many = Array.from({ length: 30 }, (_, i) => ({
        key: Key.of(i),
        value: Buffer.alloc(100_000),
      }));
      const from = file('pipe.json', jsonList(many));
      const line = `"${process.execPath}" "${cli}" convert "${from}" /dev/stdout --format json; echo "status $?" >&2`;
      const child = spawn('sh', ['-c', `{ ${line}; } | head -n 1`], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      expect((await ended(child)).stderr).toBe('status 0\n');
    },
  );

  it.skipIf(process.platform === 'win32')(
    'leaves nothing behind if it is interrupted',
    async () => {
      const own = mkdtempSync(join(folder, 'interrupted-'));
      const from = file('slow.json', jsonList(records));
      // A named pipe that nobody reads holds the program up while it writes.
      const pipe = join(own, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const many = Array.from({ length: 30 }, (_, i) => ({
        key: Key.of(i),
        value: Buffer.alloc(100_000),
      }));
      writeFileSync(from, snapshot(snapshotSections(many)));
      const child = spawn(process.execPath, [cli, 'convert', from, pipe, '--format', 'json']);
      const fd = openSync(pipe, 'r');
      child.kill('SIGTERM');
      const chunk = Buffer.alloc(1 << 16);
      const { readSync } = await import('node:fs');
      let size = 0;
      for (let n = 1; n > 0; size += n) {
        n = readSync(fd, chunk);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      closeSync(fd);
      const signal =
        child.signalCode ??
        (await new Promise((resolve) => child.once('exit', (_, name) => resolve(name))));
      expect(signal).toBe('SIGTERM');
      expect(size).toBeLessThan(30 * 133_000);
      expect(readdirSync(own)).toEqual(['pipe']);
    },
  );
});

describe('prove', () => {
  const json = dataFile('database-v1.0.0.json');
  const anchor = '71109004705d92890c9e62a75bca459385a95073ffb436e8622d3b1c20aa0483';
  const message = ['--source', 'bvn-BVN0.acme', '--destination', 'bvn0', '--number', '1'];

  it.skipIf(!json)('prints the receipt of the real file', async () => {
    const made = await run('prove', json as string, ...message, '--json');
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const proof = JSON.parse(made.stdout) as Record<string, unknown>;
    expect(proof).toMatchObject({ anchor, complete: false, notes: [] });
    expect(proof.missing).toBe(
      `Account.acc://dn.acme/anchors.AnchorChain.bvn0.Root.ElementIndex.${anchor}`,
    );
    const receipt = Receipt.fromJSON(proof);
    expect(receipt.validate()).toBe(true);
    expect(receipt.entries).toHaveLength(3);
    const { status, stdout, stderr } = await run('prove', json as string, ...message);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      new RegExp(
        `^start .*\n(left .*\n){3}anchor   ${anchor}\nNote: .*ElementIndex\\.${anchor} is missing\\.\n$`,
      ),
    );
    const bolt = dataFile('database-v1.0.0.bolt.db');
    if (bolt) expect((await run('prove', bolt, ...message)).stdout).toBe(stdout);
  });

  it.skipIf(!json)('names the record that is missing', async () => {
    const path = json as string;
    for (const [args, record] of [
      [
        [...message.slice(0, -1), '2'],
        'bvn-BVN0.acme/synthetic.SyntheticSequenceChain.bvn0.Element.1',
      ],
      [
        ['--source', 'x', '--destination', 'y', '--number', '1'],
        'bvn-x.acme/synthetic.SyntheticSequenceChain.y.Head',
      ],
    ] as const) {
      expectRefusal(
        await run('prove', path, ...args),
        `${path}: Account.acc://${record} not found`,
      );
    }
  });

  it('refuses bad usage and bad files', async () => {
    const list = file('list.json', '[]');
    for (const [args, text] of [
      [['prove'], 'prove needs a FILE'],
      [['prove', list, list, ...message], 'one file, not also'],
      [['prove', list], 'no --source given'],
      [['prove', list, '--source', 'a'], 'no --destination given'],
      [['prove', list, ...message.slice(0, -2)], 'no --number given'],
      [['prove', list, ...message.slice(0, -1), '0'], '--number is 0'],
      [['prove', list, ...message, '--source', 'bob.acme'], '--source: bob.acme is no partition'],
      [['prove', list, ...message, '--workers', '1'], '--workers is not for prove'],
      [['prove', join(folder, 'absent'), ...message], 'ENOENT'],
      [['prove', file('empty', ''), ...message], 'the file is empty'],
      [['prove', list, ...message], 'SyntheticSequenceChain.bvn0.Head not found'],
    ] as const) {
      expectRefusal(await run(...args), text);
    }
  });

  it.skipIf(!json || !existsSync('/dev/full'))(
    'says that its output cannot be written',
    async () => {
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [cli, 'prove', json as string, ...message], {
        stdio: ['ignore', full, 'pipe'],
      });
      const { status, stderr } = await ended(child);
      closeSync(full);
      expect(stderr).toMatch(/^accumulate-memdb: the output cannot be written: ENOSPC[^\n]*\n$/);
      expect(status).toBe(2);
    },
  );
});
