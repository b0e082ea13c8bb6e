import { join } from 'node:path';
import { type Figure, measure } from '../measure.js';
import { Random } from '../random.js';
import { root } from '../root.js';
import type { Alone, Row } from './workload.js';

/** What is used here of what the addon makes for a thread; see lib/engine/native. */
interface Core {
  create(maxBytes: number): number;
  close(database: number): void;
  closed(database: number): boolean;
  begin(database: number, writable: boolean): number;
  has(batch: number, at: number): number;
}

interface Addon {
  open(exchange: ArrayBuffer, threadId: number): Core;
}

const CALLS = 10_000;

const rows = {
  loop: { name: 'floor-loop', title: 'nothing: the loop by itself', unit: 'ns' },
  call: { name: 'floor-call', title: 'a native call, one integer in, a boolean out', unit: 'ns' },
  has: { name: 'floor-has', title: 'a native `has` of a digest, empty database', unit: 'ns' },
  hash: { name: 'floor-hash', title: 'the same, one part hashed', unit: 'ns' },
  view: { name: 'floor-view', title: 'a Buffer over memory that is there', unit: 'ns' },
} as const satisfies { [name: string]: Row };

/** What is under every figure of the native engine: its calls by themselves, without the typed face. */
export const crossing: Alone = {
  name: 'floor',
  kind: 'alone',
  rows: Object.values(rows),
  subjects: ['native'],
  async run({ pace }) {
    const { Exchange, KEPT_RUNG, Region } = layout();
    const exchange = new Exchange();
    const core = addon().open(exchange.buffer, 0);
    const database = core.create(Number.POSITIVE_INFINITY);
    const batch = core.begin(database, false);
    const { View } = view();
    const memory = new ArrayBuffer(65536);
    const picks = new Random(7).picks(CALLS, 1_000);
    // A part of eight bytes.
    exchange.bytes[Region.Input] = 8;
    const onePart = 1 << 8;

    // A loop each: one that calls what it is given would not be compiled as well.
    const passes: { [row in keyof typeof rows]: () => number } = {
      loop() {
        let sum = 0;
        for (const pick of picks) sum += pick;
        return sum;
      },
      call() {
        let sum = 0;
        for (const pick of picks) sum += core.closed(database) ? 0 : pick;
        return sum;
      },
      has() {
        let sum = 0;
        for (const pick of picks) sum += pick + core.has(batch, KEPT_RUNG);
        return sum;
      },
      hash() {
        let sum = 0;
        for (const pick of picks) sum += pick + core.has(batch, onePart);
        return sum;
      },
      view() {
        let sum = 0;
        for (const pick of picks) sum += new View(memory, pick, 33).length;
        return sum;
      },
    };
    const figures: { [row: string]: Figure } = {};
    for (const row of Object.keys(rows) as (keyof typeof rows)[]) {
      const task = { operations: CALLS, period: 1, pass: passes[row] };
      figures[rows[row].name] = await measure(task, pace);
    }
    core.close(database);
    return figures;
  },
};

function addon(): Addon {
  return require('node-gyp-build')(root);
}

/** Modules of the package that it does not export. */
function layout(): typeof import('../../dist/lib/engine/exchange.js') {
  return require(join(root, 'dist', 'lib', 'engine', 'exchange.js'));
}

function view(): typeof import('../../dist/lib/engine/view.js') {
  return require(join(root, 'dist', 'lib', 'engine', 'view.js'));
}
