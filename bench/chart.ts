// npm run bench:chart: writes what the pages show of the figures: charts, and sections of pages.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Figures } from './charts/figures.js';
import { latencyChart } from './charts/latency.js';
import { renew } from './charts/sections.js';
import { palettes } from './charts/svg.js';
import { timesChart } from './charts/times.js';
import { root } from './harness/root.js';

const FIGURES = join(root, 'bench/figures.json');
/** Its own run of `npm run bench:latency`, if there was one. */
const LATENCY = join(root, 'bench/latency.json');

const HELP = `Usage: npm run bench:chart -- [--check]

Writes the charts in docs/charts/, and the sections of README.md and docs/benchmarks.md that show
figures. They come from bench/figures.json, which \`npm run bench -- --quick --json bench/figures.json\`
writes, and from bench/latency.json if it exists (\`npm run bench:latency -- --json bench/latency.json\`).

  --check   writes nothing; exit status 1 if a file is not up to date`;

/** Each file to write, by its path from the root. */
function outputs(): Map<string, string> {
  const figures = new Figures(FIGURES);
  const latency = existsSync(LATENCY) ? new Figures(LATENCY) : figures;
  const made = new Map<string, string>();
  for (const [theme, palette] of Object.entries(palettes)) {
    made.set(`docs/charts/times-${theme}.svg`, timesChart(figures, palette));
    const chart = latencyChart(latency, palette);
    if (chart !== undefined) made.set(`docs/charts/latency-${theme}.svg`, chart);
  }
  for (const page of ['README.md', 'docs/benchmarks.md']) {
    made.set(page, renew(readFileSync(join(root, page), 'utf8'), { figures, latency }));
  }
  return made;
}

function main(args: readonly string[]): number {
  const wrong = args.find((arg) => arg !== '--check');
  if (wrong !== undefined) {
    (wrong === '--help' ? console.log : console.error)(HELP);
    return wrong === '--help' ? 0 : 2;
  }
  const changed = [...outputs()].filter(([path, text]) => current(path) !== text);
  if (args.includes('--check')) {
    for (const [path] of changed) console.error(`${path} is not up to date: npm run bench:chart`);
    return changed.length > 0 ? 1 : 0;
  }
  mkdirSync(join(root, 'docs/charts'), { recursive: true });
  for (const [path, text] of changed) {
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
  return 0;
}

function current(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
}

process.exitCode = main(process.argv.slice(2));
