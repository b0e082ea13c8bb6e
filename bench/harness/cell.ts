// One process of a run: receives a cell, runs its workloads and sends the figures back.
import { loadSubject } from '../subjects/index.js';
import { alone, repeated } from '../workloads/index.js';
import { insertBlocks } from '../workloads/insert.js';
import type { Figures, Place } from '../workloads/workload.js';
import { fill } from './fill.js';
import { measure } from './measure.js';
import type { Cell } from './plan.js';

async function run(cell: Cell): Promise<Figures> {
  const place: Place = { ...cell, subject: await loadSubject(cell.subject) };
  const single = alone.find(({ name }) => name === cell.workloads[0]);
  return single === undefined ? onFilledStore(place, cell.workloads) : single.run(place);
}

async function onFilledStore(place: Place, names: readonly string[]): Promise<Figures> {
  const { filled, figure } = await fill(place);
  const figures = { [insertBlocks.name]: figure };
  for (const workload of repeated) {
    if (!names.includes(workload.name)) continue;
    figures[workload.name] = await measure(workload.task(filled), place.pace);
  }
  await filled.store.close();
  return figures;
}

process.once('message', async (cell: Cell) => {
  process.send?.(await run(cell));
  process.disconnect();
});
