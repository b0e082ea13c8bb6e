import { Backoff, Limits } from './clock.js';
import type { Changes } from './draft.js';
import {
  BatchTooLargeError,
  FleetUnavailableError,
  StoreFullError,
  UnknownOutcomeError,
} from './errors.js';
import type { Cluster } from './etcd/cluster.js';
import { CallFailure } from './etcd/failure.js';
import {
  type KeyValue,
  type RequestOp,
  Result,
  Target,
  Txn,
  type TxnResponse,
} from './etcd/messages.js';
import type { Layout } from './layout.js';
import { type Slot, Slots } from './slots.js';

/** A commit also puts the head and a slot, and compares the slot. */
const OWN_PUTS = 2;
const OWN_COMPARISONS = 1;
/** What the server adds to a request before it compares its size with the limit. */
const OWN_BYTES = 512;
/** How long finding out what happened may take after the caller gave up, ms. */
const GRACE_MS = 500;

/** What became of a commit. */
export type Outcome =
  | { readonly committed: true; readonly revision: number }
  /** Something that was read has changed. `head` is the revision of the last commit. */
  | { readonly committed: false; readonly head: number };

/** Throws away what was known of a slot, because its lease has expired: another one must be taken. */
class SlotGone extends Error {}

/** Commits changes to the cluster, each at most once. */
export class Writer {
  readonly #cluster: Cluster;
  readonly #layout: Layout;
  readonly #slots: Slots;
  readonly #maxOps: number;
  readonly #maxBytes: number;

  constructor(cluster: Cluster, layout: Layout, maxOps: number, maxBytes: number) {
    this.#cluster = cluster;
    this.#layout = layout;
    this.#slots = new Slots(cluster, layout);
    this.#maxOps = maxOps;
    this.#maxBytes = maxBytes;
  }

  /** How many writes the changes of a commit may have. */
  get maxWrites(): number {
    return this.#maxOps - OWN_PUTS;
  }

  /** How many comparisons the changes of a commit may have. */
  get maxComparisons(): number {
    return this.#maxOps - OWN_COMPARISONS;
  }

  /**
   * Commits changes. Throws `BatchTooLargeError`, `StoreFullError`, `FleetUnavailableError`, `FleetAccessError`
   * or the signal's reason: then nothing was changed. Throws `UnknownOutcomeError` if it cannot find out.
   */
  async commit(changes: Changes, limits: Limits): Promise<Outcome> {
    for (;;) {
      const slot = await this.#slots.take(limits);
      const attempt = new Attempt(this.#cluster, slot, limits);
      try {
        const outcome = await attempt.run(this.#request(changes, slot));
        this.#slots.give(slot);
        return outcome;
      } catch (error) {
        if (error instanceof SlotGone) {
          this.#slots.expired(slot);
          continue;
        }
        // A slot with an open try is not used again.
        if (!attempt.open) this.#slots.give(slot);
        throw error;
      }
    }
  }

  async close(limits: Limits): Promise<void> {
    await this.#slots.close(limits);
  }

  #request({ compare, writes, puts }: Changes, slot: Slot): Buffer {
    const most = this.maxWrites;
    if (writes.length > most) {
      throw new BatchTooLargeError(
        `the batch writes ${writes.length} records, and one transaction takes ${most}; write fewer, ` +
          'or start the servers with a higher --max-txn-ops and give it as the option maxOps',
      );
    }
    const { head } = this.#layout;
    const request = Txn.request.encode({
      compare: [versionIs(slot), ...compare],
      success: [
        put(slot.key, commitId(slot), slot.lease),
        { request_put: { key: head, value: Buffer.from(String(puts)) } },
        ...writes,
      ],
      failure: [read(slot.key), read(head)],
    });
    const bytes = request.length + OWN_BYTES;
    if (bytes <= this.#maxBytes) return request;
    this.#slots.give(slot);
    throw new BatchTooLargeError(
      `the batch makes a request of ${bytes} bytes, and the servers take ${this.#maxBytes}; write less, ` +
        'or start them with a higher --max-request-bytes and give it as the option maxBytes',
    );
  }
}

/** One commit through one slot: tries, until it is known what happened. */
class Attempt {
  readonly #cluster: Cluster;
  readonly #slot: Slot;
  readonly #limits: Limits;
  readonly #id: string;
  /** Whether an earlier try may still take effect. */
  open = false;

  constructor(cluster: Cluster, slot: Slot, limits: Limits) {
    this.#cluster = cluster;
    this.#slot = slot;
    this.#limits = limits;
    this.#id = commitId(slot);
  }

  async run(request: Buffer): Promise<Outcome> {
    const backoff = new Backoff(10, 500);
    for (;;) {
      const response = await this.#try(request, backoff);
      if (response === undefined) continue;
      if (response === 'full') return this.#full();
      if (response.succeeded) return this.#done(this.#slot.version + 1, response.header.revision);
      return this.#refused(response);
    }
  }

  /** Sends the request once. Returns undefined if it must be sent again. */
  async #try(request: Buffer, backoff: Backoff): Promise<TxnResponse | 'full' | undefined> {
    const limits = this.#limits;
    try {
      return await this.#cluster.commit(request, limits);
    } catch (error) {
      if (!(error instanceof CallFailure)) {
        // The caller gave up in the middle, or the cluster refused the user.
        if (limits.signal?.aborted) this.open = true;
        throw this.open ? this.#unknown(error) : error;
      }
      switch (error.kind) {
        case 'full':
          return 'full';
        case 'lease':
          if (this.open) throw this.#unknown(error);
          throw new SlotGone();
        case 'tooLarge':
          if (this.open) throw this.#unknown(error);
          throw new BatchTooLargeError(
            `the servers refuse the batch: ${error.message}; write less`,
            {
              cause: error,
            },
          );
        case 'busy':
          break;
        default:
          this.open ||= reachedServer(error);
      }
      await this.#pause(backoff.next(), error);
      return undefined;
    }
  }

  /** Waits before the next try. Throws if there is no time for one. */
  async #pause(ms: number, failure: CallFailure): Promise<void> {
    const limits = this.#limits;
    if (limits.left > ms) {
      try {
        await limits.pause(ms);
        return;
      } catch (reason) {
        throw this.open ? this.#unknown(reason) : reason;
      }
    }
    if (this.open) throw this.#unknown(failure);
    throw new FleetUnavailableError(
      `the cluster did not commit within ${limits.timeoutMs} ms: ${failure.message}`,
      { cause: failure },
    );
  }

