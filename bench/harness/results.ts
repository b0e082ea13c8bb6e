import type { SubjectName } from '../subjects/subject.js';
import type { LayoutName } from './data.js';
import type { Figure } from './measure.js';
import { medianOf } from './quantile.js';

/** What was measured, and for which subject. */
export interface Spot {
  readonly row: string;
  readonly layout: LayoutName;
  readonly size: number;
  readonly subject: SubjectName;
  /** In a comparison of two builds of the package: which of them. */
  readonly build?: 'old' | 'new';
}

/** The medians of the rounds. */
export interface Measured extends Spot, Figure {
  /** The median of each round. */
  readonly rounds: readonly number[];
}

type Rounds = Map<number, Figure>;

/** The figures of all rounds. */
export class Results {
  /** By the work that was done, then by who did it. */
  readonly #figures = new Map<string, Map<string, { spot: Spot; rounds: Rounds }>>();

  /** Throws if another subject, or another round, found something else in doing the same work. */
  add(round: number, spot: Spot, figure: Figure): void {
    const work = workOf(spot);
    const subjects = this.#figures.get(work) ?? new Map();
    this.#figures.set(work, subjects);
    for (const [other, { rounds }] of subjects) {
      for (const { checksum } of rounds.values()) {
        if (checksum === figure.checksum) continue;
        throw new Error(`${work}: ${whoOf(spot)} found something else than ${other}`);
      }
    }
    const known = subjects.get(whoOf(spot)) ?? { spot, rounds: new Map() };
    subjects.set(whoOf(spot), known);
    known.rounds.set(round, figure);
  }

  /** The median of the rounds; undefined if it was not measured. */
  value(spot: Spot): number | undefined {
    const rounds = this.#rounds(spot);
    return rounds && medianOf([...rounds.values()].map(({ median }) => median));
  }

  /** The median of the rounds' ratios: figures measured at about the same time are compared. */
  ratio(above: Spot, below: Spot): number | undefined {
    const ratios = this.ratios(above, below);
    return ratios.length === 0 ? undefined : medianOf(ratios);
  }

  /** The ratio of each round. */
  ratios(above: Spot, below: Spot): number[] {
    const upper = this.#rounds(above);
    const lower = this.#rounds(below);
    const ratios: number[] = [];
    for (const [round, { median }] of upper ?? []) {
      const other = lower?.get(round);
      if (other !== undefined) ratios.push(median / other.median);
    }
    return ratios;
  }

  /** The sizes at which a row was measured, ascending. */
  sizes(row: string, layout: LayoutName): number[] {
    const sizes = this.all().filter((one) => one.row === row && one.layout === layout);
    return [...new Set(sizes.map(({ size }) => size))].sort((a, b) => a - b);
  }

  all(): Measured[] {
    const all = [...this.#figures.values()].flatMap((subjects) => [...subjects.values()]);
    return all.map(({ spot, rounds }) => ({ ...spot, ...summary([...rounds.values()]) }));
  }

  #rounds(spot: Spot): Rounds | undefined {
    return this.#figures.get(workOf(spot))?.get(whoOf(spot))?.rounds;
  }
}

function summary(figures: readonly Figure[]): Figure & { rounds: readonly number[] } {
  const [first] = figures as [Figure];
  const rounds = figures.map(({ median }) => median);
  const note = figures.find((figure) => figure.note !== undefined)?.note;
  const percentiles = Object.keys(first.percentiles ?? {}).map((percentile) => [
    percentile,
    medianOf(figures.map((figure) => figure.percentiles?.[percentile] ?? Number.NaN)),
  ]);
  return {
    median: medianOf(rounds),
    ...(first.percentiles && { percentiles: Object.fromEntries(percentiles) }),
    ...(note !== undefined && { note }),
    ...(first.checksum !== undefined && { checksum: first.checksum }),
    rounds,
  };
}

function workOf({ row, layout, size }: Spot): string {
  return `${row} (${layout}, ${size.toLocaleString('en')})`;
}

function whoOf({ subject, build }: Spot): string {
  return build === undefined ? subject : `${subject} of the ${build} build`;
}
