import {
  type Batch,
  EncodingError,
  type EngineChoice,
  MemDB,
  type ReadBatch,
} from '../../index.js';
import { Chain } from '../chain.js';
import { chainsIn } from '../inventory.js';
import { Board } from './board.js';
import { clearInterval, nextTurn, now, setInterval } from './clock.js';
import { load } from './load.js';
import { type Proofs, Prover } from './prover.js';
import { type ChainReport, latencyOf, type Rate, type Report, rate } from './report.js';
import { BLOCK_SIZE, SYNTHETIC_CHAIN, syntheticBlock } from './synthetic.js';
import { keyOf, MARK_POWER, storedTask, syntheticTask, type Task } from './task.js';
import { Team } from './team.js';

/**
 * Options of `heal`.
 * @see heal
 */
export interface HealOptions {
  /** A JSON list of records, a snapshot or a Bolt file. Without it, the job builds a chain of `entries`. */
  file?: string | undefined;
  /** How many entries the job adds if it builds a chain: at least 1, by default 100,000. */
  entries?: number;
  /** How many worker threads prove, by default 2. With 0, or in a bundle, the main thread proves. */
  workers?: number;
  engine?: EngineChoice;
  /** Called ten times a second with how far the job is. */
  onProgress?: (progress: Progress) => void;
}

/**
 * How far a job is.
 * @see heal
 */
export interface Progress {
  readonly loaded: number;
  readonly added: number;
  /** How many receipts were checked, and how many there will be. */
  readonly proved: number;
  readonly total: number;
}

/** How often `onProgress` is called, ms. */
const PROGRESS_INTERVAL = 100;
/** How long the main thread proves before it lets timers run, ms. */
const TURN = 50;

/**
 * Runs a healing job: loads the file's records, or builds a chain, and proves every known entry of
 * every chain to the chain's anchor. Workers prove while the chain is still being built. A `Checker`,
 * which shares no code with the chain, checks each receipt.
 *
 * Proofs that fail are listed in the report. The promise rejects with:
 *
 * - `RangeError` if a count is out of range;
 * - `EncodingError` if the file is damaged, or there is nothing to prove in it;
 * - the operating system's error if the file cannot be read;
 * - what the store throws.
 * @example
 * ```ts
 * const report = await heal({
 *   entries: 1000,
 *   workers: 1,
 *   onProgress: ({ proved, total }) => console.log(`${proved} of ${total}`),
 * });
 * report.receipts.failed; // 0
 * report.receipts.count; // 1000
 * ```
 */
export async function heal(options: HealOptions): Promise<Report> {
  const { engine = 'auto', entries = 100_000, workers = 2, ...others } = options;
  checkCount('entries', entries, 1);
  checkCount('workers', workers, 0);
  const db = new MemDB({ engine });
  try {
    const started = Team.possible ? workers : 0;
    const notes =
      started < workers ? ['a bundle has no worker threads: the main thread proved'] : [];
    return await new Job(db, { entries, workers: started, ...others }, notes).run();
  } finally {
    db.close();
  }
}

function checkCount(name: string, count: number, low: number): void {
  if (Number.isSafeInteger(count) && count >= low && count < 2 ** 31) return;
  throw new RangeError(`${name} is ${count}, not an integer of ${low} to 2^31 - 1`);
}

type JobOptions = Omit<HealOptions, 'engine'> & { entries: number; workers: number };

class Job {
  readonly #db: MemDB;
  readonly #options: JobOptions;
  #board = new Board(0);
  #loaded = 0;
  #notes: readonly string[];
  #added = 0;
  /** The chain that is built, in the batch of its last block. */
  #synthetic: Chain | undefined;
  /** How long adding and committing blocks took. */
  #addingSeconds = 0;

  constructor(db: MemDB, options: JobOptions, notes: readonly string[]) {
    this.#db = db;
    this.#options = options;
    this.#notes = notes;
  }

