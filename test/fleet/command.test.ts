import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Key, uint } from 'accumulate-memdb';
import { afterAll, expect, test } from 'vitest';
import { contents, describeFleet } from './fleet.js';
import { freePorts } from './server.mjs';

const cli = fileURLToPath(new URL('../../dist/lib/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'memdb-fleet-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

function command(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, 'fleet', ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test('bad usage is told in one line, with status 2', async () => {
  for (const [args, message] of [
    [[], 'write fleet status, fleet load FILE or fleet follow'],
    [['load'], 'write fleet load FILE'],
    [['status'], 'write --namespace NAME'],
    [['follow', 'x'], 'there is no use for x'],
    [['follow', '--namespace', 'n/', '--max-ops', 'x'], '--max-ops is x'],
    [['status', '--namespace', 'n/', '--endpoints', 'x'], 'an endpoint must be like http:'],
  ] as const) {
    const { status, stdout, stderr } = await command(...args);
    expect(stderr).toContain(message);
    expect([status, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
  }
  expect((await command('--help')).stdout).toContain('Usage: accumulate-memdb fleet');
});

test.skipIf(!existsSync('/dev/full'))('output that cannot be written is status 2', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [cli, 'fleet', '--help'], {
    stdio: ['ignore', full, 'ignore'],
  });
  expect((await once(child, 'exit'))[0]).toBe(2);
  closeSync(full);
});

test('a cluster that does not answer is told in one line, in the time that was given', async () => {
  const [port] = await freePorts(1);
  const endpoints = `http://127.0.0.1:${port}`;
  const args = ['--namespace', 'n/', '--endpoints', endpoints, '--timeout', '300'];
  for (const name of ['status', 'follow']) {
    const { status, stderr } = await command(name, ...args);
    expect(stderr).toContain('the cluster did not answer within 300 ms');
    expect(status).toBe(2);
  }
});

describeFleet('the command', { engines: ['native'] }, (fleet) => {
  test('loads a file, shows the state, and follows', async () => {
    const file = join(folder, 'records.json');
    const records = Array.from({ length: 300 }, (_, i) => ({
      Key: Key.of('a', uint(i)).toJSON(),
      Value: Buffer.from(`v${i}`).toString('base64'),
    }));
    const deleted = { ...records[0], Delete: true };
    writeFileSync(file, JSON.stringify([...records, deleted]));
    const { cluster, namespace } = fleet;
    const args = ['--namespace', namespace, '--endpoints', cluster.endpoints.join()];

    const loaded = await command('load', file, ...args, '--json');
    expect(loaded.stderr).toBe('');
    expect(JSON.parse(loaded.stdout)).toMatchObject({ records: 300, transactions: 3, notes: [] });
    const replica = await fleet.open();
    expect(Object.keys(contents(replica))).toHaveLength(299);
    expect(contents(replica)['a.0']).toBe(undefined);
    expect(contents(replica)['a.7']).toBe('v7');

    const state = await command('status', ...args);
    expect(state.stdout).toMatch(/etcd 3\.\d+\.\d+, [\d.]+ MB, leads/);
    expect(state.stdout).toContain(`namespace ${namespace} has 3 commits`);

    const followed = await command('follow', ...args, '--seconds', '2');
    expect(followed.stdout).toMatch(/revision \d+, 299 records, following, lag at most \d+ ms/);
    expect(followed.status).toBe(0);
  });

  test('follow ends when the reader of its output does', async () => {
    const { cluster, namespace } = fleet;
    const args = ['follow', '--namespace', namespace, '--endpoints', cluster.endpoints.join()];
    const child = spawn(process.execPath, [cli, 'fleet', ...args]);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
