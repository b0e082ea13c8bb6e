import { type Batch, DatabaseClosedError, type MemDB } from '../index.js';
import { Backoff, clearTimeout, Limits, now, setTimeout } from './clock.js';
import { ClusterRevertedError } from './errors.js';
import type { Cluster, Head } from './etcd/cluster.js';
import { CallFailure } from './etcd/failure.js';
import { EventType } from './etcd/messages.js';
import type { Revision } from './etcd/watcher.js';
import { decodeRecord, type Layout } from './layout.js';
import { encodePosition, POSITION, type Position } from './position.js';

/** How often the head is read, to find out whether the data is current, ms. */
const PROBE_MS = 1000;
/** How long a commit that the head shows may take to arrive, ms. Then the watch is opened again. */
const STALL_MS = 2000;
/** How long loading may take, ms. */
const LOAD_MS = 600_000;

/**
 * What a feed is doing.
 * @see ClusterRevertedError
 */
export type FeedState = 'loading' | 'following' | 'disconnected' | 'reverted' | 'closed';

/** Events do not follow from what was there before: some are missing, or were not written by a replica. */
class GapError extends Error {}

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Keeps the local data equal to a revision of the cluster. Nothing else writes to the data. */
export class Feed {
  readonly #db: MemDB;
  readonly #cluster: Cluster;
  readonly #layout: Layout;
  readonly #closing = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #position: Position = { revision: 0, headRevision: 0, version: 0 };
  #state: FeedState = 'loading';
  /** The watch that is open. */
  #watch: AbortController | undefined;
  /** How often a commit did not arrive since the last one that did. */
  #stalls = 0;
  #loads = 0;
  #currentAt = Number.NEGATIVE_INFINITY;
  #problem: Error | undefined;
  #running: Promise<unknown> | undefined;

  constructor(db: MemDB, cluster: Cluster, layout: Layout) {
    this.#db = db;
    this.#cluster = cluster;
    this.#layout = layout;
  }