  async run(): Promise<Report> {
    const { file, entries, workers, onProgress } = this.#options;
    const report = () => onProgress?.(this.#progress());
    const timer = setInterval(report, PROGRESS_INTERVAL);
    try {
      const begin = now();
      const tasks = file === undefined ? [syntheticTask(entries)] : await this.#load(file);
      const records = file === undefined ? null : rate(this.#loaded, since(begin));
      this.#board = new Board(tasks.reduce((n, { from, to }) => n + to - from, 0));
      if (this.#board.total === 0) throw new EncodingError(this.#nothing(tasks.length));
      const proving = workers > 0 ? this.#proveByWorkers(tasks) : this.#proveHere(tasks);
      const { proofs, seconds } = await proving;
      report();
      return this.#report(tasks, records, proofs, seconds);
    } finally {
      clearInterval(timer);
    }
  }

  /** Returns why there is nothing to prove: a job that proved nothing must not pass. */
  #nothing(chains: number): string {
    const found =
      chains === 0
        ? `none of its ${this.#loaded} records is the head of a chain`
        : `no entry of its ${chains} ${chains === 1 ? 'chain' : 'chains'} is known`;
    return ['there is nothing to prove', found, ...this.#notes].join('; ');
  }

  #progress(): Progress {
    const { done, total } = this.#board;
    return { loaded: this.#loaded, added: this.#added, proved: done, total };
  }

  async #load(file: string): Promise<Task[]> {
    const { records, notes } = await load(this.#db, file, (count) => {
      this.#loaded = count;
    });
    this.#loaded = records;
    this.#notes = [...this.#notes, ...notes];
    return this.#db.view((batch) => chainsIn(batch).map(({ key }) => storedTask(batch, key)));
  }

  /** Lets workers prove. If there is no file, this thread adds blocks meanwhile. */
  async #proveByWorkers(tasks: readonly Task[]): Promise<Proved> {
    const { file, workers } = this.#options;
    const board = this.#board;
    const begin = now();
    const team = new Team(this.#db, tasks, board, workers);
    try {
      if (file !== undefined) board.publish(board.total);
      else while (!board.stopped && (await this.#addBlock())) board.publish(this.#added);
      return { proofs: await team.proofs(), seconds: since(begin) };
    } finally {
      await team.end();
    }
  }

  /** Proves in this thread. If there is no file, it proves each block after committing it. */
  async #proveHere(tasks: readonly Task[]): Promise<Proved> {
    const { file } = this.#options;
    const board = this.#board;
    const prover = new Prover(this.#db, tasks);
    let proved = 0;
    let seconds = 0;
    try {
      while (proved < board.total) {
        if (file === undefined) await this.#addBlock();
        const ready = file === undefined ? this.#added : board.total;
        const begin = now();
        while (proved < ready && now() - begin < TURN) {
          prover.prove(proved++);
          board.count();
        }
        seconds += since(begin);
        await nextTurn();
      }
      return { proofs: prover.proofs, seconds };
    } finally {
      prover.close();
    }
  }

  /** Adds the next block to the chain. Returns false if the chain is complete. */
  async #addBlock(): Promise<boolean> {
    const block = syntheticBlock(this.#added, this.#board.total);
    if (block.length === 0) return false;
    const begin = now();
    const batch = this.#db.begin(null, true);
    try {
      this.#chain(batch).addEntries(block);
      batch.commit();
    } finally {
      batch.discard();
    }
    this.#addingSeconds += since(begin);
    this.#added += block.length;
    // This lets the timer run and the workers' errors arrive.
    await nextTurn();
    return true;
  }

  #chain(batch: Batch): Chain {
    this.#synthetic = this.#synthetic?.over(batch) ?? new Chain(batch, SYNTHETIC_CHAIN, MARK_POWER);
    return this.#synthetic;
  }

  #report(tasks: readonly Task[], records: Rate | null, proofs: Proofs, seconds: number): Report {
    const { file = null, workers } = this.#options;
    const { bytes, heldBytes } = this.#db.stats();
    const { rss, heapUsed } = process.memoryUsage();
    const entries = rate(this.#added, this.#addingSeconds);
    const blocks = Math.ceil(this.#added / BLOCK_SIZE);
    const chains = this.#db.view((batch) => tasks.map((task) => describe(batch, task)));
    return {
      engine: this.#db.engine,
      node: process.versions.node,
      file,
      workers,
      records,
      entries: file === null ? { ...entries, blocks } : null,
      receipts: {
        ...rate(proofs.receipts, seconds),
        failed: proofs.failed,
        latency: latencyOf(proofs.latency),
      },
      memory: { rss, heapUsed, stored: bytes, held: heldBytes },
      chains,
      failures: proofs.failures,
      notes: [...this.#notes, ...notesOn(chains)],
    };
  }
}

/** Proofs, and how long they took. */
interface Proved {
  readonly proofs: Proofs;
  readonly seconds: number;
}

function describe(batch: ReadBatch, task: Task): ChainReport {
  const chain = new Chain(batch, keyOf(task), MARK_POWER);
  return {
    key: String(chain.key),
    height: chain.head().count,
    anchor: chain.anchor()?.toString('hex') ?? null,
    known: task.to - task.from,
  };
}

/** Returns a note if there are chains that have entries and of which nothing was proved. */
function notesOn(chains: readonly ChainReport[]): string[] {
  const unknown = chains.filter(({ height, known }) => height > 0 && known === 0).length;
  if (unknown === 0) return [];
  return [`no entry is known of ${unknown} of ${chains.length} chains: nothing of them was proved`];
}

function since(begin: number): number {
  return (now() - begin) / 1000;
}
