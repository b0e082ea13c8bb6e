import { Stat } from '../engine.js';
import { now } from './clock.js';
import { FIRST_VERSION, Header, PAGE_BYTES, Session } from './layout.js';
import type { Store } from './store.js';

/** The numbers that `Engine.stats` returns. */
export function readStats(store: Store): number[] {
  const { memory, sessions } = store;
  const stats: number[] = [];
  const pinned = new Set<number>();
  let batches = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (let session = 0; session < sessions.limit; session++) {
    const thread = sessions.thread(session);
    if (thread < 0) continue;
    const own = new Set<number>();
    sessions.visitPins(session, (pin, time) => {
      const version = Math.floor(pin);
      own.add(version);
      pinned.add(version);
      oldest = Math.min(oldest, time);
    });
    const open = sessions.field(session, Session.Batches);
    batches += open;
    stats.push(thread, open, own.size);
  }
  const head: number[] = [];
  head[Stat.Entries] = memory.number(Header.Entries);
  head[Stat.Bytes] = memory.number(Header.Bytes);
  head[Stat.HeldBytes] = store.heap.pages.count * PAGE_BYTES;
  head[Stat.OpenBatches] = batches;
  head[Stat.OpenSnapshots] = pinned.size;
  head[Stat.Superseded] = memory.number(Header.Superseded);
  head[Stat.Commits] = memory.published - FIRST_VERSION;
  head[Stat.OldestPinAge] = pinned.size === 0 ? 0 : Math.max(0, now() - oldest);
  head[Stat.MaxBytes] = memory.number(Header.MaxBytes);
  return head.concat(stats);
}
