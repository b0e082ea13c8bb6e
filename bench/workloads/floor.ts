import { type Figure, measure } from '../harness/measure.js';
import { load } from '../harness/package.js';
import { Random } from '../harness/random.js';
import { tree } from '../harness/root.js';
import type { Row } from '../harness/targets.js';
import type { Alone } from './workload.js';

/** The calls that are used here of those that the addon makes for a thread: see lib/engine/native. */
type Core = { readonly [name in 'create' | 'close' | 'closed' | 'begin' | 'has']: () => void };

interface Addon {
  open(exchange: ArrayBuffer, threadId: number): Core;
}

const CALLS = 10_000;

const rows = {
  loop: { name: 'floor-loop', title: 'nothing: the loop by itself', unit: 'ns' },
  call: { name: 'floor-call', title: 'a native call, one integer in and one out', unit: 'ns' },
  has: { name: 'floor-has', title: 'a native `has` of a digest, empty database', unit: 'ns' },
  hash: { name: 'floor-hash', title: 'the same, one part hashed', unit: 'ns' },
  view: { name: 'floor-view', title: 'a Buffer over existing memory', unit: 'ns' },
  miss: { name: 'floor-miss', title: 'a cache miss: one read among 160 MB', unit: 'ns' },
} as const satisfies { [name: string]: Row };

/** The floor under every figure of the native engine: its calls without the public API. */
export const floor: Alone = {
  name: 'floor',
  rows: Object.values(rows),
  subjects: ['native'],
  layout: 'accounts',
  sizes: { full: [0], quick: [0] },
  async run({ pace }) {
    const { AT_LOCATED, Exchange, packAt, Region, Word } = layout();
    const exchange = new Exchange();
    const { words, number } = exchange;
    const { create, close, closed, begin, has } = addon().open(exchange.buffer, 0);
    const ask = (call: () => void, first: number, second: number): number => {
      words[Word.Arguments] = first;
      words[Word.Arguments + 1] = second;
      call();
      return words[Word.Answer] as number;
    };
    number[0] = Number.POSITIVE_INFINITY;
    const database = ask(create, 0, 0);
    const batch = ask(begin, database, 0);
    const { View } = view();
    const memory = new ArrayBuffer(65536);
    const picks = new Random(7).picks(CALLS, 1_000);
    const way = wayThroughMemory();
    // A part of eight bytes.
    exchange.bytes[Region.Input] = 8;
    const onePart = packAt(0, 1, 0);

    // Each has its own loop: V8 compiles a loop that calls a parameter less well.
    const passes: { [row in keyof typeof rows]: (turn: number) => number } = {
      loop() {
        let sum = 0;
        for (const pick of picks) sum += pick;
        return sum;
      },
      call() {
        let sum = 0;
        for (const pick of picks) {
          words[Word.Arguments] = database;
          closed();
          sum += pick + (words[Word.Answer] as number);
        }
        return sum;
      },
      has() {
        let sum = 0;
        for (const pick of picks) {
          words[Word.Arguments] = batch;
          words[Word.Arguments + 1] = AT_LOCATED;
          has();
          sum += pick + (words[Word.Answer] as number);
        }
        return sum;
      },
      hash() {
        let sum = 0;
        for (const pick of picks) {
          words[Word.Arguments] = batch;
          words[Word.Arguments + 1] = onePart;
          has();
          sum += pick + (words[Word.Answer] as number);
        }
        return sum;
      },
      view() {
        let sum = 0;
        for (const pick of picks) sum += new View(memory, pick, 33).length;
        return sum;
      },
      // Each read finds where the next one is, so none begins before the last one ends. A get makes two
      // such reads: of the slot, and from there of the entry.
      miss(turn) {
        let at = way.starts[turn] as number;
        let sum = 0;
        for (let n = 0; n < CALLS; n++) {
          at = way.memory[at] as number;
          sum += at & 1023;
        }
        return sum;
      },
    };
    const figures: { [row: string]: Figure } = {};
    for (const row of Object.keys(rows) as (keyof typeof rows)[]) {
      const task = { operations: CALLS, period: way.starts.length, pass: passes[row] };
      figures[rows[row].name] = await measure(task, pace);
    }
    ask(close, database, 0);
    return figures;
  },
};

/**
 * As much memory as a million entries take. One word of each stretch of 160 bytes is the index of the
 * next word to read, so that a random way leads through all of them; `starts` has where passes begin.
 */
function wayThroughMemory(): { memory: Int32Array; starts: Int32Array } {
  const stretch = 40;
  const order = new Random(8).order(1_000_000);
  const memory = new Int32Array(order.length * stretch);
  for (const [n, at] of order.entries()) {
    memory[at * stretch] = (order[(n + 1) % order.length] as number) * stretch;
  }
  const starts = Int32Array.from(
    { length: order.length / CALLS },
    (_, turn) => (order[turn * CALLS] as number) * stretch,
  );
  return { memory, starts };
}

function addon(): Addon {
  return require('node-gyp-build')(tree);
}

/** Modules of the package that it does not export. */
function layout(): typeof import('../../dist/lib/engine/exchange.js') {
  return load('engine/exchange.js');
}

function view(): typeof import('../../dist/lib/engine/view.js') {
  return load('engine/view.js');
}
