import { readChanges } from '../../healing/files/records.js';
import { Limits, now } from '../clock.js';
import { Cluster } from '../etcd/cluster.js';
import type { RequestOp } from '../etcd/messages.js';
import { encodeRecord, Layout } from '../layout.js';
import { checkReplicaOptions, type ReplicaOptions } from '../options.js';
import { Writer } from '../writer.js';

/** What a request has besides records, at most, and what each record has besides key and value. */
const REQUEST_BYTES = 2048;
const RECORD_BYTES = 32;

/** What was put into the cluster. */
export interface LoadReport {
  readonly records: number;
  readonly transactions: number;
  readonly seconds: number;
  /** A sentence for each thing in the file that was not read, or not checked. */
  readonly notes: readonly string[];
}

/**
 * Puts the records of a file into a namespace, in transactions that the servers take, one after the other. Each
 * is atomic; the whole is not. Throws what `readChanges` and `Writer.commit` throw.
 */
export async function load(
  path: string,
  options: ReplicaOptions,
  onRecords: (count: number) => void,
): Promise<LoadReport> {
  const checked = checkReplicaOptions(options);
  const layout = new Layout(checked.namespace);
  const cluster = new Cluster(layout, checked);
  const writer = new Writer(cluster, layout, checked.maxOps, checked.maxBytes);
  const started = now();
  const notes: string[] = [];
  let records = 0;
  let transactions = 0;
  /** By key: a transaction may not write one key twice. The last record of a key counts. */
  let pending = new Map<string, RequestOp>();
  let bytes = REQUEST_BYTES;
  const send = async () => {
    if (pending.size === 0) return;
    const writes = [...pending.values()];
    await writer.commit(
      { compare: [], writes, puts: writes.filter((op) => op.request_put).length },
      new Limits(checked.timeoutMs),
    );
    transactions++;
    pending = new Map();
    bytes = REQUEST_BYTES;
    onRecords(records);
  };
  try {
    for await (const record of readChanges(path, { onNote: (note) => notes.push(note) })) {
      const key = layout.record(record.key);
      const value = record.value && encodeRecord(record.key, record.value);
      const size = key.length + (value?.length ?? 0) + RECORD_BYTES;
      if (bytes + size > checked.maxBytes || pending.size === writer.maxWrites) await send();
      // A list may delete a record that it had before.
      const write = value ? { request_put: { key, value } } : { request_delete_range: { key } };
      pending.set(key.toString('latin1'), write);
      bytes += size;
      if (value) records++;
    }
    await send();
    return { records, transactions, seconds: (now() - started) / 1000, notes };
  } finally {
    await writer.close(new Limits(1000));
    cluster.close();
  }
}
