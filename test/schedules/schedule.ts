import type { programs } from './programs.mjs';

/** A thread does so many steps, -1 for all, and then goes on in its next turn or is stopped. */
export interface Turn {
  readonly thread: number;
  readonly steps: number;
  readonly stop: number;
}

export type ProgramName = keyof typeof programs;

/** What happens in what order: with the scene it says all, so that it can be repeated. */
export interface Schedule {
  /** The names of the programs that each thread runs, one after the other. */
  readonly threads: readonly (readonly ProgramName[])[];
  readonly turns: readonly Turn[];
}

/** What a thread saw: its text is that of one of the versions from `from` to `to`. */
export interface Look {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Report {
  readonly errors: string[];
  readonly looks: Look[];
  readonly reads: Look[];
  readonly steps: number;
  /** How the thread was stopped last. */
  readonly stop: number;
  /** Whether it waited for the transaction mutex in vain. */
  readonly gaveUp: boolean;
  readonly threadId: number;
}

/** A commit that was published: of which thread, by which of its programs, and which one of that program. */
export interface Commit {
  readonly thread: number;
  readonly place: number;
  readonly nth: number;
}
