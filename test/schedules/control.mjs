// The memory that the threads of a schedule share besides the database: whose turn it is, and what happened.

/** Words of it, 32-bit. */
export const Control = {
  /** Not 0 once all threads have ended. The one that runs the schedule waits for that. */
  Done: 0,
  /** How many turns there are, and the next of them. */
  Turns: 1,
  Next: 2,
  /** How many commits were published, and the version before the first of them. */
  Commits: 3,
  Base: 4,
  /** The virtual clock: a 64-bit number of ms. */
  Clock: 6,
  /** How many threads there are. */
  Threads: 8,
  /** For each thread: its state, and what it sleeps on until its turn has come. */
  State: 16,
  Wake: 24,
  /** For each thread: how many steps its turn has, and how it is stopped after them. */
  Grant: 32,
  /** For each turn: the thread, how many steps it does, and how it is stopped after them. */
  FirstTurn: 64,
  TurnWords: 3,
  /** For each commit: the thread, the place of its program, and which commit of that program it is. */
  FirstCommit: 64 + 3 * 256,
  CommitWords: 3,
  Words: 64 + 3 * 256 + 3 * 1024,
};

export const State = { Running: 0, Ended: 1 };

/** How a turn ends: the thread goes on later, dies, dies unnoticed, or its call is cut short. */
export const Stop = { None: 0, Death: 1, LateDeath: 2, Cut: 3 };

/** More steps than any thread does, unless it runs for ever. */
export const FOREVER = 1_000_000;
