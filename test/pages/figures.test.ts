import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Figures } from '../../bench/charts/figures.js';
import { latencyChart } from '../../bench/charts/latency.js';
import { renew } from '../../bench/charts/sections.js';
import { logScale, palettes, time } from '../../bench/charts/svg.js';
import { timesChart } from '../../bench/charts/times.js';
import { PAGES, ROOT } from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'memdb-figures-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FIGURES = join(ROOT, 'bench/figures.json');
const figures = new Figures(FIGURES);

/** The same figures, but changed. */
function changed(change: (run: Figures['run']) => object): Figures {
  const file = join(folder, 'figures.json');
  writeFileSync(file, JSON.stringify({ ...figures.run, ...change(figures.run) }));
  return new Figures(file);
}

describe('the figures on the pages', () => {
  it('are those of the benchmark', () => {
    const args = [join(ROOT, 'bench/bench.mjs'), 'chart', '--check'];
    expect(() => execFileSync(process.execPath, args, { stdio: 'pipe' })).not.toThrow();
  });

  it('are found to be out of date if one changes', () => {
    const other = changed(({ figures: all }) => ({
      figures: all.map((one) => ({ ...one, median: one.median * 1.5 })),
    }));
    for (const path of ['README.md', 'docs/benchmarks.md']) {
      const text = PAGES.find((page) => page.path === path)?.text as string;
      expect(renew(text, { figures, latency: figures })).toBe(text);
      expect(renew(text, { figures: other, latency: other })).not.toBe(text);
    }
  });

  it('refuses a section that does not exist', () => {
    const page = '<!-- figures: none -->\n<!-- end of figures -->';
    expect(() => renew(page, { figures, latency: figures })).toThrow('no section none');
  });
});

describe('the charts', () => {
  it('show each of their figures', () => {
    const chart = timesChart(figures, palettes.light);
    const size = figures.largest('get-new');
    for (const row of ['get-new', 'insert-blocks', 'transaction-new']) {
      for (const subject of ['native', 'fallback', 'map-careful', 'lmdb'] as const) {
        expect(chart).toContain(`>${time(figures.median(row, subject, size))}<`);
      }
    }
  });

  it('say what is missing', () => {
    const without = changed(({ figures: all }) => ({
      figures: all.filter(({ subject }) => subject !== 'lmdb'),
    }));
    expect(() => timesChart(without, palettes.light)).toThrow('no figure of lmdb');
  });

  it('of latencies exist only if these were measured', () => {
    expect(
      latencyChart(
        changed(() => ({ figures: [] })),
        palettes.dark,
      ),
    ).toBeUndefined();
    const percentiles = { 99: 1e4, '99.9': 1e5, '99.99': 1e6, 100: 1e7 };
    const measured = ['native', 'fallback'].map((subject) => ({
      ...{ row: 'latency-alone', layout: 'accounts', size: 100_000, subject },
      ...{ median: 1e3, percentiles, rounds: [1e3] },
    }));
    const chart = latencyChart(
      changed(() => ({ figures: measured })),
      palettes.dark,
    );
    expect(chart?.match(/<path /g)).toHaveLength(2);
    expect(chart).toContain('>fallback<');
  });

  it('have logarithmic axes', () => {
    const x = logScale(100, 10_000, 0, 200);
    expect([x(100), x(1000), x(10_000)].map(Math.round)).toEqual([0, 100, 200]);
  });

  it.each([
    [237.3, '237 ns'],
    [1396, '1.4 µs'],
    [14_491, '14.5 µs'],
    [5.2e7, '52 ms'],
  ])('write %s ns as %s', (ns, text) => expect(time(ns)).toBe(text));
});
