import { type ChildProcess, fork } from 'node:child_process';
import { Key, uint } from 'accumulate-memdb';
import { Replica } from 'accumulate-memdb/fleet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES, LONG } from '../support/engines.js';
import { contents, sleep, until } from './fleet.js';
import { ETCD_SKIPPED, TestCluster } from './server.mjs';

const ACCOUNTS = 10;
const EACH = 100;
const TOTAL = ACCOUNTS * EACH;
const KILLS = LONG ? 10 : 1;
const STOP_MS = LONG ? 6000 : 3000;
const DEAD_MS = LONG ? 6000 : 1000;

interface Report {
  acknowledged: number;
  unknown: number;
  errors: string[];
  wrongSums: number;
  snapshots: number;
  longestMs: number;
  final: Record<string, string>;
}

/** A process that moves money, on a replica of its own. */
class Machine {
  acknowledged = 0;
  report: Report | undefined;
  ready = false;
  idle = false;
  exited = false;
  readonly #child: ChildProcess;

  constructor(
    readonly id: string,
    options: object,
  ) {
    const argument = JSON.stringify({ ...options, id, accounts: ACCOUNTS, total: TOTAL });
    this.#child = fork(new URL('./bank.mjs', import.meta.url), [argument]);
    this.#child.on('exit', () => {
      this.exited = true;
    });
    this.#child.on('message', (message: 'ready' | 'idle' | Partial<Machine>) => {
      if (message === 'ready') this.ready = true;
      else if (message === 'idle') this.idle = true;
      else Object.assign(this, message);
    });
  }

  /** Waits until it has done more updates. */
  async works(count = 3): Promise<void> {
    const goal = this.acknowledged + count;
    await until(() => this.acknowledged >= goal, 30_000);
  }

  tell(what: 'stop' | 'die' | 'finish'): void {
    this.#child.send(what);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

describe.skipIf(ETCD_SKIPPED)('three servers and three machines that move money', () => {
  let cluster: TestCluster;
  const machines: Machine[] = [];
  beforeAll(async () => {
    cluster = await TestCluster.start(3);
  });
  afterAll(async () => {
    for (const machine of machines) machine.kill();
    await cluster?.stop();
  });

  const all = () => Promise.all(machines.map((machine) => machine.works()));

  async function restart(servers: readonly TestCluster['servers'][number][]): Promise<void> {
    for (const server of servers) server.start();
    await Promise.all(servers.map((server) => server.ready()));
  }

  const faults: Record<string, () => Promise<void>> = {
    [`the leader killed ${KILLS} times`]: async () => {
      for (let i = 0; i < KILLS; i++) {
        const leader = await cluster.leader();
        await leader.kill();
        await all();
        await restart([leader]);
      }
    },
    'the leader stopped': async () => {
      const leader = await cluster.leader();
      leader.signal('SIGSTOP');
      await sleep(STOP_MS);
      leader.signal('SIGCONT');
    },
    'a follower killed': async () => {
      const leader = await cluster.leader();
      const follower = cluster.servers.find((server) => server !== leader);
      await follower?.kill();
      await all();
      if (follower) await restart([follower]);
    },
    'two of three dead, then back': async () => {
      const dead = cluster.servers.slice(0, 2);
      await Promise.all(dead.map((server) => server.kill()));
      await sleep(DEAD_MS);
      await restart(dead);
    },
  };

  const claim = 'nothing is lost or doubled, sums are constant, and all are equal at the end';
  test(claim, { timeout: 300_000 }, async () => {
    const { endpoints } = cluster;
    const namespace = 'bank/';
    await using bank = await Replica.open({ endpoints, namespace });
    await bank.update((batch) => {
      for (let n = 0; n < ACCOUNTS; n++) batch.put(Key.of('account', uint(n)), String(EACH));
    });
    const start = (id: string) => {
      const engine = ENGINES[machines.length % ENGINES.length];
      const machine = new Machine(id, { endpoints, namespace, engine });
      machines.push(machine);
      return machine;
    };
    for (const id of ['a', 'b', 'c']) start(id);
    await until(() => machines.every((machine) => machine.ready));
    await all();

    for (const [name, fault] of Object.entries(faults)) {
      const started = Date.now();
      await fault();
      await all();
      console.log(`${name}: ${Date.now() - started} ms`);
    }

    const dead = machines.pop() as Machine;
    dead.tell('die');
    await until(() => dead.exited);
    const fourth = start('d');
    await until(() => fourth.ready);
    await all();

    for (const machine of machines) machine.tell('stop');
    await until(() => machines.every((machine) => machine.idle), 60_000);
    for (const machine of machines) machine.tell('finish');
    await until(() => machines.every((machine) => machine.report), 60_000);
    await bank.sync();
    const final = contents(bank);
    const sum = Object.entries(final)
      .filter(([key]) => key.startsWith('account.'))
      .reduce((total, [, value]) => total + Number(value), 0);
    expect(sum).toBe(TOTAL);
    // It had one update under way when it died, which either took effect or did not.
    expect(Number(final[`count.${dead.id}`]) - dead.acknowledged).toBeOneOf([0, 1]);
    for (const machine of machines) {
      const { final: last, ...figures } = machine.report as Report;
      console.log(machine.id, figures);
      expect(last).toEqual(final);
      expect(figures.errors).toEqual([]);
      expect(figures.wrongSums).toBe(0);
      expect(figures.snapshots).toBeGreaterThan(0);
      const counted = Number(final[`count.${machine.id}`]);
      expect(counted).toBeGreaterThanOrEqual(figures.acknowledged);
      expect(counted).toBeLessThanOrEqual(figures.acknowledged + figures.unknown);
    }
  });
});
