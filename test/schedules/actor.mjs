// One thread of a schedule. It runs programs, one step of shared memory at a time, while it is its turn.
import { createRequire } from 'node:module';
import { receiveMessageOnPort, threadId, workerData } from 'node:worker_threads';
import { installClock } from './clock.mjs';
import { Control, FOREVER, State, Stop } from './control.mjs';
import { brief, pairs, programs, READ } from './programs.mjs';
import { stepped } from './steps.mjs';

const { me, root, control, port } = workerData;
const require = createRequire(import.meta.url);
const words = new Int32Array(control);
/** What is to run on a fresh stack, once a program has ended. */
const microtasks = [];
globalThis.queueMicrotask = (run) => microtasks.push(run);
const clock = installClock(require, root);
const { Key, MemDB } = require(`${root}/index.js`);
const { Memory, sessionWord } = require(`${root}/engine/fallback/memory.js`);
const { LOWER_HALF } = require(`${root}/engine/fallback/identity.js`);
const { MAX_SESSIONS, Session } = require(`${root}/engine/fallback/layout.js`);
const calls = require(`${root}/engine/calls.js`);
const { self } = require(`${root}/engine/fallback/threads.js`);
// The operating system is not asked who lives: a schedule says that.
self.task = 0;
const NO_THREAD = 1_000_000_000;

/** Thrown where the thread is stopped. */
class Stopped extends Error {}

const keys = new Map();
function k(name) {
  const key = keys.get(name) ?? Key.of(name);
  keys.set(name, key);
  return key;
}

let active = false;
let stopped = 0;
let left = 0;
let end = Stop.None;
let steps = 0;
/** Whether a time limit can strike: not in a task of the event loop. */
let cuttable = true;
let place = 0;
let nth = 0;
/** The version that this thread has published last. */
let last = 0;
let memory;
let view;

const events = {
  step() {
    if (!active) return;
    // What runs on the way out reaches no memory.
    if (stopped !== 0) throw new Stopped();
    if (++steps > FOREVER) throw new Error('it runs for ever');
    while (left-- === 0) {
      if (end === Stop.Cut && !cuttable) end = Stop.None;
      if (end !== Stop.None) {
        stopped = end;
        throw new Stopped();
      }
      pass();
    }
  },
  published(version) {
    if (!active || version === last) return;
    last = version;
    const at = Control.FirstCommit + words[Control.Commits]++ * Control.CommitWords;
    words.set([me, place, nth++], at);
  },
  wait(changed, time) {
    if (changed()) return false;
    const until = clock.now() + time;
    if (active) pass();
    if (changed()) return false;
    clock.advanceTo(until);
    return true;
  },
};

const { endCall } = calls;
// A time limit leaves out what `finally` would do.
calls.endCall = (call) => {
  if (stopped === 0) endCall(call);
};
const { of } = Memory;
Memory.of = (handle) => {
  memory = of.call(Memory, handle);
  if (memory === undefined) return undefined;
  view = stepped(memory, events);
  return view.memory;
};

/** Ends this turn. Returns when the thread has its next one. */
function pass() {
  const next = choose();
  if (next !== me) {
    wake(next);
    sleep();
  }
  left = words[Control.Grant + 2 * me];
  end = words[Control.Grant + 2 * me + 1];
}

/** Returns the thread whose turn is next, and has it know how long that is. -1 if all have ended. */
function choose() {
  while (words[Control.Next] < words[Control.Turns]) {
    const at = Control.FirstTurn + words[Control.Next]++ * Control.TurnWords;
    if (isRunning(words[at])) return grant(words[at], words[at + 1], words[at + 2]);
  }
  const count = words[Control.Threads];
  for (let n = 1; n <= count; n++) {
    const thread = (me + n) % count;
    if (isRunning(thread)) return grant(thread, -1, Stop.None);
  }
  return -1;
}

function isRunning(thread) {
  return words[Control.State + thread] === State.Running;
}

function grant(thread, steps, end) {
  words.set([steps, end], Control.Grant + 2 * thread);
  return thread;
}

function wake(thread) {
  Atomics.store(words, Control.Wake + thread, 1);
  Atomics.notify(words, Control.Wake + thread);
}

function sleep() {
  // A late wake-up may be one for the turn before.
  while (Atomics.load(words, Control.Wake + me) === 0) Atomics.wait(words, Control.Wake + me, 0);
  Atomics.store(words, Control.Wake + me, 0);
}

/** What a program works with. */
class Context {
  me = me;
  k = k;
  batches = [];
  attached = [];

  constructor(handle, report) {
    this.handle = handle;
    this.report = report;
    this.attach();
  }

  attach() {
    this.db = MemDB.attach(this.handle);
    this.attached.push(this.db);
  }

  idle() {
    clock.idle();
  }

  /** Has a batch discarded at the end, though the program ends early. */
  track(batch) {
    this.batches.push({ batch });
    return batch;
  }

  /** Begins a batch that stays open. `look` is the method by which it is read. */
  open(look) {
    this.from = memory.published;
    const batch = this.track(this.db.begin());
    const seen = this[look](batch);
    Object.assign(this.batches.at(-1), { look, seen });
    return batch;
  }

