import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key } from 'accumulate-memdb';
import { FleetAccessError, FleetUnavailableError, Replica } from 'accumulate-memdb/fleet';
import { describe, expect, test } from 'vitest';
import { contents, describeFleet, until } from './fleet.js';
import { TcpProxy } from './proxy.js';
import { ETCD_SKIPPED, freePorts, TestCluster } from './server.mjs';

const a = Key.of('a');

test('without a server, opening fails in the time that was given', async () => {
  const [port] = await freePorts(1);
  const started = Date.now();
  const opening = Replica.open({
    endpoints: [`http://127.0.0.1:${port}`],
    namespace: 'n/',
    timeoutMs: 400,
  });
  await expect(opening).rejects.toThrow(FleetUnavailableError);
  expect(Date.now() - started).toBeLessThan(2500);
});

test.each([
  [{}, /option namespace must be a text/],
  [{ namespace: 'n/' }, /option endpoints must be a list/],
  [{ namespace: 'n/', endpoints: ['127.0.0.1:2379'] }, /an endpoint must be like http:/],
  [{ namespace: 'n/', endpoints: ['http://x'], maxOps: 1 }, /option maxOps must be a number of 3/],
  [{ namespace: 'n/', endpoints: ['http://x'], tls: { pem: '' } }, /tls has no option 'pem'/],
  [{ namespace: 'n/', endpoints: ['http://x'], wait: 1 }, /Replica.open has no option 'wait'/],
])('options %j are refused: %s', async (options, message) => {
  // @ts-expect-error: that is what is tested
  const opening = Replica.open(options);
  await expect(opening).rejects.toThrow(TypeError);
  await expect(opening).rejects.toThrow(message);
});

describe.skipIf(ETCD_SKIPPED)('user and password', () => {
  test('are asked for by the cluster; wrong ones and missing permissions are told', async () => {
    await using cluster = await TestCluster.start();
    const { endpoints } = cluster;
    const grant = (role: string, user: string, password: string) => [
      ['auth/user/add', { name: user, password }],
      ['auth/role/add', { name: role }],
      ['auth/user/grant', { user, role }],
    ];
    const permission = { permType: 2, key: btoa('n/'), range_end: btoa('n0') };
    const steps = [
      ...grant('root', 'root', 'secret'),
      ...grant('healer', 'healer', 'pass'),
      ['auth/role/grant', { name: 'healer', perm: permission }],
      ['auth/enable', {}],
    ] as [string, object][];
    for (const [path, body] of steps) await cluster.call(path, body);

    const options = { endpoints, namespace: 'n/', timeoutMs: 3000 };
    const healer = { ...options, user: 'healer', password: 'pass' };
    await using replica = await Replica.open(healer);
    await replica.update((batch) => batch.put(a, '1'));
    await using other = await Replica.open(healer);
    expect(contents(other)).toEqual({ a: '1' });

    const wrong = Replica.open({ ...healer, password: 'guess' });
    await expect(wrong).rejects.toThrow(FleetAccessError);
    await expect(wrong).rejects.toThrow(/check the options user and password/);
    await expect(Replica.open(options)).rejects.toThrow(FleetAccessError);
    const elsewhere = Replica.open({ ...healer, namespace: 'm/' });
    await expect(elsewhere).rejects.toThrow(FleetAccessError);

    // A restart ends the sessions of users; a replica makes a new one.
    const [server] = cluster.servers as [TestCluster['servers'][number]];
    await server.kill();
    server.start();
    await replica.update((batch) => batch.put(a, '2'));
    await other.sync();
    expect(contents(other)).toEqual({ a: '2' });
  });
});

/** Makes a certificate for a name, signed by itself. */
function certificate(folder: string, name: string): string {
  const path = join(folder, name);
  const [key, cert] = [`${path}.key`, `${path}.crt`];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=memdb', '-days', '2'],
      ...['-addext', `subjectAltName=${name}`],
    ],
    { stdio: 'ignore' },
  );
  return path;
}

describe.skipIf(ETCD_SKIPPED)('TLS', () => {
  test('a certificate that matches is taken; another name and an unknown authority are not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'memdb-tls-'));
    try {
      for (const [name, works] of [
        ['IP:127.0.0.1', true],
        ['DNS:elsewhere', false],
      ] as const) {
        const path = certificate(folder, name);
        await using cluster = await TestCluster.start(1, {
          scheme: 'https',
          args: ['--cert-file', `${path}.crt`, '--key-file', `${path}.key`],
        });
        const options = { endpoints: cluster.endpoints, namespace: 'n/' };
        const ca = readFileSync(`${path}.crt`);
        if (works) {
          await using replica = await Replica.open({ ...options, tls: { ca } });
          await replica.update((batch) => batch.put(a, '1'));
          expect(contents(replica)).toEqual({ a: '1' });
          const unknown = Replica.open({ ...options, timeoutMs: 500 });
          await expect(unknown).rejects.toThrow(FleetUnavailableError);
          await expect(unknown).rejects.toThrow(/self.signed certificate/);
        } else {
          await until(() => cluster.any.log.includes('serving client'));
          const mismatch = Replica.open({ ...options, tls: { ca }, timeoutMs: 1500 });
          await expect(mismatch).rejects.toThrow(FleetUnavailableError);
          await expect(mismatch).rejects.toThrow(/does not match certificate/);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describeFleet('a server that is gone', {}, (fleet) => {
  test('leaves the local data readable, and the replica follows again when it is back', async () => {
    await using proxy = await TcpProxy.start(fleet.cluster.endpoints[0] as string);
    const writer = await fleet.open();
    const replica = await fleet.open({ endpoints: [proxy.url] });
    await writer.update((batch) => batch.put(a, '1'));
    await replica.sync();
    proxy.mode = 'hang';
    proxy.cut();
    await until(() => replica.status().state === 'disconnected');
    await writer.update((batch) => batch.put(a, '2'));
    expect(contents(replica)).toEqual({ a: '1' });
    expect(replica.status().problem).toBeInstanceOf(Error);
    proxy.mode = 'pass';
    proxy.cut();
    await until(() => contents(replica).a === '2');
    expect(replica.status()).toMatchObject({ state: 'following', problem: undefined, loads: 1 });
  });
});
