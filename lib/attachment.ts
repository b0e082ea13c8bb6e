import { types } from 'node:util';
import type { Worker } from 'node:worker_threads';
import type { Crossing } from './engine/crossing.js';
import { type Engine, type EngineName, Status } from './engine/engine.js';
import { Word } from './engine/exchange.js';
import { failure } from './engine/failure.js';
import {
  ENGINE_FALLBACK,
  ENGINE_NATIVE,
  HANDLE_MAGIC,
  HANDLE_SIZE,
  HANDLE_VERSION,
  HandleWord,
} from './engine/handle.js';
import { type EngineChoice, engineNamed, selectEngine } from './engine/select.js';
import { DatabaseClosedError, InvalidHandleError, LockTimeoutError } from './errors.js';

/** Longest wait inside an engine, ms: between two such waits the thread can be terminated. */
const SLICE = 50;

/** How soon superseded versions are freed after the commit or discard that lets go of them, ms. */
const RECLAIM_DELAY = 1;

/** The open ones of this thread; that they are here does not keep them. */
const attachments = new Set<WeakRef<Attachment>>();

// A thread that has ended cannot free what only its batches could see: who started it does.
process.on('worker', (worker: Worker) => {
  worker.once('exit', () => {
    for (const one of attachments) {
      const attachment = one.deref();
      if (attachment === undefined) attachments.delete(one);
      else attachment.reclaimSoon();
    }
  });
});

/**
 * This thread's attachment to a database: which engine it is in, the engine's id for it, and
 * whether it was ended here.
 */
export class Attachment {
  readonly crossing: Crossing;
  readonly engine: Engine;
  readonly id: number;
  /** Whether `close` was called here. The database may be closed elsewhere all the same. */
  closed = false;
  #locked = false;
  #reclaimer: NodeJS.Timeout | undefined;
  #reclaiming = false;
  readonly #self = new WeakRef(this);

  private constructor(crossing: Crossing, id: number) {
    if (id < 0) throw failure(id);
    this.crossing = crossing;
    this.engine = crossing.engine;
    this.id = id;
    attachments.add(this.#self);
  }

  /** A new database. */
  static create(choice: EngineChoice, maxBytes: number): Attachment {
    const crossing = selectEngine(choice);
    return new Attachment(crossing, crossing.engine.create(maxBytes));
  }

  /** Throws `InvalidHandleError`, `DatabaseClosedError` or `EngineUnavailableError`. */
  static to(handle: SharedArrayBuffer): Attachment {
    const crossing = engineNamed(engineOf(handle));
    return new Attachment(crossing, crossing.engine.attach(handle));
  }

  requireOpen(): void {
    if (this.closed || this.engine.closed(this.id)) throw new DatabaseClosedError();
  }

  /** Takes the transaction mutex, or throws when it is not had within `timeoutMs`. */
  lock(timeoutMs = this.engine.lockTimeout): void {
    if (this.closed) throw new DatabaseClosedError();
    const status = this.wait((slice) => this.engine.lock(this.id, slice), timeoutMs);
    if (status < 0) throw failure(status);
    this.#locked = true;
  }

  /** Gives the transaction mutex back, if it is held. */
  unlock(): void {
    if (this.#locked) this.engine.unlock(this.id);
    this.#locked = false;
  }

  /**
   * Repeats an attempt in slices until its answer is another than Busy; throws `LockTimeoutError`
   * when that takes longer than `timeoutMs`.
   */
  wait(attempt: (slice: number) => number, timeoutMs = this.engine.lockTimeout): number {
    const first = Math.min(SLICE, timeoutMs);
    let status = attempt(first);
    if (status !== Status.Busy) return status;
    // Only now, so that those who need not wait need not look at the clock.
    const deadline = performance.now() + timeoutMs - first;
    while (status === Status.Busy) {
      const left = deadline - performance.now();
      if (left <= 0) throw new LockTimeoutError(timeoutMs, this.#holder());
      status = attempt(Math.min(SLICE, left));
    }
    return status;
  }

  /**
   * Has superseded versions freed soon, in steps between which other work goes on. Does not keep
   * the process alive. (A timer, because immediates that do not keep it alive wait for other events.)
   */
  reclaimSoon(): void {
    if (this.#reclaiming) return;
    this.#reclaiming = true;
    if (this.#reclaimer) this.#reclaimer.refresh();
    else this.#reclaimer = setTimeout(() => this.#reclaim(), RECLAIM_DELAY).unref();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    attachments.delete(this.#self);
    clearTimeout(this.#reclaimer);
    this.unlock();
    this.engine.close(this.id);
  }

  #reclaim(): void {
    this.#reclaiming = false;
    if (!this.closed && this.engine.reclaim(this.id) > 0) this.reclaimSoon();
  }

  #holder(): number | undefined {
    const holder = this.engine.exchange.words[Word.Holder] as number;
    return holder < 0 ? undefined : holder;
  }
}

/** Which engine a handle claims to be of; whether it is a handle the engine decides. */
function engineOf(handle: SharedArrayBuffer): EngineName {
  if (!types.isSharedArrayBuffer(handle)) {
    throw new InvalidHandleError('a handle is a SharedArrayBuffer');
  }
  if (handle.byteLength < HANDLE_SIZE) {
    throw new InvalidHandleError(
      `a handle has at least ${HANDLE_SIZE} bytes, not ${handle.byteLength}`,
    );
  }
  const words = new Int32Array(handle, 0, HANDLE_SIZE >> 2);
  if (words[HandleWord.Magic] !== HANDLE_MAGIC) {
    throw new InvalidHandleError('not the handle of a database: its first word is wrong');
  }
  const version = words[HandleWord.Version];
  if (version !== HANDLE_VERSION) {
    throw new InvalidHandleError(
      `the handle is of version ${version}, and this is version ${HANDLE_VERSION}`,
    );
  }
  const engine = words[HandleWord.Engine];
  if (engine === ENGINE_NATIVE && handle.byteLength === HANDLE_SIZE) return 'native';
  if (engine === ENGINE_FALLBACK) return 'fallback';
  throw new InvalidHandleError(`the handle is of no engine (${engine})`);
}
