import type { EngineName } from '../../index.js';
import { Latencies, type LatencyCounts } from './latencies.js';

/**
 * How much was done in how many seconds.
 * @see heal
 */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/**
 * Times in microseconds.
 * @see heal
 */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/**
 * A chain at the end of the job.
 * @see heal
 */
export interface ChainReport {
  /** The text of its key. */
  readonly key: string;
  /** How many entries it has. */
  readonly height: number;
  /** Hex; null if the chain is empty. */
  readonly anchor: string | null;
  /** How many of its last entries are known. The job proves these. */
  readonly known: number;
}

/**
 * What a job did. Memory is in bytes.
 * @see heal
 */
export interface Report {
  readonly engine: EngineName;
  readonly node: string;
  /** The file that was loaded; null if a chain was built. */
  readonly file: string | null;
  readonly workers: number;
  /** The records that were loaded; null without a file. */
  readonly records: Rate | null;
  /** The entries that were added to the chain in blocks; null with a file. */
  readonly entries: (Rate & { readonly blocks: number }) | null;
  readonly receipts: Rate & { readonly failed: number; readonly latency: Latency };
  readonly memory: {
    /** The process's memory. */
    readonly rss: number;
    readonly heapUsed: number;
    /** The size of the keys and values in the store. */
    readonly stored: number;
    /** All memory that the store holds. */
    readonly held: number;
  };
  readonly chains: readonly ChainReport[];
  /** The first proofs that failed, in words. */
  readonly failures: readonly string[];
  /** A sentence for each thing that was not read, not checked, or not proved. */
  readonly notes: readonly string[];
}

export function rate(count: number, seconds: number): Rate {
  return { count, seconds, perSecond: seconds > 0 ? count / seconds : 0 };
}

/** Returns the percentiles, in microseconds. */
export function latencyOf(counts: LatencyCounts): Latency {
  const latencies = new Latencies();
  latencies.add(counts);
  const us = (percent: number) => latencies.percentile(percent) / 1000;
  return { p50: us(50), p99: us(99), p999: us(99.9), max: counts.max / 1000 };
}

/** Returns the report for people: a few lines, and one for each chain. */
export function format(report: Report): string {
  const { receipts, records, entries, memory } = report;
  const { latency } = receipts;
  const lines = [`engine    ${report.engine}, Node ${report.node}`];
  if (records) lines.push(`records   ${done(records, 'loaded')}`);
  if (entries)
    lines.push(`entries   ${done(entries, 'added')}, in ${whole(entries.blocks)} blocks`);
  lines.push(
    `receipts  ${done(receipts, 'proved')}, ${threads(report.workers)}`,
    `latency   p50 ${us(latency.p50)}, p99 ${us(latency.p99)}, p99.9 ${us(latency.p999)}, max ${us(latency.max)}`,
    `memory    ${mb(memory.rss)} in all, ${mb(memory.heapUsed)} JavaScript heap, ` +
      `${mb(memory.held)} store for ${mb(memory.stored)} of keys and values`,
    '',
    ...chainLines(report.chains),
    '',
  );
  if (report.notes.length > 0) lines.push(...report.notes.map((note) => `Note: ${note}.`), '');
  if (receipts.failed === 0) {
    lines.push('Every receipt leads to the anchor that was computed apart from the chain.');
  } else {
    lines.push(`${whole(receipts.failed)} PROOFS FAILED`, ...report.failures.map((f) => `  ${f}`));
    if (receipts.failed > report.failures.length) lines.push('  ...');
  }
  return `${lines.join('\n')}\n`;
}

function chainLines(chains: readonly ChainReport[]): string[] {
  if (chains.length === 0) return ['no chains'];
  const width = Math.max('height'.length, ...chains.map(({ height }) => whole(height).length));
  return [
    chains.length === 1 ? '1 chain' : `${chains.length} chains`,
    `  ${'height'.padStart(width)}  ${'known'.padStart(width)}  ${'anchor'.padEnd(64)}  chain`,
    ...chains.map(({ key, height, anchor, known: last }) => {
      const known = last === height ? 'all' : whole(last);
      const root = (anchor ?? '-').padEnd(64);
      return `  ${whole(height).padStart(width)}  ${known.padStart(width)}  ${root}  ${key}`;
    }),
  ];
}

function done({ count, seconds, perSecond }: Rate, verb: string): string {
  return `${whole(count)} ${verb} in ${seconds.toFixed(2)} s: ${whole(perSecond)}/s`;
}

function threads(workers: number): string {
  if (workers === 0) return 'on the main thread';
  return workers === 1 ? 'by 1 worker' : `by ${workers} workers`;
}

function whole(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

function us(n: number): string {
  return n < 10_000 ? `${n.toFixed(1)} us` : `${(n / 1000).toFixed(1)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
