import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { root } from './root.js';
import type { Case } from './targets.js';

const FILE = join(root, 'bench', 'baseline.json');

/**
 * How many times worse than in the baseline a ratio may be before it counts as lost. Between runs,
 * ratios move by far less. One more call, copy or search on the way to a value moves them by more.
 */
export const MARGIN = 1.5;

/** The ratios of an earlier run, by the ids of their cases. */
export interface Baseline {
  readonly machine: Machine;
  readonly ratios: { readonly [id: string]: number };
}

export function readBaseline(): Baseline | undefined {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined;
}

export function writeBaseline(machine: Machine, cases: readonly Case[]): void {
  const guarded = cases.filter((one) => one.guarded);
  const ratios = Object.fromEntries(
    guarded.map(({ id, value }) => [id, Number(value.toPrecision(3))]),
  );
  writeFileSync(FILE, `${JSON.stringify({ machine, ratios }, null, 2)}\n`);
}

/** The guarded cases that are worse than in the baseline by more than the margin. */
export function losses(baseline: Baseline, cases: readonly Case[]): Case[] {
  return cases.filter(({ id, value, better, guarded }) => {
    const before = baseline.ratios[id];
    if (before === undefined || !guarded) return false;
    return better === 'more' ? value < before / MARGIN : value > before * MARGIN;
  });
}
