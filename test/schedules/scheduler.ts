import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import { check } from './check.js';
import { installClock } from './clock.mjs';
import { Control, State } from './control.mjs';
import type { Scene } from './scenes.js';
import type { Commit, Report, Schedule } from './schedule.js';

const DIST = fileURLToPath(new URL('../../dist/lib', import.meta.url));
/** The most threads of a schedule. */
const THREADS = 3;
/** A schedule that takes so long hangs, ms. */
const PATIENCE = 20_000;

export interface Outcome {
  readonly reports: Report[];
  readonly commits: Commit[];
  /** The first thing that is wrong, or undefined. */
  readonly fault: string | undefined;
}

/**
 * Runs schedules: threads of one process, each of which does one step of shared memory after the other while
 * it is its turn. `root` is the compiled package that the threads load.
 */
export class Scheduler {
  readonly clock = installClock(createRequire(import.meta.url), DIST);
  private readonly control = new SharedArrayBuffer(Control.Words * 4);
  private readonly words = new Int32Array(this.control);
  private readonly workers: Worker[] = [];
  private readonly ports: MessagePort[] = [];
  private failure: unknown;

  constructor(root = DIST) {
    for (let me = 0; me < THREADS; me++) {
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(new URL('./actor.mjs', import.meta.url), {
        workerData: { me, root, control: this.control, port: port2 },
        transferList: [port2],
      });
      worker.on('error', (error) => {
        this.failure = error;
      });
      port1.unref();
      this.ports.push(port1);
      this.workers.push(worker);
    }
  }

  /** Runs a schedule on a copy of the scene, and checks all. */
  run(scene: Scene, schedule: Schedule): Outcome {
    const { words } = this;
    words.fill(0);
    this.clock.use(words);
    this.clock.advanceTo(1_000);
    words[Control.Threads] = schedule.threads.length;
    words[Control.Turns] = schedule.turns.length;
    schedule.turns.forEach((turn, n) => {
      words.set([turn.thread, turn.steps, turn.stop], Control.FirstTurn + n * Control.TurnWords);
    });
    const witness = scene.open();
    const before = witness.begin();
    schedule.threads.forEach((list, me) => {
      this.ports[me]?.postMessage({ handle: witness.handle, list });
    });
    this.start();
    const reports = schedule.threads.map(
      (_, me) => receiveMessageOnPort(this.ports[me] as MessagePort)?.message as Report,
    );
    const commits = this.commits();
    const fault = check({ scene, schedule, witness, before, reports, commits, clock: this.clock });
    return { reports, commits, fault };
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private start(): void {
    const { words } = this;
    const [thread, steps, stop] = words.subarray(Control.FirstTurn, Control.FirstTurn + 3);
    words[Control.Next] = 1;
    words.set([steps ?? -1, stop ?? 0], Control.Grant + 2 * (thread ?? 0));
    for (let me = words[Control.Threads] as number; me < THREADS; me++) {
      words[Control.State + me] = State.Ended;
    }
    Atomics.store(words, Control.Wake + (thread ?? 0), 1);
    Atomics.notify(words, Control.Wake + (thread ?? 0));
    // A late wake-up may be one for the schedule before.
    while (Atomics.load(words, Control.Done) === 0) {
      if (Atomics.wait(words, Control.Done, 0, PATIENCE) === 'timed-out') {
        throw new Error(`a schedule hangs: ${String(this.failure ?? '')}`);
      }
    }
  }

  private commits(): Commit[] {
    const { words } = this;
    return Array.from({ length: words[Control.Commits] as number }, (_, n) => {
      const at = Control.FirstCommit + n * Control.CommitWords;
      return {
        thread: words[at] as number,
        place: words[at + 1] as number,
        nth: words[at + 2] as number,
      };
    });
  }
}
