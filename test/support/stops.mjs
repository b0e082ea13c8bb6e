// What threads do that are stopped at any moment, and what must hold afterwards. Each thread has a number.
import { Key, uint } from 'accumulate-memdb';

/** Accounts whose sum never changes, and keys that are always written together. */
export const ACCOUNTS = Array.from({ length: 20 }, (_, n) => Key.of('account', uint(n)));
export const TOGETHER = Array.from({ length: 40 }, (_, n) => Key.of('together', uint(n)));
export const START = 1_000;
export const countKey = (thread) => Key.of('count', uint(thread));

export function fill(db) {
  db.update((batch) => {
    for (const key of ACCOUNTS) batch.put(key, `${START}`);
    for (const key of TOGETHER) batch.put(key, 'first');
  });
}

const numberAt = (batch, key) => Number(batch.tryGet(key) ?? 0);
const any = (list) => list[Math.floor(Math.random() * list.length)];
const letters = (length) => 'x'.repeat(Math.floor(Math.random() * length));

/** The operations. `acknowledge(n)` is called once the update has returned that has set the thread's count to n. */
export function operations(db, thread, acknowledge) {
  /** An update that also counts. Each one that returned is one more. */
  const counted = (change) => {
    let count = 0;
    db.update((batch) => {
      change(batch);
      count = numberAt(batch, countKey(thread)) + 1;
      batch.put(countKey(thread), `${count}`);
    });
    acknowledge(count);
  };
  return {
    transfer: () =>
      counted((batch) => {
        const [from, to] = [any(ACCOUNTS), any(ACCOUNTS)];
        batch.put(from, `${numberAt(batch, from) - 7}`);
        batch.put(to, `${numberAt(batch, to) + 7}`);
      }),
    nest: () =>
      counted((batch) => {
        const inner = batch.begin(null, true);
        const text = `${thread} ${Math.random()}`;
        for (const key of TOGETHER) inner.put(key, text);
        inner.commit();
        batch.begin(null, true).put(TOGETHER[0], 'never committed');
      }),
    commit: () => {
      const batch = db.begin(null, true);
      const text = `${thread} ${Math.random()}`.padEnd(300);
      for (const key of TOGETHER) batch.put(key, text);
      batch.commit();
    },
    large: () => counted((batch) => batch.put(Key.of('large', uint(thread % 3)), letters(200_000))),
    flicker: () => {
      for (let n = 0; n < 10; n++) {
        const key = Key.of('flicker', uint(Math.floor(Math.random() * 500)));
        db.update((batch) => (batch.has(key) ? batch.delete(key) : batch.put(key, letters(100))));
      }
    },
    read: () => db.view((batch) => batch.getMany(TOGETHER)),
    iterate: () => db.view((batch) => batch.forEach(() => {})),
    hold: () => {
      const batch = db.begin();
      batch.get(ACCOUNTS[0]);
      batch.discard();
    },
    stats: () => db.stats(),
  };
}
