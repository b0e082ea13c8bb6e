// One thread that makes random transactions with pauses inside them. It reports what it committed, and what it
// saw that must never be. With `fault` it hides some reads from its optimistic batches. So they look as
// if the engine had left them out of the comparison.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

const { handle, worker, flag, fault, seed } = workerData;
const db = MemDB.attach(handle);
const stopped = new Int32Array(flag);

let state = seed;
/** A whole number below n: mulberry32. */
const below = (n) => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
};
const pause = () => [() => undefined, turn, () => sleep(below(3))][below(3)]();

const list = (n) => Key.of('list', uint(n));
const account = (n) => Key.of('account', uint(n));
const doctor = (n) => Key.of('doctor', uint(n));
const post = (n) => Key.of('post', uint(n));
const room = (n) => Key.of('room', uint(n));

/** The optimistic batch of a transaction, and a plain one through which a fault reads. */
class Reader {
  constructor(batch) {
    this.batch = batch;
    this.plain = fault === undefined ? undefined : db.begin();
  }
  text(key) {
    const value = this.plain?.tryGet(key);
    const hides =
      (fault === 'key left out' && value !== undefined) ||
      (fault === 'absent key not compared' && this.plain && value === undefined);
    return (hides ? this.plain : this.batch).tryGet(key)?.toString();
  }
  keys(prefix) {
    const batch = fault === 'scan not marked' ? this.plain : this.batch;
    return [...batch.keys({ prefix })];
  }
  end() {
    this.plain?.discard();
  }
}

/** Each program runs in a transaction and returns what to report. */
const programs = {
  /** Reads some lists and appends to some of them. */
  async append(reader, batch, token) {
    const reads = {};
    const appends = [];
    for (let n = below(3); n >= 0; n--) {
      const at = below(4);
      reads[at] ??= reader.text(list(at)) ?? '';
      await pause();
      if (below(2) === 0 || appends.includes(at)) continue;
      batch.put(list(at), reads[at] === '' ? token : `${reads[at]},${token}`);
      appends.push(at);
    }
    return { token, reads, appends };
  },
  /** Moves money. */
  async transfer(reader, batch) {
    const balances = [];
    for (let n = 0; n < 4; n++) balances.push(Number(reader.text(account(n))));
    const [from, to] = [below(4), below(4)];
    await pause();
    const sum = balances.reduce((a, b) => a + b);
    if (from !== to) {
      batch.put(account(from), String(balances[from] - 1));
      batch.put(account(to), String(balances[to] + 1));
    }
    return { wrong: sum === 400 ? undefined : `the bank has ${sum}` };
  },
  /** One of two doctors goes off call if both are on, else both are on again. */
  async shift(reader, batch) {
    const on = [0, 1].map((n) => reader.text(doctor(n)) === 'on');
    await pause();
    if (on[0] && on[1]) batch.put(doctor(below(2)), 'off');
    else for (const n of [0, 1]) batch.put(doctor(n), 'on');
    return { wrong: on[0] || on[1] ? undefined : 'no doctor is on call' };
  },
  /** Takes one of two posts if both are vacant, that is absent, else gives them up. */
  async enlist(reader, batch) {
    const taken = [0, 1].map((n) => reader.text(post(n)) !== undefined);
    await pause();
    if (!taken[0] && !taken[1]) batch.put(post(below(2)), '');
    else for (const n of [0, 1]) batch.delete(post(n));
    return { wrong: taken[0] && taken[1] ? 'both posts are taken' : undefined };
  },
  /** Claims a room if nobody has, else ends all claims. */
  async claim(reader, batch, token) {
    const claimed = room(below(2));
    const claims = reader.keys(claimed);
    await pause();
    if (claims.length === 0) batch.put(claimed.append(token), '');
    else batch.clear({ prefix: claimed });
    return { wrong: claims.length > 1 ? `${claims.length} claims of a room` : undefined };
  },
};

const names = Object.keys(programs);
for (let n = 0; Atomics.load(stopped, 0) === 0; n++) {
  const token = `${worker}.${n}`;
  const program = programs[names[below(names.length)]];
  const result = await db.transaction(async (batch) => {
    const reader = new Reader(batch);
    try {
      return await program(reader, batch, token);
    } finally {
      reader.end();
    }
  });
  parentPort.postMessage(result);
}
