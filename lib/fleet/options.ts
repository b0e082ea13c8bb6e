import type { EngineChoice } from '../index.js';
import { checkNumber, checkOptions, checkSignal, checkTimeout } from '../options.js';
import { show } from '../record/show.js';
import type { Tls } from './etcd/endpoint.js';

/**
 * Options of `Replica.open`.
 * @example
 * ```ts
 * const options: ReplicaOptions = {
 *   endpoints: ['http://10.0.0.1:2379', 'http://10.0.0.2:2379', 'http://10.0.0.3:2379'],
 *   namespace: 'healing/',
 * };
 * ```
 */
export interface ReplicaOptions {
  /** The servers of the cluster, for example `http://10.0.0.1:2379`. Use `https` for TLS. */
  endpoints: readonly string[];
  /** What precedes every key in the cluster, for example `healing/`. Replicas of one namespace share its records. */
  namespace: string;
  /** The engine of the local data, as for `new MemDB()`. */
  engine?: EngineChoice;
  /** The certificates to use for `https`. */
  tls?: Tls;
  user?: string;
  password?: string;
  /** How long opening may take, ms: 30,000 by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** How many operations a transaction may have, as `--max-txn-ops` of the servers says: 128 by default. */
  maxOps?: number;
  /** How many bytes a request may have, as `--max-request-bytes` of the servers says: 1.5 MB by default. */
  maxBytes?: number;
}

/**
 * Options of `Replica.update` and `Replica.sync`.
 * @see FleetUnavailableError
 */
export interface WaitOptions {
  /** How long it may take, ms: 30,000 by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Options of `Replica.view`.
 * @see ReplicaStaleError
 */
export interface ViewOptions {
  /** How old the data may be, ms. It is checked about once a second, so smaller bounds fail at times; use `sync`. */
  maxLagMs?: number;
}

const TIMEOUT_MS = 30_000;
/** The defaults of etcd. */
const MAX_OPS = 128;
const MAX_BYTES = 1.5 * 1024 * 1024;

const KNOWN = [
  'endpoints',
  'namespace',
  'engine',
  'tls',
  'user',
  'password',
  'timeoutMs',
  'signal',
  'maxOps',
  'maxBytes',
];

/** Returns the options of `Replica.open` with their defaults. Throws `TypeError`. */
export function checkReplicaOptions(options: ReplicaOptions) {
  checkOptions('Replica.open', options, KNOWN);
  const { endpoints, namespace, engine, tls = {}, user, password } = options;
  if (typeof namespace !== 'string' || namespace === '') {
    throw new TypeError(
      `option namespace must be a text like 'healing/', not ${show(namespace)}; each fleet of the cluster has its own`,
    );
  }
  checkOptions('tls', tls, ['ca', 'cert', 'key']);
  return {
    ...checkWait('Replica.open', options, KNOWN),
    namespace,
    engine,
    tls,
    user: checkText('user', user),
    password: checkText('password', password),
    endpoints: checkEndpoints(endpoints),
    maxOps: checkNumber('maxOps', options.maxOps ?? MAX_OPS, 3),
    maxBytes: checkNumber('maxBytes', options.maxBytes ?? MAX_BYTES, 1),
  };
}

/** Returns timeout and signal. Throws `TypeError`. */
export function checkWait(of: string, options: WaitOptions, known = ['timeoutMs', 'signal']) {
  checkOptions(of, options, known);
  return { timeoutMs: checkTimeout(options) ?? TIMEOUT_MS, signal: checkSignal(options) };
}

/** Returns the bound on lag, if there is one. Throws `TypeError`. */
export function checkView(options: ViewOptions): number | undefined {
  checkOptions('Replica.view', options, ['maxLagMs']);
  const { maxLagMs } = options;
  return maxLagMs === undefined ? undefined : checkNumber('maxLagMs', maxLagMs);
}

function checkEndpoints(endpoints: readonly string[]): URL[] {
  if (!Array.isArray(endpoints) || endpoints.length === 0) {
    throw new TypeError(
      `option endpoints must be a list like ['http://127.0.0.1:2379'], not ${show(endpoints)}`,
    );
  }
  const urls = endpoints.map((text) => {
    const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
    throw new TypeError(`an endpoint must be like http://127.0.0.1:2379, not ${show(text)}`);
  });
  return urls;
}

function checkText(name: string, text: string | undefined): string | undefined {
  if (text === undefined || typeof text === 'string') return text;
  throw new TypeError(`option ${name} must be a text, not ${show(text)}`);
}
