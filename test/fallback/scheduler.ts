import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import { Death } from './mortal.js';

/** All ways in which a thread reaches shared memory. */
const STEPS = [
  'word',
  'setWord',
  'number',
  'setNumber',
  'load',
  'store',
  'add',
  'swap',
  'raise',
  'loadLong',
  'swapLong',
  'publish',
  'refresh',
  'reach',
] as const;

/** What a thread does, one step of shared memory at a time. */
type Work = () => void;

/**
 * Runs `work` for the thread that sees the memory by this view. Before its step number `step`, it runs
 * `intervene` once. Returns whether the thread got so far.
 */
export function preempt(memory: Memory, step: number, work: Work, intervene: Work): boolean {
  let left = step;
  hook(memory, () => {
    if (--left !== 0) return;
    unhook(memory);
    intervene();
  });
  try {
    work();
  } finally {
    unhook(memory);
  }
  return left <= 0;
}

/**
 * Runs `work` of a thread up to its step number `step`, and none of that step or later. Returns
 * whether the thread got so far. What its code does on the way out reaches no memory either.
 */
export function stop(memory: Memory, step: number, work: Work): boolean {
  let left = step;
  hook(memory, () => {
    if (--left <= 0) throw new Death();
  });
  try {
    work();
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  } finally {
    unhook(memory);
  }
}

function hook(memory: Memory, before: Work): void {
  for (const name of STEPS) {
    const original = Memory.prototype[name] as (...values: unknown[]) => unknown;
    Object.defineProperty(memory, name, {
      configurable: true,
      value: (...values: unknown[]) => {
        before();
        return original.apply(memory, values);
      },
    });
  }
  const published = Object.getOwnPropertyDescriptor(Memory.prototype, 'published');
  Object.defineProperty(memory, 'published', {
    configurable: true,
    get: () => {
      before();
      return published?.get?.call(memory);
    },
  });
}

function unhook(memory: Memory): void {
  for (const name of STEPS) Reflect.deleteProperty(memory, name);
  Reflect.deleteProperty(memory, 'published');
}
