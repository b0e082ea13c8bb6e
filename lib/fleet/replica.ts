import { setMaxListeners } from 'node:events';
import {
  ConflictError,
  DatabaseClosedError,
  MemDB,
  type ReadBatch,
  type ReadOnlyHandle,
  type Stats,
} from '../index.js';
import { show } from '../record/show.js';
import { checkFunction, refusePromise, type Synchronous } from '../synchronous.js';
import { Backoff, Limits } from './clock.js';
import { Draft } from './draft.js';
import { ReplicaStaleError } from './errors.js';
import { Cluster } from './etcd/cluster.js';
import { Feed, type FeedState } from './feed.js';
import { Layout } from './layout.js';
import {
  checkReplicaOptions,
  checkView,
  checkWait,
  type ReplicaOptions,
  type ViewOptions,
  type WaitOptions,
} from './options.js';
import type { UpdateBatch } from './recording.js';
import { Visible } from './visible.js';
import { type Outcome, Writer } from './writer.js';

/** How long closing waits for the cluster, ms. */
const CLOSE_MS = 1000;

/**
 * The state of a replica.
 * @see FleetUnavailableError
 */
export interface ReplicaStatus {
  readonly state: FeedState;
  /** The revision of the cluster that the local data is of. */
  readonly revision: number;
  /** How many commits to the namespace there were. */
  readonly commits: number;
  /** Everything that was committed longer ago than this, in milliseconds, is in the local data. */
  readonly lagMs: number;
  /** The server that is asked now. */
  readonly endpoint: string;
  /** How often all records were loaded. */
  readonly loads: number;
  /** The last failure, while it lasts. */
  readonly problem: Error | undefined;
}

/**
 * A copy, in the memory of this process, of the records that a fleet of machines shares in an etcd cluster. It
 * follows what is committed anywhere. Reads are local; updates go to the cluster.
 * @example
 * ```ts
 * async function work(options: ReplicaOptions) {
 *   const replica = await Replica.open(options);
 *   replica.view((b) => b.tryGet(Key.of('height'))); // local: a snapshot of one revision
 *   await replica.update((b) => b.put(Key.of('height'), '7'));
 *   await replica.sync(); // everything that was committed before is here
 *   await replica.close();
 * }
 * ```
 */
export class Replica {
  readonly #db: MemDB;
  readonly #cluster: Cluster;
  readonly #layout: Layout;
  readonly #feed: Feed;
  readonly #writer: Writer;
  readonly #closing = new AbortController();
  readonly #updates = new Set<Promise<unknown>>();

