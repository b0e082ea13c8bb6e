import { Stop } from './control.mjs';
import type { SceneName } from './scenes.js';
import type { ProgramName, Schedule } from './schedule.js';

/** Two programs that may meet, and the database that they meet in. */
export interface Meeting {
  readonly scene: SceneName;
  readonly first: ProgramName;
  readonly second: ProgramName;
}

const CHANGES: readonly (readonly [SceneName, ProgramName])[] = [
  ['a few keys', 'a small commit'],
  ['a few keys', 'an update of a sum'],
  ['a large value', 'a large value'],
  ['a few keys', 'a value for which memory grows'],
  ['a full segment', 'keys for which the table grows'],
  ['a segment of keys that are gone', 'keys for which the table grows'],
  ['little room', 'a small commit'],
  ['a key of many versions', 'a key again and again'],
  ['a few keys', 'keys that come and go'],
  ['a few keys', 'many pins'],
  ['a few keys', 'closing and attaching again'],
  ['a few keys', 'nested batches in an update'],
  ['a few keys', 'a batch that others supersede'],
];
const OTHERS: readonly ProgramName[] = [
  'a key again and again',
  'keys that come and go',
  'keys for which the table grows',
  'reading keys',
  'an iteration',
  'closing and attaching again',
];

/** The meetings of each change with each of the others, either way around. */
export const meetings: readonly Meeting[] = CHANGES.flatMap(([scene, change]) =>
  OTHERS.flatMap((other) => [
    { scene, first: change, second: other },
    { scene, first: other, second: change },
  ]),
);

/** The second thread runs between two steps of the first one. */
export function preempted({ first, second }: Meeting, step: number): Schedule {
  const turns = [
    { thread: 0, steps: step, stop: Stop.None },
    { thread: 1, steps: -1, stop: Stop.None },
  ];
  return { threads: [[first], [second]], turns };
}

/** The first thread is stopped after a step; the second one runs then. */
export function stopped({ first, second }: Meeting, step: number, stop: number): Schedule {
  const turns = [{ thread: 0, steps: step, stop }];
  return { threads: [[first], [second]], turns };
}

/** The second thread runs between two steps of the first one, and is stopped; the first goes on. */
export function both(
  { first, second }: Meeting,
  step: number,
  other: number,
  stop: number,
): Schedule {
  const turns = [
    { thread: 0, steps: step, stop: Stop.None },
    { thread: 1, steps: other, stop },
  ];
  return { threads: [[first], [second]], turns };
}
