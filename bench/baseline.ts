import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { root } from './root.js';
import type { Case } from './targets.js';

const FILE = join(root, 'bench', 'baseline.json');

/**
 * How many times worse than in the baseline a case may be before it counts as a loss. Ratios of one
 * run move by far less (bench/README.md has the figures); what this is to catch, a call more on the
 * way to a value, a copy, a scan, costs more.
 */
export const MARGIN = 1.5;

export interface Baseline {
  readonly machine: Machine;
  readonly cases: { readonly [id: string]: number };
}

export function readBaseline(): Baseline | undefined {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined;
}

export function writeBaseline(machine: Machine, cases: readonly Case[]): void {
  const steady = cases.filter((one) => one.steady);
  const values = Object.fromEntries(steady.map(({ id, value }) => [id, round(value)]));
  writeFileSync(FILE, `${JSON.stringify({ machine, cases: values }, null, 2)}\n`);
}

/** The cases that are worse than in the baseline by more than the margin. */
export function losses(baseline: Baseline, cases: readonly Case[]): Case[] {
  return cases.filter(({ id, value, atLeast }) => {
    const before = baseline.cases[id];
    if (before === undefined) return false;
    return atLeast === undefined ? value > before * MARGIN : value < before / MARGIN;
  });
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
