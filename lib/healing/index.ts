export { Chain } from './chain.js';
export { readBolt } from './files/bolt.js';
export type { Destination, Records, WriteOptions } from './files/destination.js';
export type { FileRecord, ReadOptions } from './files/filerecord.js';
export { readJsonRecords } from './files/jsonrecords.js';
export { writeJsonRecords } from './files/jsonwriter.js';
export { readRecords } from './files/records.js';
export { readSnapshot } from './files/snapshot.js';
export { writeSnapshot } from './files/snapshotwriter.js';
export { IndexChain, IndexSearch } from './indexchain.js';
export { IndexEntry, type IndexField, type IndexFields } from './indexentry.js';
export { chainsIn, type EntryRange, missing, type StoredChain } from './inventory.js';
export { type HealOptions, heal, type Progress } from './job/job.js';
export type { ChainReport, Latency, Rate, Report } from './job/report.js';
export {
  Receipt,
  type ReceiptEntry,
  type ReceiptFields,
  type ReceiptJSON,
  type ValidateOptions,
} from './receipt.js';
export { State } from './state.js';
export { type SyntheticMessage, sourceReceipt, syntheticReceipt } from './synthetic.js';
