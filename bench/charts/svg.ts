/** The colours of a chart. */
export interface Palette {
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  /** By the number of the series. */
  readonly series: readonly string[];
}

export const palettes = {
  light: {
    text: '#1f2328',
    faint: '#59636e',
    grid: '#d1d9e0',
    series: ['#0969da', '#1a7f37', '#59636e', '#bc4c00'],
  },
  dark: {
    text: '#f0f6fc',
    faint: '#9198a1',
    grid: '#3d444d',
    series: ['#4493f8', '#3fb950', '#9198a1', '#db6d28'],
  },
} as const satisfies { readonly [theme: string]: Palette };

/** A place on a logarithmic axis from `low` to `high`, which lies between two pixels. */
export function logScale(low: number, high: number, from: number, to: number) {
  const span = Math.log(high / low);
  return (value: number) => from + ((to - from) * Math.log(value / low)) / span;
}

/** The powers of ten that enclose some numbers, and those between. */
export function decades(numbers: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...numbers)));
  const high = Math.ceil(Math.log10(Math.max(...numbers)));
  return Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
}

/** A time for people: 237 ns, 1.40 µs, 52 ms. */
export function time(ns: number): string {
  const [value, unit] = ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms'];
  const digits = value < 10 && unit !== 'ns' ? 2 : value < 100 && unit !== 'ns' ? 1 : 0;
  return `${trimmed(value.toFixed(digits))} ${unit}`;
}

function trimmed(number: string): string {
  return number.includes('.') ? number.replace(/\.?0+$/, '') : number;
}

/** A drawing, built element by element. Numbers are rounded, so that a file does not change by chance. */
export class Svg {
  readonly #elements: string[] = [];

  constructor(
    readonly width: number,
    readonly height: number,
    readonly title: string,
  ) {}

  text(x: number, y: number, text: string, fill: string, more = ''): void {
    this.#elements.push(
      `<text x="${round(x)}" y="${round(y)}" fill="${fill}"${space(more)}>${escaped(text)}</text>`,
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): void {
    const [a, b, c, d] = [x1, y1, x2, y2].map(round);
    this.#elements.push(
      `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${stroke}"${space(more)}/>`,
    );
  }

  dot(x: number, y: number, fill: string): void {
    this.#elements.push(`<circle cx="${round(x)}" cy="${round(y)}" r="5" fill="${fill}"/>`);
  }

  path(points: readonly (readonly [number, number])[], stroke: string, more = ''): void {
    const d = points.map(([x, y], n) => `${n === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
    this.#elements.push(`<path d="${d}" fill="none" stroke="${stroke}"${space(more)}/>`);
  }

  toString(): string {
    const size = `width="${this.width}" height="${this.height}"`;
    const font = 'font-family="system-ui, sans-serif" font-size="13"';
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${this.width} ${this.height}" ${font} role="img">`,
      `<title>${escaped(this.title)}</title>`,
      ...this.#elements,
      '</svg>',
      '',
    ].join('\n');
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function space(attributes: string): string {
  return attributes === '' ? '' : ` ${attributes}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
