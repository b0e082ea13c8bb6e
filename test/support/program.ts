import type { KeySpec, PartSpec } from './keyspec.js';
import { EMPTY } from './keyspec.js';
import type { Random } from './random.js';

/** One step of a program: plain data, so that a failing program can be printed and replayed. */
export type Op =
  | { op: 'begin'; as: string; in?: string; prefix: KeySpec | null; writable: boolean }
  | { op: 'get' | 'tryGet' | 'has' | 'delete'; batch: string; key: KeySpec | null }
  | { op: 'put'; batch: string; key: KeySpec | null; length: number; fill: number }
  | { op: 'getMany'; batch: string; keys: (KeySpec | null)[] }
  /** A whole iteration, or the first `take` pairs; `inside` runs before pair number `at`. */
  | { op: 'forEach'; batch: string; at: number; inside: Op[] }
  | { op: 'entries'; batch: string; take: number }
  | { op: 'commit' | 'discard'; batch: string }
  /** The batch of `fn` has the name `as`. */
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

/** Writes a program; keeps count of which names are likely to be open batches. */
class Writer {
  #begun = 0;
  readonly #open: string[] = [];

  constructor(readonly random: Random) {}

  begin(): Op {
    const { random } = this;
    const as = `b${++this.#begun}`;
    const parent = random.chance(0.35) ? this.#batch() : undefined;
    this.#open.push(as);
    return {
      op: 'begin',
      as,
      ...(parent === undefined ? {} : { in: parent }),
      prefix: random.pick(PREFIXES),
      writable: random.chance(0.8),
    };
  }

  #batch(): string {
    if (this.#open.length === 0) return 'b0';
    return this.random.pick(this.#open);
  }

  #key(): KeySpec | null {
    return this.random.pick(KEYS);
  }

  #inside(most: number, depth: number): Op[] {
    const count = this.random.below(most + 1);
    return Array.from({ length: count }, () => this.step(depth + 1));
  }

  #end(batch: string): void {
    // Most of the time: a closed batch is worth a look too.
    if (this.random.chance(0.85)) this.#open.splice(this.#open.indexOf(batch) >>> 0, 1);
  }

  step(depth: number): Op {
    const { random } = this;
    const roll = random.below(1000);
    const batch = this.#batch();
    if (this.#open.length === 0 || roll < 110) return this.begin();
    if (roll < 400) {
      return {
        op: 'put',
        batch,
        key: this.#key(),
        length: writeLength(random),
        fill: random.below(256),
      };
    }
    if (roll < 470) return { op: 'delete', batch, key: this.#key() };
    if (roll < 540) return { op: 'get', batch, key: this.#key() };
    if (roll < 600) return { op: 'tryGet', batch, key: this.#key() };
    if (roll < 640) return { op: 'has', batch, key: this.#key() };
    if (roll < 680) {
      const count = random.below(8);
      return { op: 'getMany', batch, keys: Array.from({ length: count }, () => this.#key()) };
    }
    if (roll < 730 && depth < 2) {
      return { op: 'forEach', batch, at: random.below(4), inside: this.#inside(3, depth) };
    }
    if (roll < 760) return { op: 'entries', batch, take: random.below(6) };
    if (roll < 850) {
      this.#end(batch);
      return { op: 'commit', batch };
    }
    if (roll < 890) {
      this.#end(batch);
      return { op: 'discard', batch };
    }
    if (roll < 950 && depth < 2) return this.#scoped(depth);
    if (roll < 953) return { op: 'close' };
    return { op: 'stats' };
  }

  #scoped(depth: number): Op {
    const { random } = this;
    const as = `b${++this.#begun}`;
    this.#open.push(as);
    const inside = this.#inside(4, depth);
    if (random.chance(0.4)) return { op: 'view', as, inside };
    const end = random.pick(['return', 'return', 'return', 'throw', 'promise'] as const);
    return { op: 'update', as, inside, end };
  }
}

/** A random program of up to 60 steps. */
export function writeProgram(random: Random): Program {
  const writer = new Writer(random);
  const length = random.between(5, 60);
  const ops = Array.from({ length }, () => writer.step(0));
  return random.chance(0.25) ? { maxBytes: random.between(20, 400), ops } : { ops };
}
