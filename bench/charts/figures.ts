import { readFileSync } from 'node:fs';
import type { LayoutName } from '../harness/data.js';
import type { Machine } from '../harness/machine.js';
import type { Measured } from '../harness/results.js';
import type { Case } from '../harness/targets.js';
import type { SubjectName } from '../subjects/subject.js';

/** What `npm run bench -- --json FILE` writes. */
interface Run {
  readonly machine: Machine;
  readonly rounds: number;
  readonly rows: readonly { readonly name: string; readonly title: string }[];
  readonly figures: readonly Measured[];
  readonly targets: readonly Case[];
}

/** The figures of one run, by name. */
export class Figures {
  readonly run: Run;

  constructor(file: string) {
    this.run = JSON.parse(readFileSync(file, 'utf8')) as Run;
  }

  /** One line: how often was measured, where and when. */
  get origin(): string {
    const { machine, rounds } = this.run;
    const { cores, system, node, date } = machine;
    const times = rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`;
    return `${times}, ${cores} cores, ${system}, Node ${node.slice(1)}, ${date}`;
  }

  title(row: string): string {
    return this.run.rows.find(({ name }) => name === row)?.title ?? row;
  }

  /** Returns undefined if that was not measured. */
  find(
    row: string,
    subject: SubjectName,
    size: number,
    layout: LayoutName = 'accounts',
  ): Measured | undefined {
    return this.run.figures.find(
      (one) =>
        one.row === row && one.subject === subject && one.size === size && one.layout === layout,
    );
  }

  /** Throws if that was not measured. */
  median(row: string, subject: SubjectName, size: number): number {
    const found = this.find(row, subject, size);
    if (found === undefined) {
      throw new Error(`no figure of ${subject}: ${row}, ${size} entries; run npm run bench`);
    }
    return found.median;
  }

  /** How many times faster `subject` is than `other`: the median of the rounds' ratios. */
  faster(row: string, size: number, subject: SubjectName, other: SubjectName): number {
    const id = `${row}: ${subject} to ${other} (accounts, ${size.toLocaleString('en')})`;
    const target = this.run.targets.find((one) => one.id === id);
    return target?.value ?? this.median(row, other, size) / this.median(row, subject, size);
  }

  /** The sizes at which a row was measured, ascending. */
  sizes(row: string): number[] {
    const sizes = this.run.figures.filter((one) => one.row === row).map(({ size }) => size);
    return [...new Set(sizes)].sort((a, b) => a - b);
  }

  /** The largest of them. */
  largest(row: string): number {
    const size = this.sizes(row).at(-1);
    if (size === undefined) throw new Error(`no figure of ${row}; run npm run bench`);
    return size;
  }
}
