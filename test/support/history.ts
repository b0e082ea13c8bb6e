/**
 * Checks afterwards what several threads did on one database.
 *
 * Keys are numbers. Every `update` adds 1 to key VERSION, so the updates have an order that can be read
 * back. A batch that reads VERSION must see the updates up to that one, on every key, and no others.
 * `groups` are keys that plain commits write together: all keys of a group get one value. The only
 * order of these commits is that of time.
 *
 * Stamps come from one counter that all threads raise, so "before" means the same to all of them.
 */
export const VERSION = 0;

/** A read or a write of a key. Actions are in the order of time, and a missing value is 0. */
export type Action = readonly [kind: 'r' | 'w', key: number, value: number];

/** Stamps taken just before a call and just after it. */
export type Span = readonly [before: number, after: number];

/** What one batch did. */
export interface Transaction {
  readonly begin: Span;
  readonly actions: readonly Action[];
  /** Undefined if the batch was not committed. */
  readonly commit?: Span | undefined;
}

export interface History {
  readonly groups: readonly (readonly number[])[];
  readonly counters: readonly number[];
  /** Every key's value before the first transaction began, and after the last had ended. */
  readonly initial: ReadonlyMap<number, number>;
  readonly final: ReadonlyMap<number, number>;
  readonly transactions: readonly Transaction[];
}

export type Anomaly =
  | 'non-repeatable read'
  | 'dirty read'
  | 'fractured read'
  | 'stale begin'
  | 'early read'
  | 'version went back'
  | 'lost update';

export interface Violation {
  readonly anomaly: Anomaly;
  readonly detail: string;
}

/** What a transaction first read of each key, without its own writes, and what it wrote last. */
interface Summary {
  readonly transaction: Transaction;
  readonly reads: Map<number, number>;
  readonly writes: Map<number, number>;
}

type Report = (anomaly: Anomaly, detail: string) => void;

const BEFORE_ALL: Span = [-1, -1];

function summarize(transaction: Transaction, report: Report): Summary {
  const reads = new Map<number, number>();
  const writes = new Map<number, number>();
  for (const [kind, key, value] of transaction.actions) {
    if (kind === 'w') {
      writes.set(key, value);
      continue;
    }
    const known = writes.get(key) ?? reads.get(key);
    if (known === undefined) reads.set(key, value);
    else if (known !== value) {
      report('non-repeatable read', `key ${key} was ${known}, then ${value}`);
    }
  }
  return { transaction, reads, writes };
}

/** Returns the updates in the order of the versions that they made. */
function inOrder(history: History, committed: readonly Summary[], report: Report): Summary[] {
  const updates = committed.filter(({ writes }) => writes.has(VERSION));
  updates.sort((a, b) => (a.writes.get(VERSION) as number) - (b.writes.get(VERSION) as number));
  let version = history.initial.get(VERSION) ?? 0;
  for (const { writes } of updates) {
    const next = writes.get(VERSION) as number;
    if (next !== version + 1) report('lost update', `version ${next} follows ${version}`);
    version = next;
  }
  return updates;
}

/** The values that a key had, each with the version that it began with. */
type Timeline = [version: number, value: number][];

function timelines(history: History, updates: readonly Summary[]): Map<number, Timeline> {
  const grouped = new Set(history.groups.flat());
  const lines = new Map<number, Timeline>();
  const first = history.initial.get(VERSION) ?? 0;
  for (const [key, value] of history.initial) {
    if (!grouped.has(key)) lines.set(key, [[first, value]]);
  }
  for (const { writes } of updates) {
    const version = writes.get(VERSION) as number;
    for (const [key, value] of writes) {
      const line: Timeline = lines.get(key) ?? [[first, 0]];
      lines.set(key, line);
      line.push([version, value]);
    }
  }
  return lines;
}

function valueAt(line: Timeline, version: number): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line[middle] as [number, number])[0] <= version) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (line[low - 1] as [number, number])[1];
}

function checkCounters(history: History, lines: Map<number, Timeline>, report: Report): void {
  for (const key of history.counters) {
    for (const [i, [version, value]] of (lines.get(key) ?? []).entries()) {
      const before = lines.get(key)?.[i - 1];
      if (before && value !== before[1] + 1) {
        report('lost update', `counter ${key} went from ${before[1]} to ${value} at ${version}`);
      }
    }
  }
}

function checkFinal(history: History, lines: Map<number, Timeline>, report: Report): void {
  for (const [key, line] of lines) {
    const [, value] = line[line.length - 1] as [number, number];
    const found = history.final.get(key) ?? 0;
    if (found !== value) report('lost update', `key ${key} ended as ${found}, not ${value}`);
  }
}

/**
 * Pairs each batch with the largest `value` of the events that ended before the batch began. It goes
 * through batches by the time they began, and through `events` by the time they ended.
 */