  /** The comparisons failed: an earlier try took effect, the lease has expired, or there is a conflict. */
  async #refused({ responses }: TxnResponse): Promise<Outcome> {
    const [slot, head] = responses.map((r) => r.response_range?.kvs[0]);
    if (slot && this.#isOurs(slot)) return this.#done(slot.version, slot.mod_revision);
    if ((slot?.version ?? 0) !== this.#slot.version) {
      if (this.open) throw this.#unknown(new Error('the lease of the writer has expired'));
      throw new SlotGone();
    }
    // A key that was absent may be so again, and then an open try would still take effect.
    if (this.open) {
      const done = await this.#fence();
      if (done) return done;
    }
    return { committed: false, head: head?.mod_revision ?? 0 };
  }

  /**
   * The quota is used up. The server that notices it first applies the transaction all the same, so only the
   * slot says what happened.
   */
  async #full(): Promise<Outcome> {
    const found = await this.#ask({ success: [read(this.#slot.key)] });
    const slot = found.responses[0]?.response_range?.kvs[0];
    if (slot && this.#isOurs(slot)) return this.#done(slot.version, slot.mod_revision);
    const full = new StoreFullError(
      'the quota of the cluster is used up; compact and defragment it, then disarm its alarm',
    );
    throw this.open ? this.#unknown(full) : full;
  }

  /** Makes every open try fail, by moving the slot on. Returns the outcome if one has taken effect before. */
  async #fence(): Promise<Outcome | undefined> {
    const slot = this.#slot;
    const found = await this.#ask({
      compare: [versionIs(slot)],
      success: [put(slot.key, 'fence', slot.lease)],
      failure: [read(slot.key)],
    });
    const kv = found.responses[0]?.response_range?.kvs[0];
    if (kv && this.#isOurs(kv)) return this.#done(kv.version, kv.mod_revision);
    // A fence whose answer was lost may stand there already.
    const fenced = found.succeeded ? slot.version + 1 : kv?.version;
    if (fenced === undefined) throw this.#unknown(new Error('the lease of the writer has expired'));
    slot.version = fenced;
    this.open = false;
    return undefined;
  }

  async #ask(request: Parameters<Cluster['repeat']>[0]): Promise<TxnResponse> {
    const { left, signal } = this.#limits;
    try {
      return await this.#cluster.repeat(request, new Limits(left + GRACE_MS, signal));
    } catch (error) {
      throw this.#unknown(error);
    }
  }

  #isOurs({ value }: KeyValue): boolean {
    return value.toString() === this.#id;
  }

  #done(version: number, revision: number): Outcome {
    this.#slot.version = version;
    this.open = false;
    return { committed: true, revision };
  }

  #unknown(cause: unknown): UnknownOutcomeError {
    this.open = true;
    return new UnknownOutcomeError(this.#id, { cause });
  }
}

/** Whether a call that failed may have reached a server. A connection that was never made has sent nothing. */
function reachedServer(failure: CallFailure): boolean {
  return !failure.message.startsWith('No connection established');
}

function commitId(slot: Slot): string {
  return `${slot.name}/${slot.version + 1}`;
}

function versionIs({ key, version }: Slot) {
  return { result: Result.Equal, target: Target.Version, key, version };
}

function put(key: Buffer, value: string, lease: number): RequestOp {
  return { request_put: { key, value: Buffer.from(value), lease } };
}

function read(key: Buffer): RequestOp {
  return { request_range: { key } };
}
