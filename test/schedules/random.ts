import { Random } from '../support/random.js';
import { Stop } from './control.mjs';
import { programs } from './programs.mjs';
import { type SceneName, scenes } from './scenes.js';
import type { Schedule, Turn } from './schedule.js';

const PROGRAMS = Object.keys(programs) as (keyof typeof programs)[];
const SCENES = Object.keys(scenes) as SceneName[];
/** How many steps a turn has about, in a schedule. */
const PACES = [2, 10, 40, 150, 600];
const MOST_TURNS = 16;

/** Returns the schedule of a number, always the same, and the name of its scene. */
export function randomSchedule(seed: number): { scene: SceneName; schedule: Schedule } {
  const random = new Random(seed);
  const count = random.between(2, 3);
  const threads = Array.from({ length: count }, () =>
    Array.from({ length: random.between(1, 3) }, () => random.pick(PROGRAMS)),
  );
  const pace = random.pick(PACES);
  const turns = Array.from({ length: random.between(2, MOST_TURNS) }, (): Turn => {
    const thread = random.below(count);
    const steps = random.between(1, 2 * pace);
    const stops = random.chance(0.1);
    return {
      thread,
      steps,
      stop: stops ? random.pick([Stop.Death, Stop.LateDeath, Stop.Cut]) : Stop.None,
    };
  });
  return { scene: random.pick(SCENES), schedule: { threads, turns } };
}
