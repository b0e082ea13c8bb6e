import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type EngineInfo, engineInfo } from 'accumulate-memdb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LAYOUT } from '../dist/lib/engine/exchange.js';
import { NATIVE_SKIPPED } from './support/engines.js';

const ROOT = resolve(import.meta.dirname, '..');
const LINUX = process.platform === 'linux';
const PLATFORM = `prebuilds/${process.platform}-${process.arch}`;
const PREBUILT = `${PLATFORM}/accumulate-memdb${LINUX ? '.glibc' : ''}.node`;
const LOCAL = 'build/Release/accumulate_memdb.node';

/** A program that uses the package, and prints what `engineInfo` says. */
const PROGRAM = `
  const { Key, MemDB, engineInfo } = require('accumulate-memdb');
  const db = new MemDB();
  db.update((batch) => batch.put(Key.of('key'), 'value'));
  const value = db.view((batch) => String(batch.get(Key.of('key'))));
  let message;
  try {
    new MemDB({ engine: 'native' }).close();
  } catch (error) {
    message = error.code + ' ' + error.message;
  }
  console.log(JSON.stringify({ ...engineInfo(), used: db.engine, value, message }));
  db.close();
`;

interface Report extends EngineInfo {
  readonly used: string;
  readonly value: string;
  readonly message?: string;
}

