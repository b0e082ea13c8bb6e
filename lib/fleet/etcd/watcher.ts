import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { clearTimeout, setTimeout } from '../clock.js';
import type { Endpoint } from './endpoint.js';
import { CallFailure, failureOf } from './failure.js';
import { type Event, Watch, type WatchResponse } from './messages.js';

/** All events of one revision. */
export interface Revision {
  readonly revision: number;
  readonly events: readonly Event[];
}

/** Takes revisions, in order. If it throws, following ends with what it threw. */
export type Followed = (revisions: readonly Revision[]) => void | Promise<void>;

/** How long a server may take to open a watch, ms. */
const OPEN_MS = 4000;

/** One watch on one server. It is not opened again if it breaks. */
export class Watcher {
  readonly #endpoint: Endpoint;
  readonly #metadata: Metadata;
  /** Events of a response whose end has not come yet. */
  #parts: Event[] = [];

  constructor(endpoint: Endpoint, metadata: Metadata) {
    this.#endpoint = endpoint;
    this.#metadata = metadata;
  }

  /** Runs until the signal is aborted, or throws what broke it. */
  async run(
    key: Buffer,
    range_end: Buffer,
    start_revision: number,
    followed: Followed,
    signal: AbortSignal,
  ): Promise<void> {
    const stream = this.#endpoint.stream(Watch, this.#metadata);
    const abort = () => stream.cancel();
    signal.addEventListener('abort', abort, { once: true });
    const late = setTimeout(abort, OPEN_MS);
    // A stream that is cancelled or broken also emits `error`; without a listener, Node would throw it.
    stream.on('error', () => {});
    try {
      stream.write({ create_request: { key, range_end, start_revision, fragment: true } });
      for await (const response of stream as AsyncIterable<WatchResponse>) {
        clearTimeout(late);
        if (signal.aborted) return;
        if (response.canceled) throw cancelled(response);
        const revisions = this.#take(response);
        if (revisions.length > 0) await followed(revisions);
      }
      if (!signal.aborted) throw new CallFailure('unreachable', 'the watch has ended');
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof Error && 'code' in error && typeof error.code === 'number'
        ? failureOf(error as ServiceError)
        : error;
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      stream.cancel();
    }
  }

  /** Returns the revisions that a response completes. */
  #take({ events, fragment }: WatchResponse): Revision[] {
    for (const event of events) this.#parts.push(event);
    // Events of one revision stand in one response, but that may come in fragments.
    if (fragment || this.#parts.length === 0) return [];
    const revisions: { revision: number; events: Event[] }[] = [];
    for (const event of this.#parts) {
      const { mod_revision: revision } = event.kv;
      const last = revisions[revisions.length - 1];
      if (last?.revision === revision) last.events.push(event);
      else revisions.push({ revision, events: [event] });
    }
    this.#parts = [];
    return revisions;
  }
}

function cancelled({ compact_revision, cancel_reason }: WatchResponse): CallFailure {
  const why = compact_revision > 0 ? `compacted at ${compact_revision}` : cancel_reason;
  return new CallFailure('unreachable', `the watch was cancelled: ${why}`);
}
