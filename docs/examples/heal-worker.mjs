// @ts-check
// A worker of heal.mjs: proves the entries of the chains that it is asked for.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, NotFoundError } from 'accumulate-memdb';
import { Chain } from 'accumulate-memdb/healing';

const db = MemDB.attach(workerData);

parentPort?.on('message', (/** @type {Uint8Array | undefined} */ bytes) => {
  if (bytes === undefined) return parentPort?.close(); // there are no more chains
  parentPort?.postMessage({ receipts: prove(Key.decode(bytes)) });
});

/**
 * Proves every entry of a chain that is in the store, to the anchor of the chain. A store of the network often
 * has only the last entries.
 *
 * @param {Key} key
 */
function prove(key) {
  return db.view((batch) => {
    const chain = new Chain(batch, key);
    const { count } = chain.head();
    /** @type {string[]} */
    const receipts = [];
    for (let i = count - 1; i >= 0; i--) {
      const receipt = receiptOf(chain, i);
      if (receipt === undefined) break;
      receipts.push(JSON.stringify({ chain: key.toJSON(), receipt }));
    }
    return receipts;
  });
}

/**
 * Returns undefined if the store does not have what the proof needs.
 *
 * @param {Chain} chain
 * @param {number} i
 */
function receiptOf(chain, i) {
  try {
    return chain.receipt(i);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
