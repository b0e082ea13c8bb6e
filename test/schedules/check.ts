import type { Batch, MemDB } from 'accumulate-memdb';
import { Key } from 'accumulate-memdb';
import { Header } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import { Pages } from '../../dist/lib/engine/fallback/pages.js';
import { Sessions } from '../../dist/lib/engine/fallback/sessions.js';
import { self } from '../../dist/lib/engine/fallback/threads.js';
import { Audit } from '../fallback/audit.js';
import { declareDead } from '../fallback/mortal.js';
import type { installClock } from './clock.mjs';
import { Stop } from './control.mjs';
import { pairs, programs, READ } from './programs.mjs';
import type { Model, Scene } from './scenes.js';
import type { Commit, Look, Report, Schedule } from './schedule.js';

/** What happened in a schedule, once its threads have ended. */
export interface Run {
  readonly scene: Scene;
  readonly schedule: Schedule;
  /** This thread's attachment: made before the others, with a batch open since. */
  readonly witness: MemDB;
  readonly before: Batch;
  readonly reports: readonly Report[];
  readonly commits: readonly Commit[];
  readonly clock: ReturnType<typeof installClock>;
}

/** Longer than a thread waits before it looks for dead threads again, ms. */
const LATER = 1_000;
const LAST = 'last';

/** Returns the first thing that is wrong, or undefined. */
export function check(run: Run): string | undefined {
  try {
    for (const { errors } of run.reports) for (const error of errors) return error;
    const models = modelsOf(run);
    checkLooks(run, models);
    checkEnd(run, models);
    return undefined;
  } catch (error) {
    return (error as Error).stack;
  } finally {
    run.witness.close();
  }
}

/** What the database holds after each of the commits, and before the first one. */
function modelsOf({ scene, schedule, commits }: Run): Model[] {
  const models = [scene.model];
  for (const { thread, place, nth } of commits) {
    const model = new Map(models.at(-1));
    const name = schedule.threads[thread]?.[place] as keyof typeof programs;
    const { commit } = programs[name] as {
      commit(me: number, nth: number): (model: Model) => void;
    };
    commit(thread, nth)(model);
    models.push(model);
  }
  return models;
}

function checkLooks({ scene, reports }: Run, models: Model[]): void {
  const some = (model: Model) => READ.map((key) => model.get(key)).join();
  const check = ({ from, to, text }: Look, textOf: (model: Model) => string) => {
    const seen = models.slice(from - scene.published, to - scene.published + 1).map(textOf);
    if (seen.includes(text)) return;
    throw new Error(
      `a batch of version ${from} to ${to} saw\n${text}\nnot\n${seen.join('\nor\n')}`,
    );
  };
  for (const { looks, reads } of reports) {
    for (const look of looks) check(look, pairs);
    for (const look of reads) check(look, some);
  }
}

function checkEnd({ scene, witness, before, reports, clock }: Run, models: Model[]): void {
  const memory = Memory.of(witness.handle) as Memory;
  const sessions = new Sessions(memory, new Pages(memory));
  const late = reports.filter((report) => report.stop === Stop.LateDeath);
  if (late.length === 0 && reports.some(({ gaveUp }) => gaveUp))
    throw new Error('the mutex is never free');
  for (let session = 0; session < sessions.limit; session++) {
    const thread = sessions.thread(session);
    const report = reports.find((one) => one.threadId === thread);
    if (report === undefined) continue;
    if (late.includes(report)) declareDead(memory, session);
    else throw new Error(`thread ${reports.indexOf(report)} has ended but has a session`);
  }
  const later = () => clock.advanceTo(clock.now() + LATER);
  later();
  if (memory.published !== scene.published + models.length - 1) throw new Error('a lost version');
  equal('an open batch', pairsOf(before), pairs(scene.model));
  const model = new Map(models.at(-1));
  equal('the database', witness.view(pairsOf), pairs(model));
  try {
    witness.update((batch) => batch.put(Key.of(LAST), ''), { timeoutMs: 0 });
    model.set(LAST, '');
  } catch (error) {
    const isFull = (error as { code?: string }).code === 'ERR_DATABASE_FULL';
    if (!scene.isTight || !isFull) throw error;
  }
  equal('the database after one more commit', witness.view(pairsOf), pairs(model));
  new Audit(memory).run();
  before.discard();
  for (let round = 0; round < 4; round++) {
    later();
    witness.stats();
    clock.idle();
  }
  const audited = new Audit(memory);
  audited.run();
  equal('superseded entries', `${audited.superseded.size}`, '0');
  equal('retired blocks', `${memory.word(Header.RetiredCount)}`, '0');
  equal('the owner of the mutex', `${memory.word(Header.Owner)}`, '0');
  for (let session = 0; session < sessions.limit; session++) {
    const thread = sessions.thread(session);
    if (thread >= 0 && thread !== self.threadId) throw new Error('a session of nobody stays');
  }
}

function pairsOf(batch: Iterable<[Key, Buffer]>): string {
  return pairs([...batch].map(([key, value]) => [key.at(0), value]));
}

function equal(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} is\n${found}\nnot\n${expected}`);
}
