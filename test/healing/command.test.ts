import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key, MemDB } from 'accumulate-memdb';
import { Chain, type Report, State } from 'accumulate-memdb/healing';
import { afterAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import {
  dataFile,
  headerBytes,
  jsonList,
  snapshot,
  snapshotSections,
  type TestRecord,
} from './files.js';
import { rootOf, syntheticEntries } from './model.js';
import { cli, ended, expectRefusal, run, runIn } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function report(...args: string[]): Promise<Report & { status: number }> {
  const { status, stdout, stderr } = await run('heal', '--json', ...args);
  expect(stderr).toBe('');
  return { status, ...(JSON.parse(stdout) as Report) };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The state of 512 entries without its list, as a file has it that lacks the last set. */
function shortened(state: Buffer): Buffer {
  return Buffer.concat([state.subarray(0, 2 + 33), Buffer.from([0])]);
}

/** The records under another account. */
function renamed(records: readonly TestRecord[]): TestRecord[] {
  return records.map(({ key, value }) => ({ key: Key.of('y').appendKey(key.slice(1)), value }));
}

/** The records of a chain of synthetic entries. */
function chainRecords(count: number): TestRecord[] {
  const db = new MemDB({ engine: ENGINES[0] as 'native' | 'fallback' });
  const batch = db.begin(null, true);
  new Chain(batch, Key.of('x', 'MainChain')).addEntries(syntheticEntries(count));
  const records = Array.from(batch, ([key, value]) => ({ key, value }));
  db.close();
  return records.sort((a, b) => a.key.compare(b.key));
}

describe.each(ENGINES)('heal without a file (%s)', (engine) => {
  it.each([0, 1, 3])('proves every entry by %i workers', async (workers) => {
    const made = await report('--engine', engine, '--entries', '1234', '--workers', `${workers}`);
    expect(made).toMatchObject({
      status: 0,
      engine,
      workers,
      file: null,
      records: null,
      failures: [],
    });
    expect(made.entries).toMatchObject({ count: 1234, blocks: 13 });
    expect(made.receipts).toMatchObject({ count: 1234, failed: 0 });
    expect(made.chains).toEqual([
      {
        key: 'Account.acc://bvn-Apollo.acme/synthetic.MainChain',
        height: 1234,
        known: 1234,
        anchor: rootOf(syntheticEntries(1234)).toString('hex'),
      },
    ]);
    const { p50, p99, p999, max } = made.receipts.latency;
    expect(p50).toBeGreaterThan(0);
    expect([p50, p99, p999, max]).toEqual([p50, p99, p999, max].toSorted((a, b) => a - b));
    expect(made.entries?.perSecond).toBeGreaterThan(0);
    expect(made.receipts.perSecond).toBeGreaterThan(0);
    expect(made.memory.held).toBeGreaterThan(made.memory.stored);
    expect(made.memory.rss).toBeGreaterThan(made.memory.heapUsed);
  });
});

describe('heal', () => {
  it('prints the report for people', async () => {
    const { status, stdout, stderr } = await run('heal', '--entries', '300', '--workers', '1');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^engine {4}(native|fallback), Node \d+/);
    expect(stdout).toMatch(/entries {3}300 added in [\d.]+ s: [\d,]+\/s, in 3 blocks/);
    expect(stdout).toMatch(/receipts {2}300 proved in [\d.]+ s: [\d,]+\/s, by 1 worker\n/);
    expect(stdout).toMatch(/latency {3}p50 .*, p99 .*, p99\.9 .*, max /);
    expect(stdout).toMatch(/memory {4}.* MB in all/);
    expect(stdout).toMatch(rootOf(syntheticEntries(300)).toString('hex'));
  });

  it('proves the known entries of the chains of a file, in either format', {
    timeout: 240_000,
  }, async () => {
    const records = chainRecords(700);
    const without = (...names: string[]) =>
      records.filter(({ key }) => !names.some((name) => String(key).includes(name)));
    for (const [name, list, known] of [
      ['whole', records, 700],
      ['no elements', without('.Element.'), 700],
      ['no marks', without('.States.'), 188],
      ['no first mark', without('.States.255'), 188],
      ['no last mark', without('.States.511'), 188],
    ] as const) {
      for (const [path, workers] of [
        [file(`${name}.json`, jsonList(list)), '0'],
        [file(`${name}.snap`, snapshot(snapshotSections(list))), '2'],
      ] as const) {
        const made = await report(path, '--workers', workers);
        expect(made, path).toMatchObject({ status: 0, file: path, entries: null });
        expect(made.records?.count).toBe(list.length);
        expect(made.receipts).toMatchObject({ count: known, failed: 0 });
        expect(made.chains).toEqual([
          {
            key: 'x.MainChain',
            height: 700,
            known,
            anchor: rootOf(syntheticEntries(700)).toString('hex'),
          },
        ]);
      }
    }
  });

  it('fails if there is nothing to prove', async () => {
    const empty = { key: Key.of('e', 'Head'), value: new State().encode() };
    const other = { key: Key.of('e', 'Main'), value: Buffer.from('no chain') };
    const complete = chainRecords(256).filter(({ key }) => !String(key).includes('.Element'));
    const [head] = chainRecords(512).filter(({ key }) => String(key).endsWith('Head'));
    const early = { key: head?.key as Key, value: shortened(head?.value as Buffer) };
    for (const [list, message] of [
      [[], 'there is nothing to prove; none of its 0 records is the head of a chain'],
      [[other], 'there is nothing to prove; none of its 1 records is the head of a chain'],
      [[empty], 'there is nothing to prove; no entry of its 1 chain is known'],
      [[early], 'there is nothing to prove; no entry of its 1 chain is known'],
    ] as const) {
      for (const json of [[], ['--json']]) {
        const path = file('nothing.json', jsonList(list));
        expectRefusal(await run('heal', path, ...json), message);
      }
    }
    const unread = [
      { type: 1, bytes: headerBytes() },
      { type: 2, bytes: Buffer.alloc(9) },
    ];
    expectRefusal(
      await run('heal', file('nothing.snap', snapshot(unread))),
      /nothing to prove; .* chain; section 1 was not read: accounts, of version 1 \(9 bytes\); the snap/,
    );
    const mixed = await report(file('mixed.json', jsonList([empty, early, ...renamed(complete)])));
    expect(mixed).toMatchObject({ status: 0, receipts: { count: 256, failed: 0 } });
    expect(mixed.notes).toEqual(['no entry is known of 1 of 3 chains: nothing of them was proved']);
  });

  it
    .skipIf(!existsSync('/dev/full'))
    .each([
      [['heal', '--entries', '10']],
      [['heal', '--entries', '10', '--json']],
      [['--help']],
      [['--version']],
    ])('says in one line that %j cannot be written, with status 2', async (args) => {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = await ended(
        spawn(process.execPath, [cli, ...args], {
          stdio: ['ignore', full, 'pipe'],
        }),
      );
      expect(stderr).toMatch(/^accumulate-memdb: the output cannot be written: ENOSPC[^\n]*\n$/);
      expect(status).toBe(2);
    } finally {
      closeSync(full);
    }
  });

  it.each([[['heal', '--entries', '10']], [['heal', '--entries', '10', '--json']], [['--help']]])(
    'ends quietly if nobody reads what %j prints',
    async (args) => {
      const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout?.destroy();
      expect(await ended(child)).toEqual({ status: 0, stderr: '' });
    },
  );

  it('goes by the last record of a key, and by no record that is deleted', async () => {
    const records = chainRecords(20);
    const text = jsonList([...records, ...renamed(records), ...records]);
    const deleted = renamed(records).map(({ key }) => `{"Key":${key.stringify()},"Delete":true}`);
    const path = file('deleted.json', `${text.slice(0, -1)},${deleted.join(',')}]`);
    const made = await report(path);
    expect(made.chains).toEqual([expect.objectContaining({ key: 'x.MainChain', known: 20 })]);
    expect(made).toMatchObject({ status: 0, receipts: { count: 20 } });
  });

  it('ends quietly if its reader stops reading', async () => {
    // More than a pipe holds, so that the rest is written when nobody reads any more.
    const chains = Array.from({ length: 1500 }, (_, i) => {
      const state = new State();
      state.add(Buffer.alloc(32, i));
      return { key: Key.of('chain', i, 'Head'), value: state.encode() };
    });
    const path = file('many.json', jsonList(chains));
    for (const json of ['', '--json']) {
      const line = `"${process.execPath}" "${cli}" heal "${path}" ${json}; echo "status $?" >&2`;
      const child = spawn('sh', ['-c', `{ ${line}; } | head -n 1`], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      expect((await ended(child)).stderr).toBe('status 0\n');
    }
  });

  it.each(['0', '2'])('ends with status 1 if a proof fails (%s workers)', async (workers) => {
    const records = chainRecords(700);
    const changed = (name: string, at: number) =>
      records.map(({ key, value }) => {
        const bytes = Buffer.from(value);
        if (String(key).endsWith(name)) bytes[at] = (bytes[at] as number) ^ 1;
        return { key, value: bytes };
      });
    for (const [name, at, failed] of [
      // An entry, which all anchors depend on.
      ['.Element.300', 5, 700],
      // An entry in a mark's list, which the proofs of that set depend on.
      ['.States.255', 60, 256],
      // The root pending at a mark, which the proofs of the next set depend on.
      ['.States.255', 5, 256],
      // A root of the head.
      ['.Head', 100, 700],
    ] as const) {
      const path = file('tampered.json', jsonList(changed(name, at)));
      const made = await report(path, '--workers', workers);
      expect(made.status).toBe(1);
      expect(made.receipts, `${name} ${at}`).toMatchObject({ count: 700, failed });
      expect(made.failures).toHaveLength(20);
      for (const failure of made.failures)
        expect(failure).toMatch(/^entry \d+ of x\.MainChain: it/);
    }
    const { status, stdout, stderr } = await run('heal', join(folder, 'tampered.json'));
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/700 PROOFS FAILED\n {2}entry \d+ of x\.MainChain: it/);
  });

  it('prints its usage and version', async () => {
    const usage = await run('--help');
    expect(usage).toMatchObject({ status: 0, stderr: '' });
    expect(usage.stdout).toMatch(/^Usage: accumulate-memdb heal \[FILE\]/);
    for (const command of ['heal', 'prove', 'convert']) {
      const { stdout } = await run(command, '--help');
      expect(stdout).toMatch(
        new RegExp(`^Usage: accumulate-memdb ${command} .*\\n[^]*\\nOptions:\\n`),
      );
      expect(stdout).toMatch(/\nExit status: /);
    }
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(await run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [[], 'no command given; write heal, prove, convert or fleet'],
    [['mend'], 'unknown command mend'],
    [['constructor'], 'unknown command constructor'],
    [['heal', '--number', '1'], '--number is not for heal'],
    [['heal', 'a', 'b'], 'one file at most, not also b'],
    [['heal', '--entries', '0'], '--entries is 0'],
    [['heal', '--entries', '1e3'], '--entries is 1e3'],
    [['heal', '--entries=-5'], '--entries is -5'],
    [['heal', '--entries'], "'--entries"],
    [['heal', '--workers', 'two'], '--workers is two'],
    [['heal', '--workers', '9999'], '--workers is 9999'],
    [['heal', '--engine', 'wasm'], '--engine is wasm'],
    [['heal', '--fast'], "'--fast'"],
    [['heal', '--json=yes'], "'--json'"],
    [['heal', 'x.json', '--entries', '5'], '--entries'],
  ])('refuses %j', async (args, message) => {
    expectRefusal(await run(...args), message);
  });

  it('refuses an environment variable that names no engine', async () => {
    const env = { ...process.env, MEMDB_ENGINE: 'wasm' };
    expectRefusal(await runIn(env, 'heal', '--entries', '5'), 'MEMDB_ENGINE is wasm');
  });

  it('refuses an engine that cannot be loaded', async () => {
    if (ENGINES.includes('native')) return;
    expectRefusal(await run('heal', '--engine', 'native'), /native engine cannot be loaded/);
  });

  it('refuses bad files', async () => {
    const records = chainRecords(20);
    const head = records.find(({ key }) => String(key).endsWith('Head')) as TestRecord;
    const shortHead = { key: head.key, value: head.value.subarray(0, 50) };
    const cut = snapshot(snapshotSections(records)).subarray(0, -100);
    for (const [path, message] of [
      [folder, 'it is a directory'],
      [join(folder, 'absent.json'), 'ENOENT'],
      [file('empty', ''), 'the file is empty'],
      [file('text.json', 'hello'), 'a JSON list is expected, at byte 0'],
      [
        file('wrong.json', `${jsonList(records).slice(0, -1)},\n{"Key":7}]`),
        /record 4\d, at byte \d+: /,
      ],
      [
        file('cut.json', jsonList(records).slice(0, -5)),
        /the list ends within record 4\d, at byte \d+/,
      ],
      [file('head.json', jsonList([shortHead])), /x\.MainChain\.Head: .*, at byte \d+/],
      [file('cut.snap', cut), /section 2, at byte \d+: \d+ bytes, of which the file has \d+/],
      [file('two\nlines.json', 'x'), 'two lines.json: a JSON list'],
    ] as const) {
      expectRefusal(await run('heal', path), message);
    }
  });
});

describe('heal of the real files', () => {
  const json = dataFile('database-v1.0.0.json');
  const snap = dataFile('checkpoint-mainnet.snap');

  it.skipIf(!json)('proves every element of the database', async () => {
    const made = await report(json as string);
    expect(made).toMatchObject({ status: 0, failures: [] });
    expect(made.records?.count).toBe(476);
    expect(made.chains).toHaveLength(46);
    for (const { height, known } of made.chains) expect(known).toBe(height);
    expect(made.receipts.count).toBe(made.chains.reduce((n, { height }) => n + height, 0));
  });

  it('proves every element of the Bolt file, and refuses the one of digests', async () => {
    const bolt = dataFile('database-v1.0.0.bolt.db');
    const digests = dataFile('database-v1.0.0.bolt-digests.db');
    if (!bolt || !digests || !json) return;
    const made = await report(bolt);
    expect(made.chains).toEqual((await report(json)).chains);
    expect(made).toMatchObject({ status: 0, records: { count: 476 } });
    expectRefusal(await run('heal', digests), /page \d+, element 0: the file has digests of keys/);
  });

  it.skipIf(!snap)('lists the chains of the snapshot', async () => {
    const made = await report(snap as string);
    expect(made).toMatchObject({ status: 0, failures: [] });
    expect(made.records?.count).toBe(134);
    expect(made.chains).toHaveLength(78);
    expect(made.chains).toContainEqual({
      key: 'Account.acc://dn.acme/ledger.RootChain',
      height: 490767,
      anchor: '2bb9235bc7d793fb1829658025c8d48de0fca9a275e89c02a31e64eda039618e',
      known: 15,
    });
  });

  it('lists what it did not read or check in a snapshot', async () => {
    const unindexed = dataFile('snapshot-unindexed.snap');
    if (!unindexed) return;
    const said = [
      'section 2 was not read: the BPT, as records (14434 bytes)',
      'the snapshot has no index: nothing was checked against an index',
    ];
    const made = await report(unindexed);
    expect(made).toMatchObject({ status: 0, notes: said });
    const { stdout } = await run('heal', unindexed);
    for (const note of said) expect(stdout).toContain(`\nNote: ${note}.\n`);
  });

  it.each([
    ['snapshot-version1.snap', /a snapshot of version 1; only version 2 can be read$/m],
    ['snapshot-version3.snap', /a snapshot of version 3; only version 2 can be read$/m],
    ['snapshot-bad-header.snap', /the snapshot's header has 11 bytes/],
  ])('refuses %s', async (name, message) => {
    const path = dataFile(name);
    if (path) expectRefusal(await run('heal', path), message);
  });

  it.skipIf(!snap)('refuses the snapshot if it is cut', async () => {
    const whole = readFileSync(snap as string);
    const random = new Random(runSeed('cut'));
    const cuts = [0, 2, 64, 146, 192, 256, 238800, 238848, 253346, 253376, 253440, 258800, 258815];
    for (const end of [...cuts, ...Array.from({ length: 8 }, () => random.below(whole.length))]) {
      const path = file('cut.snap', whole.subarray(0, end));
      expectRefusal(await run('heal', path), end === 0 ? 'empty' : /byte|bytes/);
    }
  });
});
