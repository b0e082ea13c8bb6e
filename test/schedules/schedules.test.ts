import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { LONG } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { both, meetings, preempted, stopped } from './complete.js';
import { Stop } from './control.mjs';
import { faults, plant } from './faults.js';
import { randomSchedule } from './random.js';
import { type SceneName, sceneOf } from './scenes.js';
import type { Schedule } from './schedule.js';
import { Scheduler } from './scheduler.js';

/** The short form takes the same schedules every time. The long form takes others, to find new faults. */
const seed = LONG || process.env.MEMDB_SEED ? runSeed('schedules.test.ts') : 1;
/** How many random schedules there are. */
const SCHEDULES = LONG ? Number(process.env.MEMDB_SCHEDULES ?? 600_000) : 300;
/** How many schedules of two threads the short form has at most, and how long it takes at most, ms. */
const MOST_OF_TWO = 600;
const TIME = 15_000;
const DAY = 86_400_000;
const STOPS = [Stop.Death, Stop.LateDeath, Stop.Cut];

const scheduler = new Scheduler();
afterAll(() => scheduler.end());

/** Runs a schedule in which all must be in order. Returns how many steps its first thread has done. */
function run(scene: SceneName, schedule: Schedule, by = scheduler): number {
  const { reports, fault } = by.run(sceneOf(scene), schedule);
  if (fault !== undefined) {
    throw new Error(`${fault}\nin ${scene}: ${JSON.stringify(schedule)}`);
  }
  return reports[0]?.steps as number;
}

/** Whether the short form has used up its time. */
function timer(time: number): () => boolean {
  const start = performance.now();
  return () => !LONG && performance.now() - start > time;
}

describe('two threads', () => {
  it(
    'do as if one came after the other, wherever one comes between, dies or is cut short',
    async () => {
      const random = new Random(seed);
      const isOver = timer(TIME);
      let count = 0;
      const rest = [...meetings];
      while (rest.length > 0 && !isOver()) {
        const [meeting] = rest.splice(random.below(rest.length), 1) as [(typeof meetings)[0]];
        // The long form takes each step, the short form some.
        const next = (step: number) => step + (LONG ? 1 : random.between(1, 60));
        let steps = Number.POSITIVE_INFINITY;
        const isEnough = () => !LONG && count >= MOST_OF_TWO;
        for (let step = next(0); step <= steps && !isOver() && !isEnough(); step = next(step)) {
          steps = run(meeting.scene, preempted(meeting, step));
          for (const stop of STOPS) run(meeting.scene, stopped(meeting, step, stop));
          run(meeting.scene, both(meeting, step, random.between(1, 600), random.pick(STOPS)));
          count += 2 + STOPS.length;
          await turn();
        }
      }
      process.stdout.write(`${count} schedules of two threads\n`);
    },
    DAY,
  );
});

describe('some threads at random', () => {
  it(
    'do as if one came after the other',
    async () => {
      const isOver = timer(TIME);
      let count = 0;
      for (; count < SCHEDULES && !isOver(); count++) {
        const { scene, schedule } = randomSchedule(seed + count);
        try {
          run(scene, schedule);
        } catch (error) {
          throw new Error(`MEMDB_SEED=${seed + count}: ${(error as Error).message}`);
        }
        if (count % 50 === 0) await turn();
      }
      process.stdout.write(`${count} random schedules\n`);
    },
    DAY,
  );
});

describe('the schedules of two threads find that', () => {
  it.each(Object.entries(faults))(
    '%s',
    async (_, fault) => {
      const { meeting } = fault;
      const { root, remove } = plant(fault);
      const faulty = new Scheduler(root);
      let found: string | undefined;
      let step = 0;
      // Steps before it are tried last.
      let steps = fault.step;
      for (let n = 0; found === undefined && n < steps; n++) {
        step = fault.step + n <= steps ? fault.step + n : fault.step + n - steps;
        const schedules = [
          preempted(meeting, step),
          ...STOPS.map((stop) => stopped(meeting, step, stop)),
        ];
        for (const schedule of schedules) {
          try {
            steps = Math.max(steps, run(meeting.scene, schedule, faulty));
          } catch (error) {
            found = (error as Error).message;
            // Without the fault all is well.
            run(meeting.scene, schedule);
            break;
          }
        }
        await turn();
      }
      process.stdout.write(`step ${step}: ${found?.split('\n')[0]}\n`);
      await faulty.end();
      remove();
      expect(found).toBeDefined();
    },
    DAY,
  );
});
