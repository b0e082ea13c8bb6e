import type { KeySpec } from './keyspec.js';
import { numbered, type Op, type Program } from './program.js';
import type { Batch, Database } from './store.js';

/** A store that programs can run on: how to open it, and how its keys are made and shown. */
export interface Subject<K> {
  readonly name: string;
  open(maxBytes: number | undefined): Database<K>;
  key(spec: KeySpec): K;
  show(key: K): string;
}

/**
 * What one step did, as text. Pairs are sorted. An unfinished iteration shows `some` pairs, and they may
 * be any of `all` the pairs that a whole iteration would have shown.
 */
export type Outcome =
  | string
  | { readonly some: readonly string[]; readonly all: readonly string[] };

/** Length and filling identify the values of programs. */
function showValue(value: Uint8Array | undefined): string {
  if (value === undefined) return 'undefined';
  const even = value.every((byte) => byte === value[0]);
  return even ? `${value.length}x${value[0] ?? ''}` : Buffer.from(value).toString('hex');
}

class FromProgram extends Error {}

class Replay<K> {
  readonly outcomes: Outcome[] = [];
  readonly #batches = new Map<string, Batch<K>>();
  readonly #database: Database<K>;

  constructor(
    readonly subject: Subject<K>,
    program: Program,
  ) {
    this.#database = subject.open(program.maxBytes);
    try {
      for (const op of program.ops) this.step(op);
    } finally {
      this.#database.close();
    }
  }

  /** Runs one step. Its outcome follows those of the steps inside it. */
  step(op: Op): void {
    this.outcomes.push(this.#outcome(() => this.#run(op)));
  }

  #outcome(run: () => Outcome): Outcome {
    try {
      return run();
    } catch (error) {
      const { code, key } = error as { code?: string; key?: K };
      if (error instanceof FromProgram) return 'thrown by the program';
      if (code === undefined) {
        const { name, stack } = error as Error;
        return name === 'TypeError' ? 'TypeError' : `unexpected: ${stack}`;
      }
      return key === undefined ? code : `${code} ${this.subject.show(key)}`;
    }
  }

  #key(spec: KeySpec | null): K | null {
    return spec && this.subject.key(spec);
  }

  #pair([key, value]: [K, Uint8Array]): string {
    return `${this.subject.show(key)} = ${showValue(value)}`;
  }

  #run(op: Op): Outcome {
    if (op.op === 'begin') return this.#begin(op);
    if (op.op === 'update' || op.op === 'view') return this.#scoped(op);
    if (op.op === 'close') {
      this.#database.close();
      return 'ok';
    }
    if (op.op === 'stats') {
      const { entries, bytes, openBatches } = this.#database.stats();
      return `${entries} entries, ${bytes} bytes, ${openBatches} batches`;
    }
    const batch = this.#batches.get(op.batch);
    return batch ? this.#use(batch, op) : 'no such batch';
  }

  #begin(op: Op & { op: 'begin' }): Outcome {
    const parent = op.in === undefined ? this.#database : this.#batches.get(op.in);
    if (parent === undefined) return 'no such batch';
    this.#batches.set(op.as, parent.begin(this.#key(op.prefix), op.writable));
    return 'ok';
  }

  #scoped(op: Op & { op: 'update' | 'view' }): Outcome {
    const fn = (batch: Batch<K>): unknown => {
      this.#batches.set(op.as, batch);
      for (const inner of op.inside) this.step(inner);
      if (op.op === 'view' || op.end === 'return') return 'done';
      if (op.end === 'throw') throw new FromProgram();
      return Promise.resolve();
    };
    return String(op.op === 'view' ? this.#database.view(fn) : this.#database.update(fn));
  }

  #use(batch: Batch<K>, op: Exclude<Op, { op: 'begin' | 'update' | 'view' | 'stats' | 'close' }>) {
    switch (op.op) {
      case 'get':
        return taken(batch.get(this.#key(op.key)));
      case 'tryGet':
        return taken(batch.tryGet(this.#key(op.key)));
      case 'has':
        return String(batch.has(this.#key(op.key)));
      case 'getMany': {
        const values = batch.getMany(op.keys.map((key) => this.#key(key)));
        const shown = values.map(showValue).join(', ');
        for (const value of values) value?.fill(0xdd);
        return `[${shown}]`;
      }
      case 'put': {
        const value = new Uint8Array(op.length).fill(op.fill);
        batch.put(this.#key(op.key), value);
        value.fill(0xee);
        return 'ok';
      }
      case 'putAll':
        for (let i = op.from; i < op.from + op.count; i++) {
          batch.put(this.#key(numbered(i)), Buffer.alloc(i % 50, i));
        }
        return 'ok';
      case 'deleteAll':
        for (let i = op.from; i < op.from + op.count; i++) batch.delete(this.#key(numbered(i)));
        return 'ok';
      case 'delete':
        batch.delete(this.#key(op.key));
        return 'ok';
      case 'forEach':
        return this.#forEach(batch, op);
      case 'entries':
        return this.#entries(batch, op.take);
      case 'commit':
        batch.commit();
        return 'ok';
      case 'discard':
        batch.discard();
        return 'ok';
    }
  }

  #forEach(batch: Batch<K>, op: Op & { op: 'forEach' }): Outcome {
    const pairs: string[] = [];
    batch.forEach((key, value) => {
      if (pairs.length === op.at) for (const inner of op.inside) this.step(inner);
      pairs.push(this.#pair([key, value]));
      value.fill(0xdd);
    });
    return pairs.sort().join('\n');
  }

  #entries(batch: Batch<K>, take: number): Outcome {
    const all: string[] = [];
    for (const pair of batch.entries()) all.push(this.#pair(pair));
    const some: string[] = [];
    for (const pair of batch.entries()) {
      if (some.length >= take) break;
      some.push(this.#pair(pair));
    }
    return { some, all: all.sort() };
  }
}

/** Shows a value that `get` returned, then overwrites it: the store must not change. */
function taken(value: Uint8Array | undefined): string {
  const text = showValue(value);
  value?.fill(0xdd);
  return text;
}

/** A subject, whatever it takes for keys. */
export interface Runner {
  readonly name: string;
  /** Runs a program on a new database. Returns the outcomes of its steps, inner steps first. */
  run(program: Program): Outcome[];
}

export function runner<K>(subject: Subject<K>): Runner {
  return { name: subject.name, run: (program) => new Replay(subject, program).outcomes };
}
