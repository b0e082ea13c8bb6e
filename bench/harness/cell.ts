// One process of a run: is started for a cell, and measures the workloads that messages name.
import { loadSubject } from '../subjects/index.js';
import { alone, repeated } from '../workloads/index.js';
import { insertBlocks } from '../workloads/insert.js';
import type { Figures, Filled, Place } from '../workloads/workload.js';
import { fill } from './fill.js';
import { type Figure, Measurement } from './measure.js';
import type { Cell } from './plan.js';

let started: Promise<Place>;
let filled: Filled | undefined;
/** The last measurement of a repeated workload, which may be asked for again. */
let last: { readonly name: string; readonly measurement: Measurement } | undefined;

async function start(cell: Cell): Promise<Place> {
  return { ...cell, subject: await loadSubject(cell.subject) };
}

async function run(name: string): Promise<Figures> {
  const place = await started;
  if (last?.name !== name) await endLast();
  const single = alone.find((workload) => workload.name === name);
  if (single !== undefined) return single.run(place);
  if (name === insertBlocks.name) return { [name]: await insert(place) };
  if (filled === undefined) await insert(place);
  const workload = repeated.find((one) => one.name === name);
  if (workload === undefined) throw new Error(`there is no workload ${name}`);
  last ??= { name, measurement: new Measurement(workload.task(filled as Filled)) };
  return { [name]: await last.measurement.measure(place.pace) };
}

async function endLast(): Promise<void> {
  await last?.measurement.end();
  last = undefined;
}

/** Measures filling a store, and keeps the first one for the other workloads. */
async function insert(place: Place): Promise<Figure> {
  const { filled: made, figure } = await fill(place);
  if (filled === undefined) filled = made;
  else await made.store.close();
  return figure;
}

process.on('message', async (message: Cell | string) => {
  if (typeof message === 'string') process.send?.(await run(message));
  else started = start(message);
});
process.once('disconnect', async () => {
  await endLast();
  await filled?.store.close();
});