function* withPast<T>(
  batches: readonly { summary: Summary; item: T }[],
  events: readonly { over: number; value: number }[],
): Generator<{ summary: Summary; item: T; largest: number }> {
  const byBegin = [...batches].sort(
    (a, b) => a.summary.transaction.begin[0] - b.summary.transaction.begin[0],
  );
  const byEnd = [...events].sort((a, b) => a.over - b.over);
  let largest = Number.NEGATIVE_INFINITY;
  let at = 0;
  for (const batch of byBegin) {
    const [began] = batch.summary.transaction.begin;
    for (let e = byEnd[at]; e !== undefined && e.over < began; e = byEnd[++at]) {
      largest = Math.max(largest, e.value);
    }
    yield { ...batch, largest };
  }
}

function checkVersions(
  summaries: readonly Summary[],
  updates: readonly Summary[],
  lines: Map<number, Timeline>,
  report: Report,
): void {
  const batches = summaries
    .filter(({ reads }) => reads.has(VERSION))
    .map((summary) => ({ summary, item: summary.reads.get(VERSION) as number }));
  const spans = new Map(
    updates.map(({ transaction, writes }) => [writes.get(VERSION), transaction.commit as Span]),
  );

  for (const { summary, item: version } of batches) {
    for (const [key, value] of summary.reads) {
      const line = lines.get(key);
      if (line === undefined || valueAt(line, version) === value) continue;
      const known = line.some(([, other]) => other === value);
      report(
        known ? 'fractured read' : 'dirty read',
        `key ${key} is ${value} in a batch of version ${version}, where it was ${valueAt(line, version)}`,
      );
    }
    const span = spans.get(version);
    if (span && span[0] > summary.transaction.begin[1]) {
      report('early read', `version ${version} was seen before its commit began`);
    }
  }

  const returned = updates.map(({ transaction, writes }) => ({
    over: (transaction.commit as Span)[1],
    value: writes.get(VERSION) as number,
  }));
  for (const { item: version, largest } of withPast(batches, returned)) {
    if (version < largest) {
      report('stale begin', `a batch saw ${version} after the commit of ${largest} had returned`);
    }
  }
  const seen = batches.map(({ summary, item }) => ({
    over: summary.transaction.begin[1],
    value: item,
  }));
  for (const { item: version, largest } of withPast(batches, seen)) {
    if (version < largest) {
      report('version went back', `a batch saw ${version} after another had seen ${largest}`);
    }
  }
}

function checkGroup(
  group: readonly number[],
  history: History,
  summaries: readonly Summary[],
  committed: readonly Summary[],
  report: Report,
): void {
  const key = group[0] as number;
  const writers = committed.filter(({ writes }) => writes.has(key));
  const spans = new Map<number, Span>([[history.initial.get(key) ?? 0, BEFORE_ALL]]);
  for (const { writes, transaction } of writers) {
    spans.set(writes.get(key) as number, transaction.commit as Span);
  }

  const batches: { summary: Summary; item: Span }[] = [];
  for (const summary of summaries) {
    const values = new Set(group.flatMap((k) => summary.reads.get(k) ?? []));
    if (values.size > 1) report('fractured read', `group ${group} has values ${[...values]}`);
    for (const value of values) {
      const span = spans.get(value);
      if (span === undefined) report('dirty read', `group ${group} has ${value}, never committed`);
      else if (span[0] > summary.transaction.begin[1]) {
        report('early read', `group ${group}: ${value} was seen before its commit began`);
      } else batches.push({ summary, item: span });
    }
  }

  const returned = writers.map(({ transaction }) => {
    const [before, after] = transaction.commit as Span;
    return { over: after, value: before };
  });
  for (const { item: span, largest } of withPast(batches, returned)) {
    if (span[1] < largest) {
      report('stale begin', `group ${group}: a value was seen that had been overwritten before`);
    }
  }
  const seen = batches.map(({ summary, item }) => ({
    over: summary.transaction.begin[1],
    value: item[0],
  }));
  for (const { item: span, largest } of withPast(batches, seen)) {
    if (span[1] < largest) {
      report('version went back', `group ${group}: an older value was seen after a newer one`);
    }
  }
}

/** Returns everything in a history that no correct store could have done. */
export function check(history: History): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (anomaly, detail) => void violations.push({ anomaly, detail });
  const summaries = history.transactions.map((transaction) => summarize(transaction, report));
  const committed = summaries.filter(({ transaction }) => transaction.commit !== undefined);
  const updates = inOrder(history, committed, report);
  const lines = timelines(history, updates);
  checkCounters(history, lines, report);
  checkFinal(history, lines, report);
  checkVersions(summaries, updates, lines, report);
  for (const group of history.groups) checkGroup(group, history, summaries, committed, report);
  return violations;
}
