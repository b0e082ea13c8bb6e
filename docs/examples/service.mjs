// @ts-check
// An HTTP service. Four workers serve reads, this thread writes: PUT and DELETE change a record, GET reads it,
// GET /metrics shows the state of the store.
//
//   node service.mjs [PORT]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import { Key, MemDB, MemDBError } from 'accumulate-memdb';

const WORKERS = 4;
const MAX_BODY = 1 << 20;

const db = new MemDB({ maxBytes: 1 << 30 });

/** Questions that wait for an answer, by their number. */
const waiting = new Map();
let asked = 0;

const workers = Array.from({ length: WORKERS }, () => {
  const worker = new Worker(new URL('./service-worker.mjs', import.meta.url), {
    workerData: db.handle,
  });
  worker.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(value);
  });
  // Its questions would wait for good. What supervises the service starts it again.
  worker.on('error', (error) => {
    throw error;
  });
  return worker;
});

/**
 * Lets a worker look a key up. It sees every commit that was made before.
 *
 * @param {Key} key
 * @returns {Promise<Uint8Array | undefined>}
 */
function read(key) {
  const id = asked++;
  workers[id % WORKERS]?.postMessage({ id, key: key.encode() });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const server = createServer(async (request, response) => {
  try {
    const { status, body } = await answer(request);
    response.writeHead(status).end(body);
  } catch (error) {
    // A message of this package says what was wrong with the request. Others are for the log.
    const known = error instanceof MemDBError;
    if (!known) console.error(error);
    response.writeHead(known ? 400 : 500).end(known ? `${error.code}: ${error.message}\n` : '');
  }
});

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{ status: number, body?: string | Uint8Array }>}
 */
async function answer(request) {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/metrics') return { status: 200, body: metrics() };
  // Decoded last, so that a slash in a part does not end it.
  const key = Key.of(...pathname.slice(1).split('/').map(decodeURIComponent));
  switch (request.method) {
    case 'GET': {
      const value = await read(key);
      return value === undefined ? { status: 404 } : { status: 200, body: value };
    }
    case 'PUT': {
      const value = await bodyOf(request);
      if (value === undefined) return { status: 413 };
      // Everything is awaited before the update: its function is synchronous, and others wait for it.
      const existed = db.update((batch) => {
        const before = batch.has(key);
        batch.put(key, value);
        return before;
      });
      return { status: existed ? 200 : 201 };
    }
    case 'DELETE':
      db.update((batch) => batch.delete(key));
      return { status: 204 };
    default:
      return { status: 405 };
  }
}

/**
 * Returns undefined if it is too long.
 *
 * @param {import('node:http').IncomingMessage} request
 */
async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function metrics() {
  const { entries, bytes, heldBytes, openBatches, oldestPinAge, commits, threads } = db.stats();
  const numbers = { entries, bytes, heldBytes, openBatches, oldestPinAge, commits };
  const lines = Object.entries({ ...numbers, threads: threads.length });
  return lines.map(([name, value]) => `memdb_${name} ${value}\n`).join('');
}

/** Finishes what was asked, then ends the workers and the store. */
async function stop() {
  server.close();
  server.closeIdleConnections();
  await once(server, 'close');
  await Promise.all(workers.map((worker) => worker.terminate()));
  db.close();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);

server.listen(Number(process.argv[2] ?? 8080), () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`http://localhost:${port}`);
});
