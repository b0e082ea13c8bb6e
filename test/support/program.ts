import type { KeySpec, PartSpec } from './keyspec.js';
import { EMPTY } from './keyspec.js';
import type { Random } from './random.js';

/** One step of a program. It is plain data, so that a failing program can be printed and replayed. */
export type Op =
  | { op: 'begin'; as: string; in?: string; prefix: KeySpec | null; writable: boolean }
  | { op: 'get' | 'tryGet' | 'has' | 'delete'; batch: string; key: KeySpec | null }
  | { op: 'put'; batch: string; key: KeySpec | null; length: number; fill: number }
  | { op: 'getMany'; batch: string; keys: (KeySpec | null)[] }
  /** Puts or deletes many numbered keys, so that tables grow and iterations take several steps. */
  | { op: 'putAll' | 'deleteAll'; batch: string; from: number; count: number }
  /** Iterates over everything, or over the first `take` pairs. `inside` runs before pair number `at`. */
  | { op: 'forEach'; batch: string; at: number; inside: Op[] }
  | { op: 'entries'; batch: string; take: number }
  | { op: 'commit' | 'discard'; batch: string }
  /** The batch of the function has the name `as`. */
  | { op: 'update'; as: string; inside: Op[]; end: 'return' | 'throw' | 'promise' }
  | { op: 'view'; as: string; inside: Op[] }
  | { op: 'stats' }
  | { op: 'close' };

export interface Program {
  readonly maxBytes?: number;
  readonly ops: readonly Op[];
}

const parts = (...list: PartSpec[]): KeySpec => ({ parts: list });

const LONG_PART: PartSpec = ['string', 'n'];

const PREFIXES: readonly (KeySpec | null)[] = [
  null,
  null,
  null,
  null,
  null,
  EMPTY,
  parts(['string', 'p']),
  parts(['string', 'q'], ['int', '7']),
  parts(...Array.from({ length: 30 }, () => LONG_PART)),
  { base: '5a'.repeat(32), parts: [] },
];

/** Several of them share a digest and differ in the types of their parts. */
const KEYS: readonly (KeySpec | null)[] = [
  null,
  EMPTY,
  parts(['string', 'k']),
  parts(['string', 'k'], ['int', '-5']),
  parts(['string', 'k'], ['uint', '9']),
  parts(['string', 'k'], ['bytes', '00ff']),
  parts(['bytes', '6b']),
  parts(['string', 'p'], ['string', 'k']),
  parts(['string', 'Account'], ['url', 'acc://alice.acme/tokens'], ['string', 'Main']),
  parts(['string', 'Account'], ['url', 'acc://Alice.acme/tokens'], ['string', 'Main']),
  parts(['string', 'Account'], ['url', 'acc://alice.acme/tokens']),
  parts(
    ['string', 'Account'],
    ['url', 'acc://alice.acme/tokens'],
    ['url', 'acc://alice.acme/tokens'],
  ),
  parts(
    ['string', 'Account'],
    ['url', 'acc://alice.acme/tokens'],
    ['string', 'Main'],
    ['uint', '1'],
  ),
  parts(['url', 'acc://alice.acme/tokens'], ['url', 'acc://alice.acme/tokens'], ['uint', '1']),
  parts(['url', 'acc://alice.acme/tokens'], ['uint', '1']),
  parts(['string', 'Transaction'], ['hash', '0a46'.repeat(16)], ['string', 'Main']),
  parts(['int', '-9223372036854775808'], ['uint', '18446744073709551615']),
  parts(['string', ''], ['bytes', ''], ['null']),
  parts(...Array.from({ length: 40 }, () => LONG_PART)),
  parts(['string', 'ключ'], ['string', '🔑']),
  { base: 'c3'.repeat(32), parts: [] },
  { base: 'c3'.repeat(32), parts: [['string', 'k']] },
];

function writeLength(random: Random): number {
  if (random.chance(0.01)) return random.pick([20_000, 70_000]);
  return random.chance(0.1) ? 0 : random.between(1, 40);
}

/** A batch that the program has probably left open so far. */
interface Open {
  readonly name: string;
  readonly parent: Open | undefined;
  readonly writable: boolean;
}

/**
 * Writes a program. It knows roughly which batches are open, so that most steps do something and some
 * fail.
 */
class Writer {
  #begun = 0;
  #open: Open[] = [];
  #updating = false;

  constructor(readonly random: Random) {}

