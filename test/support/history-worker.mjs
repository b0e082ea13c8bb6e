// One thread of a history. It makes random transactions on a shared database, and logs what it began,
// read and committed; history.ts says what the log means. With `fault` it does one thing wrong.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

const { handle, clock: clockBuffer, worker, layout, random, fault } = workerData;
const db = MemDB.attach(handle);
const clock = new Int32Array(clockBuffer);
const { version, counters, registers, groups } = layout;
const keys = Array.from({ length: layout.count }, (_, i) => Key.of('history', uint(i)));
const everything = Array.from({ length: layout.count }, (_, i) => i);

let drawn = 0;
const below = (n) => random[drawn++ % random.length] % n;
const pick = (list) => list[below(list.length)];
const stamp = () => Atomics.add(clock, 0, 1);
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

let tokens = 0;
/** Returns a value that no other write in this history has. */
const token = () => ((worker + 1) << 26) | ++tokens;

const number = (value) => (value === undefined ? 0 : value.readInt32LE());
const bytes = (value) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
};

let log = [];

/** A batch that logs what is done on it. */
class Logged {
  constructor(batch, before, after) {
    this.batch = batch;
    this.transaction = { begin: [before, after], actions: [], commit: undefined };
    log.push(this.transaction);
    this.read(version);
  }

  static begin(writable) {
    const before = stamp();
    const batch = fault === 'stale begin' ? exchangeHeld(writable) : db.begin(null, writable);
    return new Logged(batch, before, stamp());
  }

  note(kind, key, value) {
    this.transaction.actions.push([kind, key, value]);
    return value;
  }

  read(key) {
    if (fault === 'non-repeatable read' && below(8) === 0) {
      return this.note('r', key, number(db.begin().tryGet(keys[key])));
    }
    return this.note('r', key, number(this.batch.tryGet(keys[key])));
  }

  readMany(list) {
    const values = this.batch.getMany(list.map((key) => keys[key]));
    for (const [i, value] of values.entries()) this.note('r', list[i], number(value));
  }

  readAll() {
    const left = new Set(everything);
    for (const [key, value] of this.batch) {
      const n = Number(key.at(1).value);
      left.delete(n);
      this.note('r', n, number(value));
    }
    for (const n of left) this.note('r', n, 0);
  }

  write(key, value) {
    this.note('w', key, value);
    this.batch.put(keys[key], bytes(value));
  }

  commit() {
    const before = stamp();
    this.batch.commit();
    this.transaction.commit = [before, stamp()];
  }
}

let held;
/** Returns the batch that began the last time, not a new one. */
function exchangeHeld(writable) {
  const batch = held ?? db.begin(null, true);
  held = db.begin(null, true);
  return writable === undefined ? batch : batch;
}

function writeRegisters(logged) {
  for (let i = below(registers.length); i >= 0; i--) logged.write(pick(registers), token());
}

function increment(logged) {
  logged.write(version, logged.read(version) + 1);
  const counter = pick(counters);
  logged.write(counter, logged.read(counter) + 1);
}

function update() {
  if (fault === 'lost update') return updateWithoutLock();
  if (fault === 'fractured read') return updateInHalves();
  const before = stamp();
  let logged;
  let beforeCommit;
  db.update((batch) => {
    logged = new Logged(batch, before, stamp());
    logged.readMany(registers.slice(0, below(registers.length)));
    increment(logged);
    writeRegisters(logged);
    beforeCommit = stamp();
  });
  logged.transaction.commit = [beforeCommit, stamp()];
}

function updateWithoutLock() {
  const logged = Logged.begin(true);
  increment(logged);
  if (below(20) === 0) pause(1);
  logged.commit();
}

function updateInHalves() {
  const before = stamp();
  let logged;
  let beforeCommit;
  db.update((batch) => {
    logged = new Logged(batch, before, stamp());
    increment(logged);
    beforeCommit = stamp();
  });
  const rest = db.begin(null, true);
  const register = pick(registers);
  const value = token();
  logged.note('w', register, value);
  rest.put(keys[register], bytes(value));
  if (below(20) === 0) pause(1);
  rest.commit();
  logged.transaction.commit = [beforeCommit, stamp()];
}

/** Writes a whole group, without reading it first. */
function writeGroup() {
  const logged = Logged.begin(true);
  const value = token();
  const child = logged.batch.begin(null, true);
  const group = pick(groups);
  for (const key of group) {
    logged.note('w', key, value);
    child.put(keys[key], bytes(value));
  }
  child.commit();
  logged.commit();
}

/** Writes what nobody must ever see. */
function abandon() {
  if (below(2)) {
    const logged = Logged.begin(true);
    writeRegisters(logged);
    for (const key of pick(groups)) logged.write(key, token());
    if (fault === 'dirty read') logged.batch.commit();
    else logged.batch.discard();
    return;
  }
  const gone = new Error('abandoned');
  try {
    db.update((batch) => {
      batch.put(keys[pick(registers)], bytes(token()));
      throw gone;
    });
  } catch (error) {
    if (error !== gone) throw error;
  }
}

function look(logged) {
  const way = below(10);
  if (way === 0) logged.readAll();
  else if (way < 4) logged.readMany([...pick(groups), ...registers, ...pick(groups)]);
  else {
    for (let i = below(12); i >= 0; i--) logged.read(pick(everything));
    for (const key of pick(groups)) logged.read(key);
  }
}

function read() {
  const logged = Logged.begin(false);
  look(logged);
  look(logged);
  logged.batch.discard();
}

/** A batch that stays open during many other transactions. */
let kept;
function readKept() {
  if (kept === undefined) kept = Logged.begin(false);
  look(kept);
  if (below(20) > 0) return;
  kept.batch.discard();
  kept = undefined;
}

function round(count, deadline) {
  for (let i = 0; i < count && Date.now() < deadline; i++) {
    const roll = below(100);
    if (roll < 35) update();
    else if (roll < 65) read();
    else if (roll < 75) readKept();
    else if (roll < 92) writeGroup();
    else abandon();
  }
  kept?.batch.discard();
  kept = undefined;
  held?.discard();
  held = undefined;
}

parentPort.on('message', ({ count, deadline, stop }) => {
  if (stop) {
    db.close();
    parentPort.close();
    return;
  }
  log = [];
  round(count, deadline);
  parentPort.postMessage(log);
});
parentPort.postMessage('ready');
