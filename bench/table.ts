import { layoutTitles } from './data.js';
import type { Measured } from './results.js';
import { type SubjectName, subjectNames } from './subjects/subject.js';
import type { Case } from './targets.js';
import { rows } from './workloads/index.js';
import type { Row } from './workloads/workload.js';

/** Tables of what was measured, one for each layout and size, as Markdown. */
export function figureTables(measured: readonly Measured[]): string {
  const places = new Map<string, Measured[]>();
  for (const one of measured) {
    const title = `${layoutTitles[one.layout]}: ${one.size.toLocaleString('en')}`;
    places.set(title, [...(places.get(title) ?? []), one]);
  }
  return [...places].map(([title, some]) => `### ${title}\n\n${figureTable(some)}`).join('\n\n');
}

function figureTable(measured: readonly Measured[]): string {
  const subjects = subjectNames.filter((name) => measured.some(({ subject }) => subject === name));
  const lines: string[][] = [['', ...subjects]];
  for (const row of rows) {
    const of = (name: SubjectName) =>
      measured.find((one) => one.row === row.name && one.subject === name);
    if (subjects.every((name) => of(name) === undefined)) continue;
    lines.push([title(row), ...subjects.map((name) => figure(row, of(name)))]);
  }
  return table(lines);
}

function title({ title, unit }: Row): string {
  return unit === 'ratio' ? title : `${title} (${unit})`;
}

/** The median, and behind a stroke the 99th percentile. */
function figure({ unit }: Row, one: Measured | undefined): string {
  if (one === undefined) return '';
  const digits = unit === 'ratio' ? 2 : unit === 'ms' ? 1 : 0;
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return one.p99 === undefined ? text(one.median) : `${text(one.median)} / ${text(one.p99)}`;
}

/** What was to be reached, and what was. */
export function targetTable(cases: readonly Case[]): string {
  const lines = [['', 'entries', 'measured', 'target', 'reached']];
  let last = '';
  for (const { target, where, value, unit, atLeast, atMost, reached } of cases) {
    const text = (number: number) => {
      const digits = unit === 'bytes' ? 0 : 2;
      return `${number.toLocaleString('en', { maximumFractionDigits: digits })}${unit && unit !== 'x' ? ' ' : ''}${unit}`;
    };
    const limit = atLeast === undefined ? `<= ${text(atMost ?? 0)}` : `>= ${text(atLeast)}`;
    lines.push([
      target === last ? '' : target,
      where,
      text(value),
      limit,
      reached ? 'yes' : 'LOST',
    ]);
    last = target;
  }
  return table(lines);
}

/** As Markdown; the first line is the head. Columns but the first stand to the right. */
function table(lines: readonly (readonly string[])[]): string {
  const [head = []] = lines;
  const widths = head.map((_, n) => Math.max(3, ...lines.map((line) => line[n]?.length ?? 0)));
  const pad = (text: string, n: number) =>
    n === 0 ? text.padEnd(widths[n] ?? 0) : text.padStart(widths[n] ?? 0);
  const print = (line: readonly string[]) => `| ${line.map(pad).join(' | ')} |`;
  const rule = widths.map((width, n) =>
    n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [first = [], ...rest] = lines;
  return [print(first), print(rule), ...rest.map(print)].join('\n');
}
