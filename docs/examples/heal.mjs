// @ts-check
// A healing job. It loads records into a store and proves the entries of every chain in worker threads. The
// proofs go to standard output as JSON, one a line.
//
//   node heal.mjs FILE [WORKERS]
import { Worker } from 'node:worker_threads';
import { Key, MemDB } from 'accumulate-memdb';
import { Chain, Receipt, readRecords } from 'accumulate-memdb/healing';

/** How many records are committed together. */
const BLOCK = 1000;

const [file, count = '2'] = process.argv.slice(2);
const workers = Number(count);
if (file === undefined || !(workers >= 1)) {
  console.error('Usage: node heal.mjs FILE [WORKERS]');
  process.exit(2);
}

const db = new MemDB();
try {
  const records = await load(file);
  const chains = findChains();
  console.error(`${records} records, ${chains.length} chains, engine ${db.engine}`);

  const proved = await prove(chains);
  console.error(`${proved} proofs`);
  if (proved === 0) process.exitCode = 1;
} finally {
  db.close();
}

/**
 * Loads the records of a file. Only what is committed is seen by others, so it commits in blocks.
 *
 * @param {string} path
 */
async function load(path) {
  let loaded = 0;
  let batch = db.begin(null, true);
  try {
    for await (const { key, value } of readRecords(path, { onNote: console.error })) {
      batch.put(key, value);
      if (++loaded % BLOCK === 0) {
        batch.commit();
        batch = db.begin(null, true);
      }
    }
    batch.commit();
  } finally {
    batch.discard();
  }
  return loaded;
}

/** The keys of all chains. The head of a chain is a record whose key ends with `Head`. */
function findChains() {
  return db.view((batch) => {
    /** @type {Key[]} */
    const chains = [];
    for (const [key] of batch) {
      if (key.length > 1 && key.at(-1) === 'Head') chains.push(key.slice(0, -1));
    }
    return chains.sort((a, b) => a.compare(b));
  });
}

/**
 * Gives each worker the next chain when it has proved the last one. Returns how many proofs there are.
 *
 * @param {Key[]} chains
 */
async function prove(chains) {
  let proved = 0;
  let next = 0;
  const team = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL('./heal-worker.mjs', import.meta.url), {
      workerData: db.handle,
    });
    const done = new Promise((resolve, reject) => {
      worker.on('error', reject); // what the worker did not catch
      worker.on('exit', resolve);
      worker.on('message', (/** @type {{ receipts: string[] }} */ { receipts }) => {
        for (const receipt of receipts) proved += check(receipt);
        assign();
      });
    });
    // A key is sent in its binary form: of the package's objects, only the handle crosses threads.
    const assign = () => worker.postMessage(chains[next++]?.encode());
    assign();
    return { worker, done };
  });
  try {
    await Promise.all(team.map(({ done }) => done));
  } finally {
    await Promise.all(team.map(({ worker }) => worker.terminate()));
  }
  return proved;
}

/**
 * Trusts nothing that a worker says. The anchor is compared with the chain in this thread's own view.
 *
 * @param {string} line
 */
function check(line) {
  const { chain, receipt } = JSON.parse(line);
  const proof = Receipt.fromJSON(receipt);
  const anchor = db.view((batch) => new Chain(batch, Key.fromJSON(chain)).anchor());
  if (!proof.validate() || !anchor?.equals(proof.anchor)) {
    throw new Error(`a proof of ${Key.fromJSON(chain)} does not hold`);
  }
  console.log(line);
  return 1;
}