  /** Closes a batch that was kept open. It must still see the same. */
  close(batch) {
    const at = this.batches.findIndex((one) => one.batch === batch);
    const [{ look, seen }] = this.batches.splice(at, 1);
    if (seen !== undefined && this[look](batch, false) !== seen) {
      this.report.errors.push('an open batch has changed');
    }
    batch.discard();
  }

  closeAll() {
    while (this.batches.length > 0) this.close(this.batches.at(-1).batch);
  }

  /** Reads all pairs. `isNew`: the batch was begun by this program. */
  look(batch, isNew = true) {
    const { from } = this;
    const to = memory.published;
    const found = new Map();
    for (const [key, value] of batch) {
      const name = key.at(0);
      if (found.has(name)) this.report.errors.push(`${name} was met twice`);
      found.set(name, value);
    }
    const text = pairs(found);
    if (isNew) this.report.looks.push({ from, to, text });
    return text;
  }

  /** Reads some keys, one by one and all together. */
  read(batch, isNew = true) {
    const { from } = this;
    const to = memory.published;
    const one = READ.map((name) => batch.tryGet(k(name)));
    const many = batch.getMany(READ.map(k));
    const text = (values) => values.map((value) => value && brief(value)).join();
    if (text(one) !== text(many)) this.report.errors.push('two reads of a batch differ');
    if (isNew) this.report.reads.push({ from, to, text: text(one) });
    return text(one);
  }
}

function run({ handle, list }) {
  clock.use(words);
  const report = {
    errors: [],
    looks: [],
    reads: [],
    steps: 0,
    stop: Stop.None,
    gaveUp: false,
    threadId,
  };
  steps = 0;
  last = 0;
  left = words[Control.Grant + 2 * me];
  end = words[Control.Grant + 2 * me + 1];
  const context = new Context(handle, report);
  for (place = 0; place <= list.length; place++) {
    perform(context, list[place]);
    if (stopped === Stop.Cut) {
      report.stop = stopped;
      recover(context);
      if (place === list.length) perform(context);
    }
    if (stopped !== 0) break;
  }
  report.stop = stopped || report.stop;
  report.steps = steps;
  bury(context);
  return report;
}

/** Runs one program; without a name, ends all. */
function perform(context, name) {
  context.from = memory.published;
  nth = 0;
  attempt(context.report, () => {
    if (name === undefined) {
      context.closeAll();
      context.idle();
      for (const db of context.attached) db.close();
      return;
    }
    const { run, commits = 0 } = programs[name];
    run(context);
    if (nth !== commits) context.report.errors.push(`${name} committed ${nth} times`);
  });
  if (stopped === 0) attempt(context.report, runMicrotasks);
}

/** What happens after a call was cut short: the tasks of the event loop. */
function recover(context) {
  stopped = 0;
  end = Stop.None;
  left = -1;
  cuttable = false;
  attempt(context.report, () => {
    pass();
    runMicrotasks();
    context.idle();
    context.attach();
  });
  cuttable = true;
}

function runMicrotasks() {
  for (const task of microtasks.splice(0)) task();
}

/** Runs what may be stopped. */
function attempt(report, work) {
  active = true;
  try {
    work();
  } catch (error) {
    if (stopped !== 0 || error.code === 'ERR_DATABASE_FULL') return;
    if (error.code === 'ERR_LOCK_TIMEOUT') report.gaveUp = true;
    else report.errors.push(error.stack);
  } finally {
    active = false;
  }
}

/** After the end of a thread: it reaches the memory no more, and this process forgets it. */
function bury(context) {
  if (stopped === Stop.Death) {
    for (let session = 0; session < MAX_SESSIONS; session++) {
      const identity = sessionWord(session) + Session.Identity + LOWER_HALF;
      if (memory.words[identity] === threadId + 1) memory.words[identity] = NO_THREAD;
    }
  }
  if (stopped !== 0) {
    view.detach(copyOf(memory));
    stopped = 0;
    attempt({ errors: [] }, () => {
      active = false;
      runMicrotasks();
      for (const db of context.attached) db.close();
    });
  }
}

/** Memory that is thrown away, for what a dead thread does as this process forgets it. */
let scratch = new SharedArrayBuffer(0);

function copyOf({ buffer: { byteLength, maxByteLength } }) {
  const fits = scratch.byteLength === byteLength && scratch.maxByteLength === maxByteLength;
  if (!fits) scratch = new SharedArrayBuffer(byteLength, { maxByteLength });
  new Uint8Array(scratch).set(new Uint8Array(memory.buffer));
  return new Memory(scratch);
}

for (;;) {
  sleep();
  const { message } = receiveMessageOnPort(port);
  port.postMessage(run(message));
  words[Control.State + me] = State.Ended;
  const next = choose();
  if (next >= 0) {
    wake(next);
  } else {
    Atomics.store(words, Control.Done, 1);
    Atomics.notify(words, Control.Done);
  }
}
