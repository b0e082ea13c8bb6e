import type { LayoutName } from './data.js';
import { quantile } from './fill.js';
import type { Figure } from './measure.js';
import type { SubjectName } from './subjects/subject.js';

/** What was measured, and of whom. */
export interface Spot {
  readonly row: string;
  readonly layout: LayoutName;
  readonly size: number;
  readonly subject: SubjectName;
}

export interface Measured extends Spot {
  /** The median of the rounds. */
  readonly median: number;
  readonly p99: number | undefined;
  /** The medians of each round. */
  readonly rounds: readonly number[];
  readonly checksum: number | undefined;
}

/** The figures of all rounds. */
export class Results {
  readonly #figures = new Map<string, { spot: Spot; rounds: Map<number, Figure> }>();

  /** Throws when another subject, or another round, found something else in doing the same work. */
  add(round: number, spot: Spot, figure: Figure): void {
    const key = keyOf(spot);
    for (const { spot: other, rounds } of this.#figures.values()) {
      if (keyOf({ ...other, subject: spot.subject }) !== key) continue;
      for (const { checksum } of rounds.values()) {
        if (checksum === figure.checksum) continue;
        const work = `${spot.row} (${spot.layout}, ${spot.size})`;
        throw new Error(`${work}: ${spot.subject} found something else than ${other.subject}`);
      }
    }
    const known = this.#figures.get(key) ?? { spot, rounds: new Map() };
    this.#figures.set(key, known);
    known.rounds.set(round, figure);
  }

  /** The median of the rounds; undefined when it was not measured. */
  value(spot: Spot): number | undefined {
    const rounds = this.#figures.get(keyOf(spot))?.rounds;
    return rounds && medianOf([...rounds.values()].map(({ median }) => median));
  }

  /** The median of the rounds' ratios: what was measured at about the same time is compared. */
  ratio(above: Spot, below: Spot): number | undefined {
    const upper = this.#figures.get(keyOf(above))?.rounds;
    const lower = this.#figures.get(keyOf(below))?.rounds;
    if (upper === undefined || lower === undefined) return undefined;
    const ratios: number[] = [];
    for (const [round, { median }] of upper) {
      const other = lower.get(round);
      if (other !== undefined) ratios.push(median / other.median);
    }
    return ratios.length === 0 ? undefined : medianOf(ratios);
  }

  all(): Measured[] {
    return [...this.#figures.values()].map(({ spot, rounds }) => {
      const figures = [...rounds.values()];
      const medians = figures.map(({ median }) => median);
      const high = figures.map(({ p99 }) => p99).filter((p99) => p99 !== undefined);
      return {
        ...spot,
        median: medianOf(medians),
        p99: high.length === 0 ? undefined : medianOf(high),
        rounds: medians,
        checksum: figures[0]?.checksum,
      };
    });
  }
}

function keyOf({ row, layout, size, subject }: Spot): string {
  return `${row} ${layout} ${size} ${subject}`;
}

/** Of an even number, the mean of the two in the middle. */
export function medianOf(numbers: readonly number[]): number {
  const below = quantile(numbers, 0.5 - 1 / (2 * numbers.length));
  return (below + quantile(numbers, 0.5)) / 2;
}
