// Real etcd servers on loopback, for tests and benchmarks.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/etcd', import.meta.url));

/** The server's program: that of ETCD or PATH, or else unpacked from Debian's package into a cache folder. */
function find() {
  const unpacked = join(cache, 'usr/bin/etcd');
  for (const path of [process.env.ETCD, unpacked]) if (path && existsSync(path)) return path;
  for (const folder of (process.env.PATH ?? '').split(':')) {
    if (existsSync(join(folder, 'etcd'))) return join(folder, 'etcd');
  }
  mkdirSync(cache, { recursive: true });
  const run = (command, ...args) => execFileSync(command, args, { cwd: cache, stdio: 'pipe' });
  try {
    run('apt-get', 'download', 'etcd-server');
  } catch {
    // The lists of packages are missing or old.
    run('apt-get', 'update');
    run('apt-get', 'download', 'etcd-server');
  }
  const archive = readdirSync(cache).find((name) => name.endsWith('.deb'));
  run('dpkg-deb', '-x', archive, '.');
  return unpacked;
}

/** @type {string} */
let program;
/** @type {string | undefined} */
let skipped;
try {
  program = find();
} catch (error) {
  skipped = `no etcd server: ${error.message.split('\n')[0]}`;
  if (process.env.MEMDB_REQUIRE_ETCD) throw new Error(skipped);
}

/** Why tests are skipped. Undefined if they are not. */
/** @type {string | undefined} */
export const ETCD_SKIPPED = skipped;

/**
 * Ports that nothing listens on.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve(server.address().port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One server. It is ended by the handle of its process. */
export class Server {
  #args;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {Promise<unknown> | undefined} */
  #exited;
  log = '';
  /** The session of a user, for `call`. */
  token = '';

  /**
   * @param {string} name
   * @param {string} url
   * @param {string} folder
   * @param {string[]} args
   */
  constructor(name, url, folder, args) {
    this.name = name;
    this.url = url;
    this.folder = folder;
    this.#args = args;
  }

  get running() {
    return this.#child !== undefined;
  }

  start() {
    const child = spawn(program, ['--data-dir', this.folder, ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    // Its log also shows why a test failed.
    child.stderr.on('data', (text) => {
      this.log = (this.log + text).slice(-20_000);
    });
    child.unref();
    child.stderr.unref();
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.#child?.kill(name);
  }

  async kill() {
    const exited = this.#exited;
    if (this.#child === undefined) return;
    this.#child.ref();
    this.#child.kill('SIGKILL');
    this.#child = undefined;
    await exited;
  }

  /**
   * Calls an RPC by the JSON gateway, which shares no code with the package.
   * @param {string} path
   * @param {object} body
   * @returns {Promise<any>}
   */
  async call(path, body = {}, timeoutMs = 5000) {
    const response = await fetch(`${this.url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: this.token ? { Authorization: this.token } : {},
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${text}`);
    return JSON.parse(text.split('\n')[0]);
  }

  async ready(timeoutMs = 20_000) {
    const end = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await this.call('kv/range', { key: btoa('ready') }, 1000);
      } catch (error) {
        if (Date.now() > end) throw new Error(`${this.name} is not ready: ${error}\n${this.log}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** A cluster of servers of its own. */
export class TestCluster {
  /**
   * Starts servers and waits until they answer.
   * @param {number} [count]
   * @param {{ args?: string[], scheme?: string }} [options]
   */
  static async start(count = 1, { args = [], scheme = 'http' } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'memdb-etcd-'));
    const ports = await freePorts(2 * count);
    const peers = ports.slice(count).map((port, i) => `n${i}=http://127.0.0.1:${port}`);
    const servers = peers.map((peer, i) => {
      const [name, peerUrl] = peer.split('=');
      const url = `${scheme}://127.0.0.1:${ports[i]}`;
      return new Server(name, url, join(folder, name), [
        ...['--name', name, '--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', peers.join(','), '--initial-cluster-token', folder],
        ...['--heartbeat-interval', '100', '--election-timeout', '1000', '--logger', 'zap'],
        ...args,
      ]);
    });
    const cluster = new TestCluster(servers, folder);
    for (const server of servers) server.start();
    if (scheme === 'http') await Promise.all(servers.map((server) => server.ready()));
    return cluster;
  }

  /**
   * @param {Server[]} servers
   * @param {string} folder
   */
  constructor(servers, folder) {
    this.servers = servers;
    this.folder = folder;
  }

  get endpoints() {
    return this.servers.map((server) => server.url);
  }

  /** Any server that runs. */
  get any() {
    return /** @type {Server} */ (this.servers.find((server) => server.running));
  }

  /**
   * Calls an RPC on a server that runs.
   * @param {string} path
   * @param {object} [body]
   */
  call(path, body) {
    return this.any.call(path, body);
  }

  /**
   * The server that leads now.
   * @returns {Promise<Server>}
   */
  async leader() {
    for (;;) {
      for (const server of this.servers) {
        if (!server.running) continue;
        const status = await server.call('maintenance/status', {}, 1000).catch(() => undefined);
        if (status?.leader && status.leader === status.header.member_id) return server;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }
}
