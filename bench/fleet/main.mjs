// npm run bench:fleet: what a store that is shared over etcd costs, with the same transactions by the bare gRPC
// client next to it. The servers run on this machine too, so all figures are of one machine under all the load.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Key, uint } from 'accumulate-memdb';
import { Replica } from 'accumulate-memdb/fleet';
import { ETCD_SKIPPED, TestCluster } from '../../test/fleet/server.mjs';
import { Bare } from './bare.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    nodes: { type: 'string' },
    check: { type: 'boolean' },
  },
});
const TURN_MS = values.quick ? 400 : 1500;
const TURNS = values.quick ? 3 : 5;
const LOADED = values.quick ? 10_000 : 100_000;
const VALUE = Buffer.alloc(100, 'x');
/** What the issue asks for: a replica's rate to the bare client's. */
const LEAST_RATIO = 0.8;

const { Cluster } = createRequire(import.meta.url)('../../dist/lib/fleet/etcd/cluster.js');

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const quantile = (list, q) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];

/** Runs `commit` in `width` lines at once for a turn, and returns commits per second. */
async function turn(width, commit) {
  let done = 0;
  const started = performance.now();
  const line = async (n) => {
    while (performance.now() - started < TURN_MS) {
      await commit(n);
      done++;
    }
  };
  await Promise.all(Array.from({ length: width }, (_, n) => line(n)));
  return (done * 1000) / (performance.now() - started);
}

async function commits(cluster, replica) {
  const rows = [];
  const bare = new Bare(cluster.endpoints[0], 'bare/');
  for (const records of [1, 100, 1000]) {
    for (const width of [1, 16]) {
      // Each line has records of its own, so that nothing waits but for the cluster.
      const keys = Array.from({ length: width }, (_, n) =>
        Array.from({ length: records }, (_, i) => Key.of('r', uint(n), uint(i))),
      );
      const raw = keys.map((list) =>
        list.map((key) => ({
          digest: Buffer.concat([Buffer.from('bare/r/'), key.digest()]),
          value: Buffer.concat([Buffer.from([key.encode().length]), key.encode(), VALUE]),
        })),
      );
      const slots = keys.map((_, n) => ({ name: `${records}.${width}.${n}`, version: 0 }));
      const byBare = (n) => bare.commit(raw[n], slots[n]);
      const byReplica = (n) =>
        replica.update((batch) => {
          for (const key of keys[n]) batch.put(key, VALUE);
        });
      await turn(width, byBare);
      await turn(width, byReplica);
      const rates = { bare: [], replica: [], ratio: [] };
      for (let i = 0; i < TURNS; i++) {
        const b = await turn(width, byBare);
        const r = await turn(width, byReplica);
        rates.bare.push(b);
        rates.replica.push(r);
        rates.ratio.push(r / b);
      }
      const [b, r, ratio] = [rates.bare, rates.replica, rates.ratio].map(median);
      rows.push({ records, width, bare: b, replica: r, recordsPerSecond: r * records, ratio });
    }
  }
  bare.close();
  return rows;
}

