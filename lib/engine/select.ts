import { EngineUnavailableError } from '../errors.js';
import { Crossing } from './crossing.js';
import { ENGINE_NAMES, type Engine, type EngineName } from './engine.js';
import { Exchange } from './exchange.js';

/** What can be asked for: an engine; or `auto`, the native one if it loads, else the fallback. */
export type EngineChoice = EngineName | 'auto';

const CHOICES: readonly unknown[] = ['auto', ...ENGINE_NAMES];

/** Whether `value` names an engine, or `auto`. */
export function isChoice(value: unknown): value is EngineChoice {
  return CHOICES.includes(value);
}

/** Makes an engine. Each is loaded when it is first asked for: who runs one pays nothing for the other. */
const makers: Record<EngineName, (exchange: Exchange) => Engine> = {
  native: (exchange) => {
    const { createNative } = require('./native/native.js') as typeof import('./native/native.js');
    return createNative(exchange);
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
      known = new EngineUnavailableError(`the ${name} engine cannot be loaded`, { cause });
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

function fromEnvironment(): EngineChoice {
  const value = process.env.MEMDB_ENGINE || 'auto';
  if (isChoice(value)) return value;
  throw new TypeError(
    `the environment variable MEMDB_ENGINE must be auto, native or fallback, not ${JSON.stringify(value)}`,
  );
}
