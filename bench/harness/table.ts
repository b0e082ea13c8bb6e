import { type SubjectName, subjectNames } from '../subjects/subject.js';
import { headingOf, rows } from '../workloads/index.js';
import { layoutTitles } from './data.js';
import type { Measured } from './results.js';
import type { Case, Row } from './targets.js';

/** Tables of what was measured, one for each layout and size, in Markdown. */
export function figureTables(measured: readonly Measured[]): string {
  const places = new Map<string, Measured[]>();
  for (const one of measured) {
    const heading = headingOf(one.row) ?? layoutTitles[one.layout];
    const title = `${heading}: ${one.size.toLocaleString('en')}`;
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
    const title = row.unit === 'ratio' ? row.title : `${row.title} (${row.unit})`;
    lines.push([title, ...subjects.map((name) => figure(row, of(name)))]);
  }
  return table(lines);
}

/** The median, and the higher percentiles if there are any. */
function figure({ unit }: Row, one: Measured | undefined): string {
  if (one === undefined) return '';
  const digits = unit === 'ratio' ? 2 : unit === 'ms' ? 1 : 0;
  const percentiles = Object.entries(one.percentiles ?? {}).sort(
    ([a], [b]) => Number(a) - Number(b),
  );
  const values = [one.median, ...percentiles.map(([, value]) => value)];
  const text = values.map((value) => number(value, digits, digits)).join(' / ');
  return one.note === undefined ? text : `${text} (${one.note})`;
}

/** What was to be reached, and what was. */
export function targetTable(cases: readonly Case[]): string {
  const lines = [['', 'entries', 'measured', 'target', 'reached']];
  let last = '';
  for (const { title, where, value, unit, better, limit, reached } of cases) {
    const text = (value: number) => {
      const space = unit === '' || unit === 'x' ? '' : ' ';
      return `${number(value, 0, unit === 'bytes' ? 0 : 2)}${space}${unit}`;
    };
    const wanted = limit === undefined ? '' : `${better === 'more' ? '>=' : '<='} ${text(limit)}`;
    const outcome = reached === undefined ? '' : reached ? 'yes' : 'LOST';
    lines.push([title === last ? '' : title, where, text(value), wanted, outcome]);
    last = title;
  }
  return table(lines);
}

/** A number with separators, and with `least` to `most` digits behind the point. */
export function number(value: number, least: number, most: number): string {
  const digits = { minimumFractionDigits: least, maximumFractionDigits: most };
  return value.toLocaleString('en', digits);
}

/** A table in Markdown; the first line is the head, and all columns but the first are right-aligned. */
export function table(lines: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = lines;
  const widths = head.map((_, n) => Math.max(3, ...lines.map((line) => line[n]?.length ?? 0)));
  const pad = (text: string, n: number) =>
    n === 0 ? text.padEnd(widths[n] ?? 0) : text.padStart(widths[n] ?? 0);
  const print = (line: readonly string[]) => `| ${line.map(pad).join(' | ')} |`;
  const rule = widths.map((width, n) =>
    n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [print(head), print(rule), ...rest.map(print)].join('\n');
}
