import { EngineUnavailableError } from '../errors.js';
import { show } from '../record/show.js';
import { Crossing } from './crossing.js';
import { ENGINE_NAMES, type Engine, type EngineName } from './engine.js';
import { Exchange } from './exchange.js';
import type { Search } from './native/binary.js';

/**
 * What can be asked for: an engine; or `auto`, the native one if it loads, else the fallback.
 * @example
 * ```ts
 * const choice: EngineChoice = process.argv.includes('--portable') ? 'fallback' : 'auto';
 * new MemDB({ engine: choice }).close();
 * ```
 */
export type EngineChoice = EngineName | 'auto';

const CHOICES: readonly unknown[] = ['auto', ...ENGINE_NAMES];

/** Whether `value` names an engine, or `auto`. */
export function isChoice(value: unknown): value is EngineChoice {
  return CHOICES.includes(value);
}

/**
 * Which engine `auto` takes in this thread, and why.
 * @see engineInfo
 */
export interface EngineInfo {
  readonly engine: EngineName;
  /** One sentence for a person. */
  readonly reason: string;
  /** The files that were refused as the native engine, in the order in which they were tried. */
  readonly tried: readonly { readonly file: string; readonly why: string }[];
}

/** The search of this thread for the binary of the native engine. */
const search: Search = { tried: [] };

/** Makes an engine. Each is loaded when it is first asked for: who runs one pays nothing for the other. */
const makers: Record<EngineName, (exchange: Exchange) => Engine> = {
  native: (exchange) => {
    const { createNative } = require('./native/native.js') as typeof import('./native/native.js');
    return createNative(exchange, search);
  },
  fallback: (exchange) => {
    const { createFallback } =
      require('./fallback/fallback.js') as typeof import('./fallback/fallback.js');
    return createFallback(exchange);
  },
};

/** The engines of this thread that were asked for, or why they cannot be loaded. */
const loaded = new Map<EngineName, Crossing | EngineUnavailableError>();

function load(name: EngineName): Crossing | EngineUnavailableError {
  let known = loaded.get(name);
  if (known === undefined) {
    try {
      known = new Crossing(makers[name](new Exchange()));
    } catch (cause) {
      // A stack overflow says nothing of the engine.
      if (cause instanceof RangeError) throw cause;
      known = new EngineUnavailableError(
        `the ${name} engine cannot be loaded: ${whatFailed(cause)}`,
        {
          cause,
        },
      );
    }
    loaded.set(name, known);
  }
  return known;
}

/** Returns this thread's engine of that name. Throws `EngineUnavailableError` if it cannot be loaded. */
export function engineNamed(name: EngineName): Crossing {
  const found = load(name);
  if (found instanceof Crossing) return found;
  // A new error each time, so that the stack shows who asked.
  throw new EngineUnavailableError(found.message, { cause: found.cause });
}

/**
 * Returns the engine for a choice. The environment variable MEMDB_ENGINE decides in place of `auto`. Throws
 * `TypeError` if it names no engine.
 */
export function selectEngine(choice: EngineChoice): Crossing {
  const name = choice === 'auto' ? fromEnvironment() : choice;
  if (name !== 'auto') return engineNamed(name);
  const native = load('native');
  return native instanceof Crossing ? native : engineNamed('fallback');
}

/**
 * Returns which engine `new MemDB()` takes in this thread, and why. This looks for the native engine, if that was
 * not done yet. Throws `TypeError` if the environment variable MEMDB_ENGINE names no engine.
 * @example
 * ```ts
 * const { engine, reason, tried } = engineInfo();
 * console.log(engine, reason);
 * for (const { file, why } of tried) console.log(file, why);
 * ```
 */
export function engineInfo(): EngineInfo {
  const asked = fromEnvironment();
  const loads = asked !== 'fallback' && load('native') instanceof Crossing;
  const engine = asked === 'auto' ? (loads ? 'native' : 'fallback') : asked;
  const found = loads ? `${search.loaded} loads` : 'no binary of the native engine loads';
  const because = asked === 'auto' ? '' : `the environment variable MEMDB_ENGINE is ${asked}`;
  const reason = [because, asked === 'fallback' ? '' : found].filter(Boolean).join(', and ');
  return { engine, reason, tried: search.tried.map((each) => ({ ...each })) };
}

/** Returns what was tried and what to do, in a message of limited length. */
function whatFailed(cause: unknown): string {
  const tried = search.tried.map(({ file, why }) => `${shortenStart(file)}: ${why}`);
  const what = tried.length > 0 ? tried.join('; ') : String((cause as Error)?.message ?? cause);
  return `${what.slice(0, 700)}; engine 'auto' runs on the fallback, and engineInfo() lists what was tried`;
}

/** The path, or `...` and its end if it has more than 100 characters. */
function shortenStart(path: string): string {
  return path.length <= 100 ? path : `...${path.slice(-97)}`;
}

function fromEnvironment(): EngineChoice {
  let value: string;
  try {
    value = process.env.MEMDB_ENGINE || 'auto';
  } catch {
    // A runtime may forbid to read it.
    return 'auto';
  }
  if (isChoice(value)) return value;
  throw new TypeError(
    `the environment variable MEMDB_ENGINE must be auto, native or fallback, not ${show(value)}`,
  );
}
