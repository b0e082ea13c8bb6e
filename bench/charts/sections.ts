import { figureTables, targetTable } from '../harness/table.js';
import type { Figures } from './figures.js';
import { highlights } from './highlights.js';
import { latencyChart } from './latency.js';
import { palettes } from './svg.js';

/** What the sections are made from. */
export interface Runs {
  readonly figures: Figures;
  /** Where the latencies stand, if they were measured. */
  readonly latency: Figures;
}

/** The parts of pages that are made from figures. In a page, each stands between two comments. */
const sections: { readonly [name: string]: (runs: Runs) => string } = {
  highlights: ({ figures }) => highlights(figures),
  origin: ({ figures: { origin, run } }) =>
    `${origin}, on ${run.machine.cpu} with ${run.machine.memory}, commit ${run.machine.commit}.`,
  tables: ({ figures }) => figureTables(figures.run.figures),
  targets: ({ figures }) => targetTable(figures.run.targets),
  latency: ({ latency }) =>
    latencyChart(latency, palettes.light) === undefined
      ? 'No run with latencies is kept at present. `npm run bench:latency` makes one.'
      : picture('latency', 'How long single gets take, up to the longest'),
};

/** Returns the page with its sections renewed. Throws if it names one that does not exist. */
export function renew(page: string, runs: Runs): string {
  return page.replaceAll(
    /(<!-- figures: (\S+) -->\n).*?(<!-- end of figures -->)/gs,
    (_, begin: string, name: string, end: string) => {
      const section = sections[name];
      if (section === undefined) throw new Error(`there is no section ${name} of figures`);
      return `${begin}\n${section(runs)}\n\n${end}`;
    },
  );
}

/** A chart in the colours of the reader's theme, for a page in docs/. */
function picture(name: string, alt: string): string {
  return [
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="charts/${name}-dark.svg">`,
    `  <img alt="${alt}" src="charts/${name}-light.svg">`,
    '</picture>',
  ].join('\n');
}
