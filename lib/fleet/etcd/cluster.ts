import { Metadata } from '@grpc/grpc-js';
import { Backoff, Limits } from '../clock.js';
import { FleetAccessError, FleetUnavailableError } from '../errors.js';
import type { Layout } from '../layout.js';
import { Endpoint, type Tls } from './endpoint.js';
import { CallFailure } from './failure.js';
import {
  Authenticate,
  type KeyValue,
  LeaseGrant,
  LeaseKeepAlive,
  LeaseRevoke,
  type Method,
  Range,
  type RangeResponse,
  Status,
  Txn,
  type TxnRequest,
  type TxnResponse,
} from './messages.js';
import { type Followed, Watcher } from './watcher.js';

/** How long one try may take, ms: a server that does not answer is then left for the next one. */
const TRY_MS = 4000;
/** The same for a page of records, which is larger. */
const PAGE_MS = 30_000;
/** A page should have about as many bytes. */
const PAGE_BYTES = 1 << 20;
const FIRST_PAGE = 100;
const LARGEST_PAGE = 5000;

export interface ClusterOptions {
  readonly endpoints: readonly URL[];
  readonly tls: Tls;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** The head of a namespace, as a read found it. */
export interface Head {
  /** The cluster's revision when it was read. */
  readonly now: number;
  /** The revision of the last commit; 0 if there was none. */
  readonly revision: number;
  /** How many commits there were. */
  readonly version: number;
}

/** All records at one revision, in pages. */
export interface Snapshot {
  readonly head: Head;
  readonly pages: AsyncIterable<readonly KeyValue[]>;
}

/**
 * The cluster as one replica has it. Reads are linearizable, and are tried on one server after the other until
 * the limits are over: then they throw `FleetUnavailableError`. They throw `FleetAccessError` at once. A commit
 * is tried once.
 */
export class Cluster {
  readonly #layout: Layout;
  readonly #endpoints: readonly Endpoint[];
  readonly #user: { name: string; password: string } | undefined;
  #current = 0;
  #token: Promise<string> | undefined;

  constructor(layout: Layout, options: ClusterOptions) {
    const { endpoints, tls, user, password } = options;
    this.#layout = layout;
    this.#endpoints = endpoints.map((url) => new Endpoint(url, tls));
    this.#user = user === undefined ? undefined : { name: user, password: password ?? '' };
    // So that the machines of a fleet do not all begin with the same server.
    this.#current = Math.floor(Math.random() * endpoints.length);
  }

  /** The server that is asked now. */
  get endpoint(): string {
    return this.#endpoint.url.host;
  }

  /** Reads the head. */
  async fresh(limits: Limits): Promise<Head> {
    return headOf(await this.#read(Range, { key: this.#layout.head }, limits));
  }

  /**
   * Reads the head as it was at a revision. Returns undefined if the cluster does not have that revision: it
   * was compacted, or was never there.
   */
  async headAt(revision: number, limits: Limits): Promise<Head | undefined> {
    try {
      return headOf(await this.#read(Range, { key: this.#layout.head, revision }, limits));
    } catch (error) {
      if (error instanceof CallFailure && error.kind === 'compacted') return undefined;
      throw error;
    }
  }

  /** Reads all records at one revision. The pages throw `CallFailure` if that is compacted meanwhile. */
  async snapshot(limits: Limits): Promise<Snapshot> {
    const [key, range_end] = this.#layout.records;
    // One transaction reads at one revision.
    const success = [
      { request_range: { key: this.#layout.head } },
      { request_range: { key, range_end, limit: FIRST_PAGE } },
    ];
    const { header, responses } = await this.#read(Txn, { success }, limits, PAGE_MS);
    const [head, first] = responses.map((r) => r.response_range) as [RangeResponse, RangeResponse];
    return {
      head: headOf({ ...head, header }),
      pages: this.#pages(first, header.revision, limits),
    };
  }

  async *#pages(first: RangeResponse, revision: number, limits: Limits) {
    const [, range_end] = this.#layout.records;
    let page = first;
    yield page.kvs;
    while (page.more) {
      const { kvs } = page;
      const last = kvs[kvs.length - 1] as KeyValue;
      const key = Buffer.concat([last.key, Buffer.alloc(1)]);
      const limit = pageLimit(kvs);
      page = await this.#read(Range, { key, range_end, revision, limit }, limits, PAGE_MS);
      yield page.kvs;
    }
  }

  /** Follows head and records from a revision on, until `signal` is aborted or the returned promise rejects. */
  async follow(from: number, followed: Followed, signal: AbortSignal): Promise<void> {
    const metadata = await this.#metadata(new Limits(TRY_MS, signal));
    // The server ends the stream if it has lost its leader, and another one can be asked.
    metadata.set('hasleader', 'true');
    const [key, range_end] = this.#layout.followed;
    await new Watcher(this.#endpoint, metadata).run(key, range_end, from, followed, signal);
  }

  /** Sends a transaction once, encoded by `Txn.request`. Throws `CallFailure`. */
  commit(request: Buffer, limits: Limits): Promise<TxnResponse> {
    return this.#once(Txn, request, limits, TRY_MS);
  }

  /** Sends a transaction that may be sent twice. */
  repeat(request: TxnRequest, limits: Limits): Promise<TxnResponse> {
    return this.#read(Txn, request, limits);
  }

  /** Makes a lease whose id the caller has chosen. */
  async grantLease(id: number, seconds: number, limits: Limits): Promise<void> {
    await this.#read(LeaseGrant, { ID: id, TTL: seconds }, limits);
  }

  async revokeLease(id: number, limits: Limits): Promise<void> {
    await this.#once(LeaseRevoke, LeaseRevoke.request.encode({ ID: id }), limits, TRY_MS);
  }

  /** Prolongs a lease. Returns false if it has expired. */
  async keepLease(id: number, limits: Limits): Promise<boolean> {
    const stream = this.#endpoint.stream(LeaseKeepAlive, await this.#metadata(limits), {
      deadline: Date.now() + Math.min(TRY_MS, limits.left),
    });
    return new Promise((resolve, reject) => {
      stream.on('data', ({ TTL }: { TTL: number }) => {
        resolve(TTL > 0);
        stream.cancel();
      });
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('the stream has ended')));
      stream.write({ ID: id });
    });
  }

