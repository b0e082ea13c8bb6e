import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Key, MemDB } from 'accumulate-memdb';
import { Chain, Receipt } from 'accumulate-memdb/healing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { ROOT } from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = (name: string) => join(ROOT, 'docs/examples', name);

describe.each(ENGINES)('the examples (%s)', (engine) => {
  const env = { ...process.env, MEMDB_ENGINE: engine };
  const run = (name: string, ...args: string[]) =>
    promisify(execFile)(process.execPath, [program(name), ...args], { env, timeout: 50_000 });

  it('port the ledger of Bolt code', async () => {
    const { stdout } = await run('bolt.mjs');
    expect(stdout).toBe('bob has only 30\nalice: 70\nbob: 30\n');
  });

  /** Writes two chains to a file as JSON records, and returns its path. */
  function chainsFile(damage = false): string {
    const db = new MemDB({ engine });
    db.update((batch) => {
      for (const [name, height] of [
        ['a', 300],
        ['b', 5],
      ] as const) {
        const chain = new Chain(batch, Key.of(name, 'MainChain'));
        for (let i = 0; i < height; i++) chain.addEntry(Buffer.alloc(32, `${name}${i}`));
      }
    });
    const records = db.view((batch) =>
      Array.from(batch, ([key, value]) => ({ Key: key, Value: value.toString('base64') })),
    );
    db.close();
    const file = join(folder, `${engine}.json`);
    const text = JSON.stringify(records);
    writeFileSync(file, damage ? text.slice(0, -10) : text);
    return file;
  }

  it('prove every entry of every chain of a file', async () => {
    const { stdout, stderr } = await run('heal.mjs', chainsFile());
    const proofs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(proofs).toHaveLength(305);
    expect(proofs.every(({ receipt }) => Receipt.fromJSON(receipt).validate())).toBe(true);
    expect(new Set(proofs.map(({ receipt }) => receipt.start)).size).toBe(305);
    expect(stderr).toContain(`2 chains, engine ${engine}\n305 proofs`);
  });

  it('end with an error if the file is damaged', async () => {
    await expect(run('heal.mjs', chainsFile(true))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('EncodingError'),
    });
  });

  describe('the service', () => {
    let service: ChildProcess | undefined;
    afterEach(() => service?.kill('SIGKILL'));

    async function start(): Promise<string> {
      service = spawn(process.execPath, [program('service.mjs'), '0'], { env });
      const lines = createInterface({ input: service.stdout as NodeJS.ReadableStream });
      const [url] = await once(lines, 'line');
      return url;
    }

    it('shows each read what was written before', async () => {
      const url = await start();
      const put = (path: string, body: string) => fetch(`${url}${path}`, { method: 'PUT', body });
      expect((await put('/a/b', 'first')).status).toBe(201);
      expect((await put('/a/b', 'second')).status).toBe(200);
      const values = await Promise.all(
        Array.from({ length: 20 }, async () => (await fetch(`${url}/a/b`)).text()),
      );
      expect(new Set(values)).toEqual(new Set(['second']));
      expect((await fetch(`${url}/a/b`, { method: 'DELETE' })).status).toBe(204);
      expect((await fetch(`${url}/a/b`)).status).toBe(404);
    });

    it('shows its state, and refuses what it cannot do', async () => {
      const url = await start();
      await fetch(`${url}/a`, { method: 'PUT', body: 'value' });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^memdb_entries 1\n/);
      expect(metrics).toContain('memdb_openBatches 0\n');
      expect((await fetch(`${url}/a`, { method: 'PATCH' })).status).toBe(405);
      const large = { method: 'PUT', body: Buffer.alloc(2 << 20) };
      const status = await fetch(`${url}/a`, large).then(
        (response) => response.status,
        () => 413, // the service may close the connection before all is sent
      );
      expect(status).toBe(413);
      expect(await (await fetch(`${url}/a`)).text()).toBe('value');
    });

    it('ends when it is told to', async () => {
      const url = await start();
      await fetch(`${url}/a`, { method: 'PUT', body: 'value' });
      service?.kill('SIGTERM');
      expect(await once(service as ChildProcess, 'exit')).toEqual([0, null]);
    });
  });
});
