// Prints how long begin takes at 1,000 and at 1,000,000 entries, and the ratio: about 1 where begin
// copies nothing. A measurement to look at, not a test: run `node test/begin-cost.mjs [engine...]`.
import { Key, MemDB, uint } from 'accumulate-memdb';

const CALLS = 100_000;
const ROUNDS = 9;

function filled(engine, entries) {
  const db = new MemDB({ engine });
  for (let at = 0; at < entries; at += 10_000) {
    const batch = db.begin(null, true);
    for (let i = at; i < Math.min(entries, at + 10_000); i++) batch.put(Key.of('n', uint(i)), 'v');
    batch.commit();
  }
  return db;
}

/** Nanoseconds of one begin and discard. */
function once(db) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < CALLS; i++) db.begin().discard();
  return Number(process.hrtime.bigint() - start) / CALLS;
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

for (const engine of process.argv.length > 2 ? process.argv.slice(2) : ['native', 'fallback']) {
  const small = filled(engine, 1_000);
  const large = filled(engine, 1_000_000);
  const times = { small: [], large: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.small.push(once(small));
    times.large.push(once(large));
  }
  const [few, many] = [median(times.small), median(times.large)];
  console.log(
    `${engine}: begin + discard ${few.toFixed(0)} ns at 1,000 entries, ` +
      `${many.toFixed(0)} ns at 1,000,000: ratio ${(many / few).toFixed(2)}`,
  );
  small.close();
  large.close();
}