/** Milliseconds from the answer to a commit until another replica shows it. */
async function lag(cluster, writer) {
  const shown = new Map();
  const follow = Cluster.prototype.follow;
  Cluster.prototype.follow = function (from, followed, signal) {
    const timed = async (revisions) => {
      await followed(revisions);
      for (const { revision } of revisions) shown.set(revision, performance.now());
    };
    return follow.call(this, from, timed, signal);
  };
  const reader = await Replica.open({
    endpoints: cluster.endpoints,
    namespace: 'bench/',
    ...LIMITS,
  });
  Cluster.prototype.follow = follow;
  const answered = [];
  const keys = Array.from({ length: 100 }, (_, i) => Key.of('lag', uint(i)));
  const count = values.quick ? 50 : 300;
  const commit = Cluster.prototype.commit;
  Cluster.prototype.commit = async function (...args) {
    const response = await commit.apply(this, args);
    answered.push([response.header.revision, performance.now()]);
    return response;
  };
  for (let i = 0; i < count; i++) {
    await writer.update((batch) => {
      for (const key of keys) batch.put(key, VALUE);
    });
  }
  Cluster.prototype.commit = commit;
  await reader.sync();
  await reader.close();
  const all = answered.map(([revision, at]) => Math.max(0, shown.get(revision) - at));
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

async function loading(cluster, writer) {
  for (let i = 0; i < LOADED; i += 1000) {
    await writer.update((batch) => {
      for (let n = i; n < i + 1000; n++) batch.put(Key.of('load', uint(n)), VALUE);
    });
  }
  const started = performance.now();
  const replica = await Replica.open({
    endpoints: cluster.endpoints,
    namespace: 'bench/',
    ...LIMITS,
  });
  const seconds = (performance.now() - started) / 1000;
  return { replica, seconds };
}

/** Nanoseconds of a read in a view, alone and while another replica commits 100 records at a time. */
async function reads(replica, writer) {
  const keys = Array.from({ length: LOADED }, (_, n) => Key.of('load', uint(n)));
  const measure = async () => {
    let [done, ms] = [0, 0];
    const started = performance.now();
    while (performance.now() - started < TURN_MS) {
      const begun = performance.now();
      replica.view((batch) => {
        for (let i = 0; i < 1000; i++) {
          if (batch.tryGet(keys[(done + i * 7919) % LOADED]) === undefined) throw new Error('lost');
        }
      });
      ms += performance.now() - begun;
      done += 1000;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return (ms * 1e6) / done;
  };
  await measure();
  const alone = await measure();
  let ended = false;
  const writing = (async () => {
    while (!ended) {
      await writer.update((batch) => {
        for (let i = 0; i < 100; i++) batch.put(Key.of('feed', uint(i)), VALUE);
      });
    }
  })();
  const fed = await measure();
  ended = true;
  await writing;
  return { alone, fed };
}

/** Updates per second of three replicas that all increment one counter, and runs per update. */
async function contention(replicas) {
  const counter = Key.of('counter');
  let runs = 0;
  let updates = 0;
  const rate = await turn(replicas.length, async (n) => {
    updates++;
    await replicas[n].update((batch) => {
      runs++;
      batch.put(counter, String(Number(batch.tryGet(counter) ?? 0) + 1));
    });
  });
  return { rate, runs: runs / updates };
}

const LIMITS = { maxOps: 2048, maxBytes: 8 * 2 ** 20 };
const ARGS = ['--max-txn-ops', '2048', '--max-request-bytes', String(LIMITS.maxBytes)];

async function measure(nodes) {
  const cluster = await TestCluster.start(nodes, { args: ARGS });
  const open = () =>
    Replica.open({ endpoints: [cluster.endpoints[0]], namespace: 'bench/', ...LIMITS });
  const writer = await open();
  const result = { nodes };
  result.commits = await commits(cluster, writer);
  result.lag = await lag(cluster, writer);
  const { replica, seconds } = await loading(cluster, writer);
  result.loading = { records: LOADED, seconds };
  result.reads = await reads(replica, writer);
  const replicas = [writer, replica, await open()];
  result.contention = await contention(replicas);
  for (const each of replicas) await each.close();
  await cluster.stop();
  return result;
}

function table({ nodes, commits, lag, loading, reads, contention }) {
  const n = (value, digits = 0) => value.toFixed(digits);
  return [
    `### ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
    '',
    '| records | at once | bare client, commits/s | replica, commits/s | records/s | replica to bare |',
    '|---|---|---|---|---|---|',
    ...commits.map(
      (row) =>
        `| ${row.records} | ${row.width} | ${n(row.bare)} | ${n(row.replica)} | ${n(row.recordsPerSecond)} | ${n(row.ratio, 2)} |`,
    ),
    '',
    '| what | figure |',
    '|---|---|',
    `| lag of another replica, 100 records, p50 / p99 | ${n(lag.p50, 1)} / ${n(lag.p99, 1)} ms |`,
    `| loading ${loading.records} records | ${n(loading.seconds, 2)} s |`,
    `| a local read, alone / while the feed runs | ${n(reads.alone)} / ${n(reads.fed)} ns |`,
    `| three replicas on one counter | ${n(contention.rate)} updates/s, ${n(contention.runs, 2)} runs each |`,
    '',
  ].join('\n');
}

if (ETCD_SKIPPED) {
  console.error(ETCD_SKIPPED);
  process.exit(1);
}
const results = [];
for (const nodes of (values.nodes ?? '1,3').split(',').map(Number)) {
  const result = await measure(nodes);
  results.push(result);
  if (!values.json) console.log(table(result));
}
if (values.json) console.log(JSON.stringify(results, null, 2));
if (values.check) {
  const ratios = results.flatMap(({ commits }) => commits.map(({ ratio }) => ratio));
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(
    `replica to bare client, geometric mean: ${mean.toFixed(2)} (at least ${LEAST_RATIO})`,
  );
  process.exitCode = mean >= LEAST_RATIO ? 0 : 1;
}
