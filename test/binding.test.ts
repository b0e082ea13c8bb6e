import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MemDB } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { BeginFlag, Stat, Status } from '../dist/lib/engine/engine.js';
import { At, Exchange, LAYOUT, packAt, Region, Slot, Word } from '../dist/lib/engine/exchange.js';
import { createNative } from '../dist/lib/engine/native/native.js';
import { NATIVE_SKIPPED } from './support/engines.js';
import { Random } from './support/random.js';

interface Addon {
  readonly layout: number;
  readonly constants: unknown;
  open(...args: unknown[]): Record<string, (...args: unknown[]) => unknown>;
}

const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Addon;
const addon = () => load(join(import.meta.dirname, '..'));

/** No call returns this. */
const NO_ANSWER = -12_345;

/**
 * Calls the addon's functions, as only the engine's own code should call them. Numbers go through the
 * registers, anything else is an argument.
 */
function open(exchange = new Exchange()) {
  const core = addon().open(exchange.buffer, 0);
  const call = (name: string, ...args: unknown[]): unknown => {
    const numbers = args.filter((arg) => typeof arg === 'number' || typeof arg === 'boolean');
    exchange.words.set(numbers.slice(0, 4).map(Number), Word.Arguments);
    exchange.number[0] = Number(numbers.at(-1) ?? 0);
    const arrays = args.filter((arg) => typeof arg !== 'number' && typeof arg !== 'boolean');
    if (name === 'stats') return core.stats?.(...args);
    if (name === 'useSlab') return core.useSlab?.(...args);
    exchange.words[Word.Answer] = NO_ANSWER;
    expect(core[name]?.(...arrays)).toBeUndefined();
    expect(exchange.words[Word.Answer]).not.toBe(NO_ANSWER);
    return exchange.words[Word.Answer];
  };
  return {
    call: (name: string, ...args: unknown[]) => call(name, ...args) as number,
    names: Object.keys(core),
  };
}

