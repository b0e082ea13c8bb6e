import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mark } from '../harness/data.js';
import { same } from '../harness/fill.js';
import { measure, type Task } from '../harness/measure.js';
import { root } from '../harness/root.js';
import type { Row } from '../harness/targets.js';
import { type Reader, type Store, type Subject, stores, type Writer } from '../subjects/subject.js';
import { type Alone, repeat } from './workload.js';

const FILE = join(root, 'test', 'vectors', 'healing-trace.jsonl.gz');

/** A step of the trace, as recorded: the value is hexadecimal. */
type Line = [op: string, batch: number, key: Part[] | null, value: string | boolean | null];
type Part = { string?: string; url?: string; uint?: number | string; bytes?: string };

/** What one batch of the trace did. */
interface Session {
  readonly writable: boolean;
  readonly steps: Step[];
}

interface Step {
  readonly put: boolean;
  readonly key: (store: Store) => unknown;
  readonly value: Buffer | undefined;
}

const row: Row = {
  name: 'trace',
  title: 'the healing trace replayed, each get and put',
  unit: 'ns',
};

export const trace: Alone = {
  name: row.name,
  rows: [row],
  subjects: stores,
  layout: 'chain',
  sizes: { full: [1_200], quick: [1_200] },
  async run({ subject, pace }) {
    const sessions = readTrace();
    const store = await subject.open();
    await replay(store, sessions, compare);
    await store.close();
    return { [row.name]: await measure(replays(subject, sessions), pace) };
  },
};

/** A pass replays the whole trace on a new store. */
function replays(subject: Subject, sessions: readonly Session[]): Task {
  let store: Store;
  return {
    operations: sessions.reduce((sum, { steps }) => sum + steps.length, 0),
    period: 1,
    async before() {
      store = await subject.open();
    },
    pass: () => replay(store, sessions, (_step, found) => mark(found)),
    after: () => store.close(),
  };
}

type Judge = (step: Step, found: Uint8Array | undefined) => number;

function compare({ value }: Step, found: Uint8Array | undefined): number {
  if (value === undefined ? found === undefined : same(found, value)) return 1;
  throw new Error(`a get of the trace found ${found?.length ?? 'no'} bytes that it should not`);
}

function replay(
  store: Store,
  sessions: readonly Session[],
  judge: Judge,
): number | Promise<number> {
  return repeat(sessions.length, (n) => {
    const { writable, steps } = sessions[n] as Session;
    let sum = 0;
    const run = (batch: Reader<unknown> | Writer<unknown>) => {
      for (const step of steps) {
        const key = step.key(store);
        if (step.put) (batch as Writer<unknown>).put(key, step.value as Buffer);
        else sum += judge(step, batch.tryGet(key));
      }
    };
    if (writable) {
      const done = store.update(run);
      return done === undefined ? sum : done.then(() => sum);
    }
    const reader = store.begin();
    run(reader);
    const end = reader.discard();
    return end === undefined ? sum : end.then(() => sum);
  });
}

function readTrace(): Session[] {
  const sessions: Session[] = [];
  const accounts = new Accounts();
  // Integers that a double cannot hold are read as text.
  const text = gunzipSync(readFileSync(FILE))
    .toString()
    .replace(/"uint":(\d{16,})/g, '"uint":"$1"');
  for (const line of text.trim().split('\n')) {
    const [op, , key, value] = JSON.parse(line) as Line;
    if (op === 'begin') sessions.push({ writable: value === true, steps: [] });
    else if (op === 'get' || op === 'put') {
      (sessions.at(-1) as Session).steps.push({
        put: op === 'put',
        key: readKey(key as Part[], accounts),
        value: value === null ? undefined : Buffer.from(value as string, 'hex'),
      });
    }
  }
  return sessions;
}

/** How a step's key is made of its parts; the trace has keys of four kinds. */
function readKey(parts: Part[], accounts: Accounts): Step['key'] {
  const [first, url, chain, kind, last] = parts;
  if (first?.string !== 'Account' || url?.url === undefined || chain?.string !== 'MainChain') {
    throw new Error(`a key that this replay does not know: ${JSON.stringify(parts)}`);
  }
  const text = url.url;
  const { uint = 0 } = last ?? {};
  const index = typeof uint === 'string' ? BigInt(uint) : uint;
  const hash = Buffer.from(last?.bytes ?? '', 'hex');
  switch (kind?.string) {
    case 'Head':
      return (store) => store.head(accounts.of(store, text));
    case 'States':
      return (store) => store.state(accounts.of(store, text), index);
    case 'Element':
      return (store) => store.element(accounts.of(store, text), Number(index));
    case 'ElementIndex':
      return (store) => store.elementIndex(accounts.of(store, text), hash);
    default:
      throw new Error(`a key that this replay does not know: ${JSON.stringify(parts)}`);
  }
}

/** What the stores keep of accounts, the same for every store of a subject. */
class Accounts {
  readonly #known = new Map<string, unknown>();

  of(store: Store, url: string): unknown {
    let account = this.#known.get(url);
    if (account === undefined) {
      account = store.account(url);
      this.#known.set(url, account);
    }
    return account;
  }
}
