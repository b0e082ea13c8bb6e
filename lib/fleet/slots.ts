import { randomBytes } from 'node:crypto';
import { clearTimeout, Limits, setTimeout } from './clock.js';
import { FleetUnavailableError } from './errors.js';
import type { Cluster } from './etcd/cluster.js';
import type { Layout } from './layout.js';

/** The slots of a writer that died are gone after so many seconds. */
const TTL = 60;

/** A key of one writer that each of its commits writes, so that it can be seen whether one took effect. */
export interface Slot {
  readonly key: Buffer;
  /** The lease that it is under. */
  readonly lease: number;
  /** Names the writer and the slot, for ids of commits. */
  readonly name: string;
  /** The cluster's version of the key. */
  version: number;
}

/** The slots of one writer, under a lease. One commit at a time uses a slot. */
export class Slots {
  readonly #cluster: Cluster;
  readonly #layout: Layout;
  #lease: Promise<number> | undefined;
  #writer = '';
  #count = 0;
  #free: Slot[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(cluster: Cluster, layout: Layout) {
    this.#cluster = cluster;
    this.#layout = layout;
  }

  /** Returns a slot that nobody uses. Throws what `Cluster.grantLease` throws. */
  async take(limits: Limits): Promise<Slot> {
    const lease = await this.#leased(limits);
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    const number = this.#count++;
    const key = this.#layout.slot(this.#writer, number);
    return { key, lease, name: `${this.#writer}/${number}`, version: 0 };
  }

  /** Takes back a slot whose version is known. One that is not given back is not used again. */
  give(slot: Slot): void {
    this.#free.push(slot);
  }

  /** Forgets a lease that has expired, with its slots. */
  expired({ lease }: Slot): void {
    void this.#lease?.then((current) => {
      if (current === lease) this.#drop();
    });
  }

  /** Gives the lease back, with which the slots go. */
  async close(limits: Limits): Promise<void> {
    this.#closed = true;
    const lease = this.#lease;
    this.#drop();
    // If that fails, the lease expires by itself.
    if (lease) await lease.then((id) => this.#cluster.revokeLease(id, limits)).catch(() => {});
  }

  async #leased(limits: Limits): Promise<number> {
    for (;;) {
      const shared = this.#lease;
      if (shared === undefined) return this.#begin(limits);
      try {
        return await limits.share(shared, () => unavailable(limits));
      } catch (error) {
        // Whoever asked for the lease may have given up sooner than this caller does.
        if (limits.over || limits.signal?.aborted || this.#lease === shared) throw error;
      }
    }
  }

  #begin(limits: Limits): Promise<number> {
    const lease = this.#grant(limits);
    this.#lease = lease;
    lease.catch(() => {
      if (this.#lease === lease) this.#lease = undefined;
    });
    return lease;
  }

  async #grant(limits: Limits): Promise<number> {
    // A new name: slots of an earlier lease may still be there.
    this.#writer = randomBytes(8).toString('hex');
    this.#count = 0;
    this.#free = [];
    const id = 1 + randomBytes(6).readUIntBE(0, 6);
    await this.#cluster.grantLease(id, TTL, limits);
    if (!this.#closed) this.#keepLater(id);
    return id;
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#lease = undefined;
    this.#free = [];
  }

  #keepLater(id: number): void {
    this.#timer = setTimeout(() => void this.#keep(id), (TTL * 1000) / 4);
    this.#timer.unref();
  }

  async #keep(id: number): Promise<void> {
    let kept = true;
    try {
      kept = await this.#cluster.keepLease(id, new Limits((TTL * 1000) / 8));
    } catch {
      // There are more tries before it expires.
    }
    if (this.#closed || (await this.#lease?.catch(() => undefined)) !== id) return;
    if (kept) this.#keepLater(id);
    else this.#drop();
  }
}

function unavailable({ timeoutMs }: Limits): FleetUnavailableError {
  return new FleetUnavailableError(`the cluster granted no lease within ${timeoutMs} ms`);
}