  step(depth: number): Op {
    const { random } = this;
    const roll = random.below(1000);
    if (this.#open.length === 0 || roll < 130) return this.#begin();
    if (roll < 560) return this.#write(roll);
    if (roll < 740) return this.#read(roll);
    if (roll < 800 && depth < 2) return this.#forEach(depth);
    if (roll < 820) return { op: 'entries', batch: this.#any().name, take: random.below(6) };
    if (roll < 910) return this.#end(random.chance(0.7) ? 'commit' : 'discard');
    if (roll < 965 && depth < 2) return this.#scoped(depth);
    return random.chance(0.03) ? { op: 'close' } : { op: 'stats' };
  }

  #any(): Open {
    return this.random.pick(this.#open);
  }

  /** Returns an open batch, usually one that takes writes. */
  #writable(): Open {
    const writable = this.#open.filter((open) => open.writable);
    return writable.length > 0 && this.random.chance(0.95)
      ? this.random.pick(writable)
      : this.#any();
  }

  #key(): KeySpec | null {
    return this.random.pick(KEYS);
  }

  #begin(): Op {
    const { random } = this;
    const name = `b${++this.#begun}`;
    const parent = this.#open.length > 0 && random.chance(0.4) ? this.#any() : undefined;
    const prefix = random.pick(PREFIXES);
    const writable = random.chance(0.85) && (parent?.writable !== false || random.chance(0.1));
    const fails = parent && ((writable && !parent.writable) || prefix?.base !== undefined);
    if (!fails) this.#open.push({ name, parent, writable });
    return { op: 'begin', as: name, ...(parent ? { in: parent.name } : {}), prefix, writable };
  }

  #write(roll: number): Op {
    const { random } = this;
    const batch = this.#writable().name;
    if (roll < 460) {
      const length = writeLength(random);
      return { op: 'put', batch, key: this.#key(), length, fill: random.below(256) };
    }
    if (roll < 545) return { op: 'delete', batch, key: this.#key() };
    const op = random.pick(['putAll', 'putAll', 'deleteAll'] as const);
    return { op, batch, from: random.below(50), count: random.pick([20, 60, 200, 500]) };
  }

  #read(roll: number): Op {
    const batch = this.#any().name;
    if (roll < 620) return { op: 'get', batch, key: this.#key() };
    if (roll < 680) return { op: 'tryGet', batch, key: this.#key() };
    if (roll < 710) return { op: 'has', batch, key: this.#key() };
    const count = this.random.below(8);
    return { op: 'getMany', batch, keys: Array.from({ length: count }, () => this.#key()) };
  }

  #forEach(depth: number): Op {
    const batch = this.#any().name;
    const inside = this.#inside(3, depth);
    return { op: 'forEach', batch, at: this.random.below(4), inside };
  }

  /** What begins or ends inside does not count afterwards, because it may never run. */
  #inside(most: number, depth: number): Op[] {
    const open = [...this.#open];
    const ops = Array.from({ length: this.random.below(most + 1) }, () => this.step(depth + 1));
    this.#open = open;
    return ops;
  }

  #end(op: 'commit' | 'discard'): Op {
    const ended = this.#any();
    const over = (open: Open): boolean =>
      open === ended || (open.parent !== undefined && over(open.parent));
    // Sometimes a closed batch is used.
    if (this.random.chance(0.95)) this.#open = this.#open.filter((open) => !over(open));
    return { op, batch: ended.name };
  }

  #scoped(depth: number): Op {
    const { random } = this;
    const as = `b${++this.#begun}`;
    const update = random.chance(this.#updating ? 0.1 : 0.6);
    const before = { open: this.#open, updating: this.#updating };
    // Inside, its own batch is used.
    const own = { name: as, parent: undefined, writable: update };
    this.#open = [...before.open, own, own, own];
    this.#updating ||= update;
    const inside = this.#inside(6, depth);
    this.#open = before.open;
    this.#updating = before.updating;
    if (!update) return { op: 'view', as, inside };
    const end = random.pick(['return', 'return', 'return', 'throw', 'promise'] as const);
    return { op: 'update', as, inside, end };
  }
}

/** Returns key number `i` of `putAll` and `deleteAll`. */
export function numbered(i: number): KeySpec {
  return parts(['string', 'n'], ['uint', `${i}`]);
}

/** Returns a random program of up to 80 steps. */
export function writeProgram(random: Random): Program {
  const writer = new Writer(random);
  const length = random.between(5, 80);
  const ops = Array.from({ length }, () => writer.step(0));
  return random.chance(0.25) ? { maxBytes: random.between(20, 400), ops } : { ops };
}