describe('a binary that must not be used', () => {
  let project: string;
  let installed: string;
  /** The binary of this clone, if it has one. */
  let whole: Buffer;

  beforeAll(() => {
    project = mkdtempSync(join(realpathSync(tmpdir()), 'memdb-broken-'));
    installed = join(project, 'node_modules/accumulate-memdb');
    for (const part of ['package.json', 'dist/lib']) {
      cpSync(join(ROOT, part), join(installed, part), { recursive: true });
    }
    const finder = dirname(createRequire(import.meta.url).resolve('node-gyp-build'));
    cpSync(finder, join(project, 'node_modules/node-gyp-build'), { recursive: true });
    const { reason } = engineInfo();
    if (!NATIVE_SKIPPED) whole = readFileSync(reason.replace(/ loads$/, ''));
  });
  afterAll(() => rmSync(project, { recursive: true }));
  beforeEach(() => {
    for (const folder of ['build', 'prebuilds', 'elsewhere']) {
      rmSync(join(installed, folder), { recursive: true, force: true });
    }
  });

  /** Writes a binary and its record; then `damage` may change one of the two. */
  function place(file: string, bytes: Uint8Array = whole, damage = (_path: string) => {}): string {
    const path = join(installed, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const record = { size: bytes.length, sha256, layout: LAYOUT };
    writeFileSync(recordOf(path), JSON.stringify(record));
    damage(path);
    return path;
  }

  /** Runs the program; it must end well, and store and find a value. */
  function run(env: NodeJS.ProcessEnv = {}, ...flags: string[]): Report {
    const done = spawnSync(process.execPath, [...flags, '-e', PROGRAM], {
      cwd: project,
      env: { ...process.env, MEMDB_ENGINE: '', ...env },
      encoding: 'utf8',
    });
    expect([done.status, done.signal, done.stdout], done.stderr).toEqual([
      0,
      null,
      expect.any(String),
    ]);
    const report = JSON.parse(done.stdout) as Report;
    expect(report.value).toBe('value');
    expect(report.used).toBe(report.engine);
    return report;
  }

  /** Expects that the fallback runs, and that everything says why. */
  function expectRefused(report: Report, file: string, why: RegExp): void {
    expect(report).toMatchObject({
      engine: 'fallback',
      reason: 'no binary of the native engine loads',
      tried: expect.arrayContaining([{ file, why: expect.stringMatching(why) }]),
    });
    expect(report.message).toMatch(/^ERR_ENGINE_UNAVAILABLE the native engine cannot be loaded: /);
    expect(report.message).toMatch(why);
    expect(report.message).toMatch(
      /; engine 'auto' runs on the fallback, and engineInfo\(\) lists/,
    );
  }

  it('there is none: the fallback runs, and the platform is named', () => {
    const { platform, arch } = process;
    expectRefused(run(), PLATFORM, new RegExp(`there is no binary for ${platform} ${arch}`));
  });

  describe.skipIf(NATIVE_SKIPPED).each([PREBUILT, LOCAL])('%s', (file) => {
    it('is used when it is whole', () => {
      const path = place(file);
      expect(run()).toMatchObject({ engine: 'native', reason: `${path} loads`, tried: [] });
    });

    it('is used without node-gyp-build', () => {
      const [here, away] = ['node_modules/node-gyp-build', 'away'].map((f) => join(project, f));
      const path = place(file);
      cpSync(here as string, away as string, { recursive: true });
      rmSync(here as string, { recursive: true });
      try {
        const report = run();
        expect(report).toMatchObject({ engine: 'native', reason: `${path} loads` });
        expect(report.tried).toMatchObject([
          { file: 'node-gyp-build', why: expect.stringMatching(/^Cannot find module/) },
        ]);
      } finally {
        cpSync(away as string, here as string, { recursive: true });
      }
    });

    const damages: Record<string, [damage: (path: string) => void, why: RegExp]> = {
      empty: [
        (path) => writeFileSync(path, ''),
        /it has 0 bytes, and its record says \d+; install/,
      ],
      'cut in the middle': [
        (path) => writeFileSync(path, whole.subarray(0, whole.length / 2)),
        /it has \d+ bytes, and its record says \d+; install/,
      ],
      'one byte longer': [
        (path) => writeFileSync(path, Buffer.concat([whole, Buffer.from([0])])),
        /it has \d+ bytes, and its record says \d+; install/,
      ],
      'overwritten with zeros': [
        (path) => writeFileSync(path, Buffer.from(whole).fill(0, 4096, whole.length - 4096)),
        /its SHA-256 is not the one in its record; install/,
      ],
      'changed in one bit': [
        (path) => {
          const changed = Buffer.from(whole);
          changed.writeUInt8(changed.readUInt8(100_000) ^ 1, 100_000);
          writeFileSync(path, changed);
        },
        /its SHA-256 is not the one in its record; install/,
      ],
      'a folder': [
        (path) => {
          rmSync(path);
          mkdirSync(path);
        },
        /it has \d+ bytes, and its record says \d+; install/,
      ],
      'without a record': [(path) => rmSync(recordOf(path)), /its record, .*\.json .* is missing/],
      'with a record that is cut': [
        (path) => writeFileSync(recordOf(path), '{"size":'),
        /its record, .*\.json .* is damaged/,
      ],
      'with an empty record': [
        (path) => writeFileSync(recordOf(path), '{}'),
        /has layout undefined/,
      ],
      'with a record that is null': [
        (path) => writeFileSync(recordOf(path), 'null'),
        /has layout undefined/,
      ],
      'of another layout': [
        (path) => writeFileSync(recordOf(path), JSON.stringify({ ...read(path), layout: 1 })),
        new RegExp(`the binary has layout 1, and this package has layout ${LAYOUT}; install`),
      ],
    };
    it.each(Object.entries(damages))('is refused: %s', (_, [damage, why]) => {
      const path = place(file, whole, damage);
      expectRefused(run(), path, why);
    });

    const foreign: Record<string, [bytes: () => Uint8Array, why: RegExp]> = {
      'a text': [() => Buffer.from('not a binary'), /./],
      'for another processor': [otherProcessor, /./],
      'another addon': [otherAddon, /the binary has layout undefined/],
    };
    it.each(Object.entries(foreign))(
      'is refused, though its record fits: %s',
      (_, [bytes, why]) => {
        const path = place(file, bytes());
        expectRefused(run(), path, why);
      },
    );

    it('is refused if addons are forbidden', () => {
      const path = place(file);
      expectRefused(run({}, '--no-addons'), path, /run Node\.js with --allow-addons|addons/);
    });

    it('is refused if the permission model forbids it', () => {
      const path = place(file);
      const flag = process.allowedNodeEnvironmentFlags.has('--permission')
        ? '--permission'
        : '--experimental-permission';
      const report = run({}, flag, `--allow-fs-read=${join(project, '*')}`);
      expectRefused(report, path, /run Node\.js with --allow-addons/);
    });
  });

  it.skipIf(NATIVE_SKIPPED)('a bad local build does not hide a good prebuilt binary', () => {
    const bad = place(LOCAL, whole, (path) => writeFileSync(path, whole.subarray(0, 1000)));
    const good = place(PREBUILT);
    expect(run()).toMatchObject({
      engine: 'native',
      reason: `${good} loads`,
      tried: [{ file: bad, why: expect.stringMatching(/^it has 1000 bytes/) }],
    });
  });

  it.skipIf(NATIVE_SKIPPED)('PREBUILDS_ONLY leaves the local build alone', () => {
    place(LOCAL);
    const good = place(PREBUILT);
    expect(run({ PREBUILDS_ONLY: '1' })).toMatchObject({ reason: `${good} loads`, tried: [] });
  });

  it.skipIf(NATIVE_SKIPPED)('ACCUMULATE_MEMDB_PREBUILD names another folder', () => {
    const other = place(`elsewhere/${PREBUILT}`);
    const env = { ACCUMULATE_MEMDB_PREBUILD: join(installed, 'elsewhere') };
    expect(run(env)).toMatchObject({ reason: `${other} loads`, tried: [] });
  });

  const glibc = LINUX && !NATIVE_SKIPPED && !existsSync('/etc/alpine-release');
  it.skipIf(!glibc)('a binary for musl is not loaded on glibc', () => {
    const musl = place(`${PLATFORM}/accumulate-memdb.musl.node`);
    expectRefused(run(), PLATFORM, /there is no binary for linux \S+ glibc/);
    expectRefused(run({ LIBC: 'musl' }), musl, /it is made for musl, and this program uses glibc/);
  });

  function recordOf(path: string): string {
    return path.replace(/\.node$/, '.json');
  }

  function read(path: string): object {
    return JSON.parse(readFileSync(recordOf(path), 'utf8')) as object;
  }

  /** The binary with another machine type in its ELF header. */
  function otherProcessor(): Uint8Array {
    const bytes = Buffer.from(whole);
    bytes.writeUInt16LE(0x102, 18);
    return bytes;
  }

  /** An addon of another package. */
  function otherAddon(): Uint8Array {
    const from = createRequire(createRequire(import.meta.url).resolve('lmdb'));
    const main = from.resolve(`@lmdb/lmdb-${process.platform}-${process.arch}`);
    const copy = join(project, 'other.node');
    copyFileSync(join(dirname(main), `node.napi${LINUX ? '.glibc' : ''}.node`), copy);
    return readFileSync(copy);
  }
});