  /** Returns version and size of the server that is asked now. */
  status(limits: Limits) {
    return this.#read(Status, {}, limits);
  }

  /** Goes on to the next server. */
  rotate(): void {
    this.#current = (this.#current + 1) % this.#endpoints.length;
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  get #endpoint(): Endpoint {
    return this.#endpoints[this.#current] as Endpoint;
  }

  /** Tries until there is an answer. */
  async #read<Request, Response>(
    method: Method<Request, Response>,
    message: Request,
    limits: Limits,
    tryMs = TRY_MS,
  ): Promise<Response> {
    const request = method.request.encode(message);
    const backoff = new Backoff(20, 500);
    for (;;) {
      try {
        return await this.#once(method, request, limits, tryMs);
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
        if (error.kind !== 'unreachable' && error.kind !== 'busy') throw error;
        const pause = backoff.next();
        if (limits.left <= pause) throw unavailable(error, limits);
        await limits.pause(pause);
      }
    }
  }

  /** Tries once, and once more if the user's session has ended. */
  async #once<Request, Response>(
    method: Method<Request, Response>,
    request: Buffer,
    limits: Limits,
    tryMs: number,
  ): Promise<Response> {
    for (let first = true; ; first = false) {
      const token = this.#token;
      const metadata = await this.#metadata(limits);
      try {
        return await this.#try(method, request, metadata, limits, tryMs);
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
        if (error.kind === 'access') throw denied(error);
        if (error.kind !== 'token') throw error;
        if (!first) throw denied(error);
        if (this.#token === token) this.#token = undefined;
      }
    }
  }

  async #try<Request, Response>(
    method: Method<Request, Response>,
    request: Buffer,
    metadata: Metadata,
    limits: Limits,
    tryMs: number,
  ): Promise<Response> {
    const asked = this.#current;
    const deadline = Date.now() + Math.min(tryMs, limits.left);
    try {
      return await this.#endpoint.call(method, request, {
        deadline,
        metadata,
        signal: limits.signal,
      });
    } catch (error) {
      const lost = error instanceof CallFailure && error.kind === 'unreachable';
      if (lost && this.#current === asked) this.rotate();
      throw error;
    }
  }

  async #metadata(limits: Limits): Promise<Metadata> {
    const metadata = new Metadata();
    if (this.#user !== undefined) metadata.set('token', await this.#login(this.#user, limits));
    return metadata;
  }

  async #login(user: { name: string; password: string }, limits: Limits): Promise<string> {
    if (this.#token === undefined) {
      const request = Authenticate.request.encode(user);
      // Other calls wait for it too. So it does not end when this caller gives up.
      const login = this.#try(
        Authenticate,
        request,
        new Metadata(),
        new Limits(TRY_MS),
        TRY_MS,
      ).then(({ token }) => token);
      this.#token = login;
      login.catch(() => {
        if (this.#token === login) this.#token = undefined;
      });
    }
    try {
      const late = `the cluster did not answer a login within ${limits.timeoutMs} ms`;
      return await limits.share(this.#token, () => new FleetUnavailableError(late));
    } catch (error) {
      if (error instanceof CallFailure && error.kind === 'access') throw denied(error);
      throw error;
    }
  }
}

function headOf({ header, kvs }: RangeResponse): Head {
  const [head] = kvs;
  return {
    now: header.revision,
    revision: head?.mod_revision ?? 0,
    version: head?.version ?? 0,
  };
}

/** How many records the next page should have, by the sizes of this one. */
function pageLimit(kvs: readonly KeyValue[]): number {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const fitting = Math.ceil((kvs.length * PAGE_BYTES) / bytes);
  return Math.min(LARGEST_PAGE, Math.max(1, fitting));
}

function unavailable(failure: CallFailure, limits: Limits): FleetUnavailableError {
  return new FleetUnavailableError(
    `the cluster did not answer within ${limits.timeoutMs} ms: ${failure.message}`,
    { cause: failure },
  );
}

function denied(failure: CallFailure): FleetAccessError {
  return new FleetAccessError(
    `the cluster refused: ${failure.message}; check the options user and password`,
    { cause: failure },
  );
}