  get position(): Position {
    return this.#position;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** How often all records were loaded. */
  get loads(): number {
    return this.#loads;
  }

  /** How old the data may be, ms: all that was committed earlier than that is in it. */
  get lagMs(): number {
    return now() - this.#currentAt;
  }

  /** The last failure, while it lasts. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /** Loads all records, then follows in the background. Throws if loading fails. */
  async start(limits: Limits): Promise<void> {
    const started = now();
    while (!(await this.#load(limits))) await limits.pause(10);
    this.#currentAt = started;
    this.#running = Promise.all([this.#run(), this.#probe()]);
  }

  /**
   * Waits until the data has a revision. Returns false if it does not in time. Throws the signal's reason,
   * `ClusterRevertedError` or `DatabaseClosedError`.
   */
  async waitFor(revision: number, limits: Limits): Promise<boolean> {
    if (this.#position.revision >= revision) return true;
    this.requireUsable();
    const { signal } = limits;
    if (signal?.aborted) throw signal.reason;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
        settle();
      };
      const abort = () => end(() => reject(signal?.reason));
      const waiter: Waiter = {
        revision,
        resolve: () => end(() => resolve(true)),
        reject: (error) => end(() => reject(error)),
      };
      const timer = setTimeout(() => end(() => resolve(false)), Math.min(limits.left, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Throws if the data will never be newer. */
  requireUsable(): void {
    if (this.#state === 'closed') throw new DatabaseClosedError('the replica is closed');
    if (this.#state === 'reverted') throw this.#problem;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#end('closed', new DatabaseClosedError('the replica is closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(20, 1000);
    let resumed = false;
    while (!this.#closing.signal.aborted) {
      const before = this.#position.revision;
      try {
        if (resumed) await this.#resume();
        await this.#follow(resumed);
      } catch (error) {
        this.#note(error as Error);
      }
      resumed = true;
      if (this.#position.revision > before) backoff.reset();
      await this.#pause(backoff.next());
    }
  }

  /** Sleeps, unless the feed is closed meanwhile. */
  async #pause(ms: number): Promise<void> {
    await new Limits(ms, this.#closing.signal).pause(ms).catch(() => {});
  }

  #note(error: Error): void {
    if (this.#closing.signal.aborted) return;
    if (error instanceof ClusterRevertedError) {
      this.#end('reverted', error);
      return;
    }
    this.#problem = error;
    this.#state = error instanceof GapError ? 'loading' : 'disconnected';
  }

  #end(state: 'closed' | 'reverted', error: Error): void {
    this.#state = state;
    this.#problem = error;
    this.#closing.abort(error);
    this.#watch?.abort();
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  /** Loads afresh, if following from the position on would not give all events. */
  async #resume(): Promise<void> {
    const gap = this.#problem instanceof GapError || this.#stalls > 1;
    if (!gap && (await this.#isKept())) return;
    this.#state = 'loading';
    const started = now();
    if (!(await this.#load(new Limits(LOAD_MS, this.#closing.signal)))) {
      throw new GapError('the revision was compacted while it was being loaded');
    }
    this.#stalls = 0;
    this.#currentAt = started;
  }

  /**
   * Whether the cluster still keeps the revision of the position. This is found out by reading. Throws
   * `ClusterRevertedError` if the cluster has another history.
   */
  async #isKept(): Promise<boolean> {
    const limits = new Limits(LOAD_MS, this.#closing.signal);
    const { revision, headRevision, version } = this.#position;
    const head = await this.#cluster.headAt(revision, limits);
    if (head === undefined) {
      refuseOlder(await this.#cluster.fresh(limits), revision);
      return false;
    }
    if (head.revision !== headRevision || head.version !== version) {
      throw new ClusterRevertedError(
        `at revision ${revision} the cluster has another history than the one that was followed; ` +
          'open a new replica to take it',
      );
    }
    return true;
  }

  /**
   * Replaces all data by that of one revision, in one commit. Returns false, with the data as it was, if the
   * revision is compacted meanwhile.
   */
  async #load(limits: Limits): Promise<boolean> {
    const batch = this.#db.begin(null, true);
    try {
      const { head, pages } = await this.#cluster.snapshot(limits);
      refuseOlder(head, this.#position.revision);
      for (const [key] of batch) batch.delete(key);
      for await (const page of pages) {
        for (const { key, value } of page) this.#put(batch, key, value);
      }
      const { now: revision, revision: headRevision, version } = head;
      this.#loads++;
      this.#commit(batch, { revision, headRevision, version });
      return true;
    } catch (error) {
      if (error instanceof CallFailure && error.kind === 'compacted') return false;
      throw error;
    } finally {
      batch.discard();
    }
  }

  /** Follows until the watch breaks. */
  async #follow(resumed: boolean): Promise<void> {
    const watch = new AbortController();
    this.#watch = watch;
    let unchecked = resumed;
    this.#state = 'following';
    this.#problem = undefined;
    await this.#cluster.follow(
      this.#position.revision + 1,
      async (revisions) => {
        // A compaction may have taken deletions out of what the server sent to catch up.
        if (unchecked && !(await this.#isKept())) throw new GapError('the position was compacted');
        unchecked = false;
        for (const revision of revisions) this.#apply(revision);
      },
      watch.signal,
    );
  }

  /** Makes the events of one revision one commit. Throws `GapError` if any are missing. */
  #apply({ revision, events }: Revision): void {
    if (revision <= this.#position.revision) return;
    const head = events.find(({ kv }) => kv.key.equals(this.#layout.head));
    const puts = events.filter((e) => e !== head && e.type === EventType.Put).length;
    const version = this.#position.version + 1;
    if (head?.kv.version !== version || head.kv.value.toString() !== String(puts)) {
      throw new GapError(`events before or of revision ${revision} are missing`);
    }
    const batch = this.#db.begin(null, true);
    try {
      for (const event of events) {
        const { key, value } = event.kv;
        if (event === head) continue;
        if (event.type === EventType.Put) this.#put(batch, key, value);
        else batch.delete(this.#layout.keyOfDigest(key));
      }
      this.#commit(batch, { revision, headRevision: revision, version });
    } finally {
      batch.discard();
    }
    this.#stalls = 0;
  }

  #put(batch: Batch, key: Buffer, bytes: Buffer): void {
    const { key: stored, value } = decodeRecord(bytes);
    batch.put(stored ?? this.#layout.keyOfDigest(key), value);
  }

  #commit(batch: Batch, position: Position): void {
    batch.put(POSITION, encodePosition(position));
    batch.commit();
    this.#position = position;
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision <= position.revision) waiter.resolve();
    }
  }

  /** Reads the head again and again, so that no loss of events or of a connection goes unnoticed. */
  async #probe(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#pause(PROBE_MS);
      const asked = this.#cluster.endpoint;
      const started = now();
      const { revision } = this.#position;
      try {
        const head = await this.#cluster.fresh(new Limits(STALL_MS + PROBE_MS, signal));
        refuseOlder(head, revision);
        if (await this.waitFor(head.revision, new Limits(STALL_MS, signal))) {
          this.#currentAt = started;
        } else if (this.#state === 'following') {
          this.#stalls++;
          this.#watch?.abort();
        }
      } catch (error) {
        if (error instanceof ClusterRevertedError) this.#note(error);
      }
      // That server did not answer. The watch may hang there.
      if (this.#cluster.endpoint !== asked) this.#watch?.abort();
    }
  }
}

/** Throws `ClusterRevertedError` if the cluster has not come as far as what was followed. */
function refuseOlder({ now }: Head, followed: number): void {
  if (now >= followed) return;
  throw new ClusterRevertedError(
    `the cluster went back to revision ${now}, and ${followed} was followed; open a new replica to take it`,
  );
}
