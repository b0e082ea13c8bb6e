// A machine of a fleet: it works through numbered jobs that several machines share, each done exactly once.
//
//   node fleet.mjs NAMESPACE NAME ENDPOINT...
import { Key, uint } from 'accumulate-memdb';
import { Replica } from 'accumulate-memdb/fleet';

const JOBS = 20;
const [namespace = 'jobs/', name = 'machine', ...endpoints] = process.argv.slice(2);
if (endpoints.length === 0) endpoints.push('http://127.0.0.1:2379');

const replica = await Replica.open({ endpoints, namespace });
/** @param {number} job */
const owner = (job) => Key.of('job', uint(job), 'owner');

let done = 0;
for (let job = 0; job < JOBS; job++) {
  // Local and fast: most jobs that others have taken are passed over without asking the cluster.
  if (replica.view((batch) => batch.has(owner(job)))) continue;
  // The function may run again, so it only reads and writes the batch.
  const mine = await replica.update((batch) => {
    if (batch.has(owner(job))) return false;
    batch.put(owner(job), name);
    return true;
  });
  if (mine) done++;
}
await replica.sync();
const taken = replica.view((batch) => {
  let count = 0;
  for (let job = 0; job < JOBS; job++) if (batch.has(owner(job))) count++;
  return count;
});
console.log(`${name} did ${done} jobs; ${taken} of ${JOBS} are done`);
await replica.close();
