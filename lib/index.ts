export type { Batch, CommitOptions, PrefixOptions, ReadBatch } from './batch.js';
export type { EngineName } from './engine/engine.js';
export type { ReadOnlyHandle } from './engine/handle.js';
export { type EngineChoice, type EngineInfo, engineInfo } from './engine/select.js';
export type { Stats, ThreadStats } from './engine/stats.js';
export * from './errors.js';
export type { Beginner, ChangeSet, Store, Value } from './keyvalue.js';
export {
  type BeginOptions,
  MemDB,
  type MemDBOptions,
  type TransactionOptions,
  type UpdateOptions,
  type WaitOptions,
} from './memdb.js';
export type { JsonPart } from './record/json.js';
export { Key, type KeyLike } from './record/key.js';
export {
  Hash,
  hash,
  type Part,
  type PartLike,
  type TxIdLike,
  Uint,
  type UrlLike,
  uint,
} from './record/part.js';
export { Time } from './record/time.js';
export { TxId } from './record/txid.js';
export { AccountUrl } from './record/url.js';
