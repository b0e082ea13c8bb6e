import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { EngineChoice } from '../../index.js';

/** The arguments are wrong. The message is for the user. */
export class UsageError extends Error {}

/** The options of all commands. */
const OPTIONS = {
  entries: { type: 'string' },
  workers: { type: 'string' },
  engine: { type: 'string' },
  source: { type: 'string' },
  destination: { type: 'string' },
  number: { type: 'string' },
  format: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

type OptionName = keyof typeof OPTIONS;

/** The values of the options that were given. */
export type Values = ReturnType<typeof parse>['values'];

/** A command of the program. */
export interface Command {
  readonly usage: string;
  /** The options that it takes, apart from `--help` and `--version`. */
  readonly options: readonly OptionName[];
  /** Does what the arguments ask for, and returns the exit status. */
  run(files: readonly string[], values: Values): Promise<number>;
}

/** Returns the arguments that are no options, and the values of those that are. Throws UsageError. */
export function parseOptions(args: string[]): { positionals: string[]; values: Values } {
  try {
    return parse(args);
  } catch (error) {
    // Only the first sentence is for the user of this command.
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

/** Throws UsageError unless all options are those of the command. */
export function checkOptions(name: string, command: Command, values: Values): void {
  for (const option of Object.keys(values) as OptionName[]) {
    if (!command.options.includes(option)) throw new UsageError(`--${option} is not for ${name}`);
  }
}

/** Returns a required option. Throws UsageError if it was not given. */
export function required(name: OptionName, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`no --${name} given`);
  return value;
}

/** Returns the integer that an option has. Throws UsageError. */
export function integer(name: OptionName, text: string, low: number, high: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new UsageError(`--${name} is ${text}, not an integer of ${low} to ${high}`);
}

/** Returns the engine that `--engine` names, else the one that MEMDB_ENGINE names. Throws UsageError. */
export function engine(option = 'auto'): EngineChoice {
  const chosen = option !== 'auto';
  const name = chosen ? option : process.env.MEMDB_ENGINE || 'auto';
  if (name === 'auto' || name === 'native' || name === 'fallback') return name;
  const source = chosen ? '--engine' : 'MEMDB_ENGINE';
  throw new UsageError(`${source} is ${name}, not auto, native or fallback`);
}

function parse(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options: OPTIONS });
}