  private constructor(options: ReturnType<typeof checkReplicaOptions>) {
    const { engine, namespace, maxOps, maxBytes } = options;
    // Each update that is under way listens.
    setMaxListeners(0, this.#closing.signal);
    this.#db = new MemDB(engine === undefined ? {} : { engine });
    this.#layout = new Layout(namespace);
    this.#cluster = new Cluster(this.#layout, options);
    this.#feed = new Feed(this.#db, this.#cluster, this.#layout);
    this.#writer = new Writer(this.#cluster, this.#layout, maxOps, maxBytes);
  }

  /**
   * Loads all records of the namespace, and returns a replica that follows them. Throws
   * `FleetUnavailableError`, `FleetAccessError`, `EngineUnavailableError`, `TypeError`, or the signal's reason.
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const checked = checkReplicaOptions(options);
    const replica = new Replica(checked);
    try {
      await replica.#feed.start(new Limits(checked.timeoutMs, checked.signal));
    } catch (error) {
      await replica.close();
      throw error;
    }
    return replica;
  }

  /**
   * Runs `fn` on a read-only batch of the local data: a snapshot of one revision. Throws `ReplicaStaleError` if
   * the data is older than `maxLagMs`.
   */
  view<T>(fn: (batch: ReadBatch) => Synchronous<T>, options: ViewOptions = {}): T {
    checkFunction('Replica.view', fn);
    const most = checkView(options);
    if (most !== undefined && this.#feed.lagMs > most) {
      throw new ReplicaStaleError(
        `the data may be ${Math.ceil(this.#feed.lagMs)} ms old, and at most ${most} ms were asked for; ` +
          'sync, or allow more',
      );
    }
    return this.#db.view<T>((batch) => fn(new Visible(batch)));
  }

  /**
   * Runs `fn` on a batch of the local data and commits to the cluster what it writes. Returns what `fn`
   * returned, once the local data has the commit. If something that `fn` read has changed, runs it again: it
   * may run any number of times.
   *
   * Throws `ConflictError` after `timeoutMs`, `BatchTooLargeError`, `StoreFullError`, `FleetUnavailableError`,
   * `FleetAccessError`, `ClusterRevertedError`, or the signal's reason: then nothing was changed. Throws
   * `UnknownOutcomeError` if it cannot find out in time.
   */
  async update<T>(
    fn: (batch: UpdateBatch) => Synchronous<T>,
    options: WaitOptions = {},
  ): Promise<T> {
    checkFunction('Replica.update', fn);
    const { timeoutMs, signal } = checkWait('Replica.update', options);
    return this.#whileOpen(timeoutMs, signal, (limits) => this.#update(fn, limits));
  }

  /**
   * Waits until everything that was committed anywhere before this call is in the local data. Throws
   * `FleetUnavailableError`, `ReplicaStaleError`, `ClusterRevertedError` or the signal's reason.
   */
  async sync(options: WaitOptions = {}): Promise<void> {
    const { timeoutMs, signal } = checkWait('Replica.sync', options);
    await this.#whileOpen(timeoutMs, signal, async (limits) => {
      const { revision } = await this.#cluster.fresh(limits);
      await this.#catchUp(revision, limits);
    });
  }

  /**
   * The handle of the local data: worker threads read it with `MemDB.attach`. There, iterations also show the
   * record with the position. Throws `DatabaseClosedError`.
   */
  get handle(): ReadOnlyHandle {
    return this.#db.readOnlyHandle;
  }

  /** Returns what the replica is doing, and how old its data may be. */
  status(): ReplicaStatus {
    const feed = this.#feed;
    return {
      state: feed.state,
      revision: feed.position.revision,
      commits: feed.position.version,
      lagMs: feed.lagMs,
      endpoint: this.#cluster.endpoint,
      loads: feed.loads,
      problem: feed.problem,
    };
  }

  /** Returns the state of the local data, as `MemDB.stats` does. The position counts as an entry. */
  stats(): Stats {
    return this.#db.stats();
  }

  /**
   * Stops following, ends updates that are under way, and closes the local data for all threads. It may be
   * called again.
   */
  async close(): Promise<void> {
    this.#closing.abort(new DatabaseClosedError('the replica is closed'));
    await this.#feed.close();
    await Promise.allSettled(this.#updates);
    await this.#writer.close(new Limits(CLOSE_MS));
    this.#cluster.close();
    this.#db.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #update<T>(fn: (batch: UpdateBatch) => Synchronous<T>, limits: Limits): Promise<T> {
    const backoff = new Backoff(2, 1000);
    for (;;) {
      const draft = new Draft(this.#db, this.#layout);
      try {
        const result = refusePromise('Replica.update', fn(draft.batch));
        const changes = draft.changes(this.#writer.maxComparisons);
        if (changes.writes.length === 0) return result;
        const outcome = await this.#writer.commit(changes, limits);
        if (outcome.committed) {
          // It is committed, so it must not fail any more.
          await this.#feed.waitFor(outcome.revision, limits).catch(() => {});
          return result;
        }
        await this.#afterConflict(outcome, draft, backoff.next(), limits);
      } finally {
        draft.discard();
      }
    }
  }

  /** Waits before the next run. Throws `ConflictError` if there is no time for one. */
  async #afterConflict(
    outcome: Outcome & { committed: false },
    draft: Draft,
    pause: number,
    limits: Limits,
  ): Promise<void> {
    await this.#catchUp(outcome.head, limits);
    if (limits.left <= pause) {
      const keys = this.#db.view((batch) => draft.changed(batch));
      const [first] = keys;
      const what = first === undefined ? 'what it read' : show(String(first));
      throw new ConflictError(
        keys,
        `others changed ${what} whenever the update ran, for ${limits.timeoutMs} ms; nothing was written`,
      );
    }
    await limits.pause(pause);
  }

  async #catchUp(revision: number, limits: Limits): Promise<void> {
    if (await this.#feed.waitFor(revision, limits)) return;
    throw new ReplicaStaleError(
      `revision ${revision} did not reach the replica within ${limits.timeoutMs} ms`,
      { cause: this.#feed.problem },
    );
  }

  /** Does something that ends when the caller aborts it, and when the replica is closed. */
  async #whileOpen<T>(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    task: (limits: Limits) => Promise<T>,
  ): Promise<T> {
    this.#feed.requireUsable();
    if (signal?.aborted) throw signal.reason;
    const closing = this.#closing.signal;
    const ended = new AbortController();
    const sources = signal ? [signal, closing] : [closing];
    const listeners = sources.map((source) => {
      const abort = () => ended.abort(source.reason);
      source.addEventListener('abort', abort, { once: true });
      return () => source.removeEventListener('abort', abort);
    });
    const running = task(new Limits(timeoutMs, ended.signal));
    this.#updates.add(running);
    try {
      return await running;
    } finally {
      this.#updates.delete(running);
      for (const remove of listeners) remove();
    }
  }
}
