import type { SubjectName } from '../subjects/subject.js';
import type { Figures } from './figures.js';
import { decades, logScale, type Palette, Svg, time } from './svg.js';

/** The rows of the chart, and what it calls them. */
const ROWS = {
  'get-new': 'get',
  'insert-blocks': 'put + commit, blocks of 100, each',
  'transaction-new': 'transaction of one key: begin, get, put, commit',
};

const SUBJECTS: { readonly [name in SubjectName]?: string } = {
  native: 'native',
  fallback: 'fallback',
  'map-careful': 'Map, with care',
  lmdb: 'lmdb in memory',
};

const WIDTH = 760;
const LEFT = 136;
const RIGHT = WIDTH - 80;
const LINE = 22;
const GROUP = 40;

/** What an operation takes in each store, on a logarithmic axis. */
export function timesChart(figures: Figures, palette: Palette): string {
  const size = figures.largest('get-new');
  const groups = Object.entries(ROWS).map(([row, title]) => ({
    title,
    lines: Object.entries(SUBJECTS).map(([subject, name], n) => ({
      name,
      value: figures.median(row, subject as SubjectName, size),
      colour: palette.series[n] as string,
    })),
  }));
  const ticks = decades(groups.flatMap(({ lines }) => lines.map(({ value }) => value)));
  const x = logScale(ticks[0] as number, ticks.at(-1) as number, LEFT, RIGHT);

  const top = 64;
  const bottom = top + groups.length * (GROUP + 4 * LINE);
  const title = `Time per operation, ${size.toLocaleString('en')} records with keys of 5 parts`;
  const svg = new Svg(WIDTH, bottom + 56, title);
  svg.text(16, 26, title, palette.text, 'font-size="16" font-weight="600"');
  svg.text(16, 46, 'Logarithmic; less is better.', palette.faint);
  for (const tick of ticks) {
    svg.line(x(tick), top, x(tick), bottom, palette.grid);
    svg.text(x(tick), bottom + 18, time(tick), palette.faint, 'text-anchor="middle"');
  }
  groups.forEach(({ title, lines }, group) => {
    const y = top + group * (GROUP + 4 * LINE);
    svg.text(16, y + 22, title, palette.text, 'font-weight="600"');
    lines.forEach(({ name, value, colour }, n) => {
      const middle = y + GROUP + n * LINE;
      svg.text(LEFT - 10, middle + 4, name, palette.text, 'text-anchor="end"');
      svg.line(LEFT, middle, x(value), middle, colour, 'stroke-width="3"');
      svg.dot(x(value), middle, colour);
      svg.text(x(value) + 12, middle + 4, time(value), palette.text);
    });
  });
  svg.text(16, bottom + 44, `${figures.origin}.`, palette.faint, 'font-size="12"');
  return svg.toString();
}
