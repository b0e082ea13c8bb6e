// A thread that is busy with a database until something ends it. It adds 1 to the flag when it begins
// and in every round, so that it can be ended in the middle of its work.
import { workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

const { handle, flag, activity, ending } = workerData;
const rounds = new Int32Array(flag);
const db = MemDB.attach(handle);
const keys = Array.from({ length: 200 }, (_, i) => Key.of('shared', uint(i)));

/** Writes that belong together: no version has one without the others. */
function writeAll(batch, text) {
  for (const key of keys) batch.put(key, text);
}

const activities = {
  read() {
    const batch = db.begin();
    for (const key of keys) batch.tryGet(key);
    batch.getMany(keys);
    if (Atomics.load(rounds, 0) % 7) batch.discard();
  },
  write() {
    const batch = db.begin(null, true);
    const child = batch.begin(null, true);
    writeAll(child, `text of round ${Atomics.load(rounds, 0)}`.padEnd(300));
    child.commit();
    batch.commit();
  },
  iterate() {
    for (const [, value] of db.begin(null, true)) if (value.length === 0) return;
  },
  /** Adds keys in every round, together with the writes to all of KEYS. */
  grow() {
    const round = Atomics.load(rounds, 0);
    db.update((batch) => {
      for (let i = 0; i < 100; i++)
        batch.put(Key.of('new', uint(round * 100 + i)), 'x'.repeat(200));
      writeAll(batch, `grown in round ${round}`.padEnd(100));
    });
  },
  /** Puts and deletes 20 keys in turns. */
  flicker() {
    const put = Atomics.load(rounds, 0) % 2 === 0;
    for (const key of keys.slice(0, 20)) {
      db.update((batch) => (put ? batch.put(key, 'here') : batch.delete(key)));
    }
  },
  /** Waits most of the time, because other threads do the same. */
  update() {
    db.update((batch) => writeAll(batch, `update in round ${Atomics.load(rounds, 0)}`));
  },
};

const endings = {
  none() {},
  exit() {
    process.exit(0);
  },
  throw() {
    throw new Error('thrown on purpose');
  },
  /** Stops with everything still open. */
  stop() {
    return true;
  },
};

/** Exits in the middle of its work, with some of it open. */
function end() {
  db.begin();
  db.begin(null, true).begin(null, true).put(keys[0], 'never committed');
  db.begin().entries().next();
  if (ending === 'stop') return true;
  return db.update((batch) => {
    writeAll(batch, 'never committed');
    return endings[ending]();
  });
}

for (let round = 1; ; round++) {
  activities[activity]();
  Atomics.add(rounds, 0, 1);
  Atomics.notify(rounds, 0);
  if (ending !== 'none' && round === 5 && end()) break;
}
