export { Chain } from './chain.js';
export type { FileRecord, ReadOptions } from './filerecord.js';
export { type HealOptions, heal, type Progress } from './job/job.js';
export type { ChainReport, Latency, Rate, Report } from './job/report.js';
export { readJsonRecords } from './jsonrecords.js';
export {
  Receipt,
  type ReceiptEntry,
  type ReceiptFields,
  type ReceiptJSON,
  type ValidateOptions,
} from './receipt.js';
export { readRecords } from './records.js';
export { readSnapshot } from './snapshot.js';
export { State } from './state.js';
