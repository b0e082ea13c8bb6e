// A machine of a fleet, as a process of its own: moves money between accounts and counts what it did, until its
// parent says stop. Every snapshot that it sees must have the same sum.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Key, uint } from 'accumulate-memdb';
import { Replica } from 'accumulate-memdb/fleet';

const { Cluster } = createRequire(import.meta.url)('../../dist/lib/fleet/etcd/cluster.js');
const { endpoints, namespace, engine, id, accounts, total } = JSON.parse(process.argv[2]);
const account = (n) => Key.of('account', uint(n));
const counter = Key.of('count', id);
const all = Array.from({ length: accounts }, (_, n) => account(n));
const number = (value) => Number(value ?? 0);

const told = { stop: false, die: false, finish: false };
process.on('message', (message) => {
  told[message] = true;
});

// Dies while its commit is under way, if its parent says so.
const commit = Cluster.prototype.commit;
Cluster.prototype.commit = function (...args) {
  const answer = commit.apply(this, args);
  if (told.die) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1);
  return answer;
};

const replica = await Replica.open({ endpoints, namespace, engine, timeoutMs: 60_000 });
const report = {
  acknowledged: 0,
  unknown: 0,
  errors: [],
  wrongSums: 0,
  snapshots: 0,
  longestMs: 0,
};

const check = setInterval(() => {
  const sum = replica.view((b) => b.getMany(all).reduce((s, value) => s + number(value), 0));
  report.snapshots++;
  if (sum !== total) report.wrongSums++;
}, 2);

process.send('ready');
while (!told.stop) {
  const from = Math.floor(Math.random() * accounts);
  const to = (from + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts;
  const started = performance.now();
  try {
    await replica.update(
      (b) => {
        b.put(account(from), String(number(b.tryGet(account(from))) - 1));
        b.put(account(to), String(number(b.tryGet(account(to))) + 1));
        b.put(counter, String(number(b.tryGet(counter)) + 1));
      },
      { timeoutMs: 30_000 },
    );
    report.acknowledged++;
  } catch (error) {
    if (error.code === 'ERR_UNKNOWN_OUTCOME') report.unknown++;
    else report.errors.push(`${error.code}: ${error.message}`);
  }
  report.longestMs = Math.max(report.longestMs, performance.now() - started);
  process.send({ acknowledged: report.acknowledged });
}
process.send('idle');
while (!told.finish) await sleep(10);
clearInterval(check);
await replica.sync({ timeoutMs: 30_000 });
report.final = replica.view((b) =>
  Object.fromEntries([...b].map(([key, value]) => [String(key), value.toString()])),
);
await replica.close();
process.send({ report }, () => process.disconnect());