function detached(): Uint8Array {
  const array = new Uint8Array(100);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** Arguments that no function takes, or not in every place, among arguments that some take. */
function anything(random: Random): unknown {
  const small = random.below(6);
  return random.pick<() => unknown>([
    () => small,
    () => small,
    () => small,
    () => small | (random.below(4) << At.FromBits),
    () => packAt(Slot.FirstParent + small, random.below(4), Slot.FirstParent + small),
    () => random.next() | 0,
    () => random.pick([Number.NaN, 1.5, -1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e300, -1 / 0, 1 / 0]),
    () => random.chance(0.5),
    () => random.pick([undefined, null, 'text', 7n, Symbol('s'), {}, [], () => 0, new Date()]),
    () => random.pick([detached(), new Uint8Array(0), new Uint8Array(70_000), Buffer.alloc(9)]),
    () => new Uint8Array(new SharedArrayBuffer(50)),
    () => random.pick([new Int32Array(4), new DataView(new ArrayBuffer(8)), new ArrayBuffer(8)]),
  ])();
}

describe.skipIf(NATIVE_SKIPPED !== undefined)('the binding', () => {
  it('has the constants that the package has, each of them', () => {
    expect(addon().layout).toBe(LAYOUT);
    expect(addon().constants).toEqual({ Word, Slot, At, Region, Status, BeginFlag, Stat });
  });

  it('has the functions that the package calls, and no others', () => {
    const { name, exchange, lockTimeout, handle, ...calls } = createNative(new Exchange(), {
      tried: [],
    });
    expect([name, lockTimeout]).toEqual(['native', Number.POSITIVE_INFINITY]);
    expect(handle).toBeTypeOf('function');
    expect(open(exchange).names.sort()).toEqual(Object.keys(calls).sort());
  });

  it('opens only with an exchange and a thread id', () => {
    const wrong = [undefined, null, 7, {}, new ArrayBuffer(8), new SharedArrayBuffer(Region.Size)];
    for (const exchange of wrong) expect(() => addon().open(exchange, 0)).toThrow(TypeError);
    const { buffer } = new Exchange();
    for (const id of [undefined, 'one', {}])
      expect(() => addon().open(buffer, id)).toThrow(TypeError);
  });

  it('returns numbers for calls of any kind, and goes on working', () => {
    const seed = Number(process.env.MEMDB_SEED ?? Date.now() % 1e9);
    console.log(`binding: seed ${seed}`);
    const random = new Random(seed);
    const exchange = new Exchange();
    const { call, names } = open(exchange);
    expect(names).toContain('endCursor');
    call('useSlab', exchange.slab);
    for (let n = 0; n < 30_000; n++) {
      if (n % 500 === 0) call('create', random.below(2) * 10_000, new Uint8Array(512));
      if (n % 1000 === 0) exchange.bytes.set(random.bytes(Region.Size - 64), 64);
      exchange.words[Word.SlabPosition] = random.chance(0.5) ? 0 : random.next() | 0;
      const name = random.pick(names);
      // So many stores or closings would leave nothing else.
      if ((name === 'create' || name === 'close') && random.chance(0.9)) continue;
      const args = Array.from({ length: random.below(6) }, () => anything(random));
      const answer: unknown = call(name, ...args);
      if (name === 'useSlab') call('useSlab', exchange.slab);
      const good =
        (name === 'stats' && Array.isArray(answer)) ||
        (name !== 'stats' && Number.isInteger(answer));
      if (!good) expect.fail(`${name} answered ${String(answer)}`);
    }
    const db = new MemDB({ engine: 'native' });
    db.update((batch) => batch.put(null, 'value'));
    expect(db.view((batch) => batch.get(null).toString())).toBe('value');
    db.close();
  });

  it('never finds a batch, cursor or database by an id that was not given out or has ended', () => {
    const { call } = open();
    const db = call('create', Number.POSITIVE_INFINITY, new Uint8Array(512));
    const batch = call('begin', db, true);
    const nested = call('beginNested', batch, true);
    const cursor = call('cursor', nested, false, new Uint8Array(0));
    expect([db, batch, nested, cursor].every((id) => id >= 0)).toBe(true);
    expect(call('discard', batch)).toBe(Status.Ok);
    // It ended with its parent. The id may belong to another batch now.
    expect(call('has', nested, 0)).toBe(Status.Misuse);
    const other = call('begin', db, true);
    expect(call('put', other, 0, 0, 0)).toBe(Status.Ok);
    expect(call('endCursor', cursor)).toBe(Status.Ok);
    expect(call('next', cursor)).toBe(Status.Misuse);
    call('close', db);
    expect(call('has', other, 0)).toBe(Status.Misuse);
    expect(call('begin', db, true)).toBe(Status.Misuse);
    expect(call('lock', db, Number.NaN)).toBe(Status.Misuse);
  });

  it('never reuses the id of a batch whose database another thread closed', () => {
    const [here, elsewhere] = [new Exchange(), new Exchange()];
    const { call } = open(here);
    const other = open(elsewhere).call;
    const handle = new Uint8Array(512);
    const created = other('create', Number.POSITIVE_INFINITY, handle);
    here.words.set(elsewhere.words.subarray(Word.StoreId, Word.StoreId + 4), Word.StoreId);
    const attached = call('attach', handle);
    const parent = call('begin', attached, true);
    const second = call('begin', attached, true);
    call('beginNested', parent, true);
    other('close', created);
    call('discard', parent);
    // If this batch had the id of the second, discarding the second would discard this one.
    const batch = call(
      'begin',
      call('create', Number.POSITIVE_INFINITY, new Uint8Array(512)),
      true,
    );
    expect(batch).not.toBe(second);
    call('discard', second);
    expect(call('put', batch, 0, 0, 0)).toBe(Status.Ok);
  });
});
