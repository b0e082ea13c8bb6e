import type { SubjectName } from '../subjects/subject.js';
import type { Figures } from './figures.js';
import { decades, logScale, type Palette, Svg, time } from './svg.js';

const LINES: readonly { row: string; subject: SubjectName; name: string; dashed: boolean }[] = [
  { row: 'latency-alone', subject: 'native', name: 'native', dashed: false },
  { row: 'latency-writer', subject: 'native', name: 'native, beside a writer', dashed: true },
  { row: 'latency-alone', subject: 'fallback', name: 'fallback', dashed: false },
  { row: 'latency-writer', subject: 'fallback', name: 'fallback, beside a writer', dashed: true },
];

const PERCENTILES = ['50', '99', '99.9', '99.99', '100'];

const WIDTH = 760;
const LEFT = 70;
const RIGHT = WIDTH - 200;
const TOP = 64;
const BOTTOM = 340;

/** How long single gets take, up to the longest. Returns undefined if that was not measured. */
export function latencyChart(figures: Figures, palette: Palette): string | undefined {
  const lines = LINES.flatMap(({ row, subject, name, dashed }) => {
    const found = figures.run.figures.find((one) => one.row === row && one.subject === subject);
    if (found?.percentiles === undefined) return [];
    const values = PERCENTILES.map((p) => (p === '50' ? found.median : found.percentiles?.[p]));
    if (values.some((value) => value === undefined)) return [];
    const colour = palette.series[subject === 'native' ? 0 : 1] as string;
    return [{ name, dashed, colour, size: found.size, values: values as number[] }];
  });
  const [first] = lines;
  if (first === undefined) return undefined;
  const ticks = decades(lines.flatMap(({ values }) => values));
  const y = logScale(ticks[0] as number, ticks.at(-1) as number, BOTTOM, TOP);
  const x = (n: number) => LEFT + ((RIGHT - LEFT) * n) / (PERCENTILES.length - 1);

  const title = `Time of single gets, ${first.size.toLocaleString('en')} records`;
  const svg = new Svg(WIDTH, BOTTOM + 68, title);
  svg.text(16, 26, title, palette.text, 'font-size="16" font-weight="600"');
  svg.text(16, 46, 'Logarithmic; each get is timed by itself.', palette.faint);
  for (const tick of ticks) {
    svg.line(LEFT, y(tick), RIGHT, y(tick), palette.grid);
    svg.text(LEFT - 8, y(tick) + 4, time(tick), palette.faint, 'text-anchor="end"');
  }
  PERCENTILES.forEach((percentile, n) => {
    const name = percentile === '100' ? 'longest' : `p${percentile}`;
    svg.text(x(n), BOTTOM + 22, name, palette.faint, 'text-anchor="middle"');
  });
  const labels = spread(lines.map(({ values }) => y(values.at(-1) as number)));
  lines.forEach(({ name, dashed, colour, values }, n) => {
    const more = `stroke-width="2.5"${dashed ? ' stroke-dasharray="6 4"' : ''}`;
    svg.path(
      values.map((value, at) => [x(at), y(value)] as const),
      colour,
      more,
    );
    svg.text(RIGHT + 10, (labels[n] as number) + 4, name, palette.text);
  });
  svg.text(16, BOTTOM + 54, `${figures.origin}.`, palette.faint, 'font-size="12"');
  return svg.toString();
}

/** Moves places apart that are less than a line of text from each other, downwards. */
function spread(places: readonly number[]): number[] {
  const moved = [...places];
  const order = places
    .map((_, n) => n)
    .sort((a, b) => (places[a] as number) - (places[b] as number));
  for (let i = 1; i < order.length; i++) {
    const above = moved[order[i - 1] as number] as number;
    const at = order[i] as number;
    moved[at] = Math.max(moved[at] as number, above + 16);
  }
  return moved;
}
