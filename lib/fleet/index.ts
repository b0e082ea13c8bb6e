export { ConflictError } from '../index.js';
export * from './errors.js';
export type { Tls } from './etcd/endpoint.js';
export type { FeedState } from './feed.js';
export type { ReplicaOptions, ViewOptions, WaitOptions } from './options.js';
export { type Position, positionOf } from './position.js';
export type { UpdateBatch } from './recording.js';
export { Replica, type ReplicaStatus } from './replica.js';
