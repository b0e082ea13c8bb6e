import type { Ref } from './layout.js';
import type { Sessions } from './sessions.js';

/**
 * The versions that were pinned when `look` was called, in growing order. Pins are only ever taken
 * of the published version. So of the versions published before the call there are no more pins
 * later on, and what none of these sees, nobody will see.
 */
export class Pinned {
  private readonly sessions: Sessions;
  private versions = new Float64Array(16);
  /** For each version the list of what its pins keep, or 0: for the caller's use. */
  lists = new Int32Array(16);
  /** For each position the last one up to it whose version has OPTIMISTIC added, or -1. */
  private optimistic = new Int32Array(16);
  private count = 0;
  /** The position that `indexOf` found last: the next one is mostly next to it. */
  private last = 0;

  constructor(sessions: Sessions) {
    this.sessions = sessions;
  }

  /** Returns how many places for pins it looked at. */
  look(): number {
    const { sessions } = this;
    let places = 0;
    let inOrder = true;
    this.count = 0;
    this.last = 0;
    for (let session = 0; session < sessions.limit; session++) {
      places += sessions.visitPins(session, (version) => {
        inOrder &&= this.count === 0 || version >= this.version(this.count - 1);
        this.push(version);
      });
    }
    if (!inOrder) this.versions.subarray(0, this.count).sort();
    this.unite();
    this.lists.fill(0, 0, this.count);
    return places;
  }

  version(index: number): number {
    return this.versions[index] as number;
  }

  list(index: number): Ref {
    return this.lists[index] as number;
  }

  /** Returns the position of the largest version less than `version`, or -1. */
  before(version: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.version(middle) < version) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Returns the position of the largest version less than `version` that an optimistic batch pins, or -1. */
  optimisticBefore(version: number): number {
    const index = this.before(version);
    return index < 0 ? -1 : (this.optimistic[index] as number);
  }

  /** Returns the position of a version, or -1. */
  indexOf(version: number): number {
    const { last } = this;
    for (let index = Math.max(last - 1, 0); index < Math.min(last + 2, this.count); index++) {
      if (this.version(index) === version) {
        this.last = index;
        return index;
      }
    }
    const index = this.before(version) + 1;
    if (index === this.count || this.version(index) !== version) return -1;
    this.last = index;
    return index;
  }

  /** Leaves one of the versions that stand side by side more than once. */
  private unite(): void {
    let count = 0;
    let optimistic = -1;
    for (let n = 0; n < this.count; n++) {
      const version = this.version(n);
      if (count > 0 && version === this.version(count - 1)) continue;
      if (!Number.isInteger(version)) optimistic = count;
      this.optimistic[count] = optimistic;
      this.versions[count++] = version;
    }
    this.count = count;
  }

  private push(version: number): void {
    if (this.count === this.versions.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.versions);
      this.versions = larger;
      this.lists = new Int32Array(this.count * 2);
      this.optimistic = new Int32Array(this.count * 2);
    }
    this.versions[this.count++] = version;
  }
}
