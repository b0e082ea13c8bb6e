import { readFileSync, readlinkSync } from 'node:fs';

/** What Linux knows a thread by; both 0 if it does not say. */
export interface Task {
  readonly id: number;
  /** When it was started, which distinguishes it from a later thread with the same id. */
  readonly start: number;
}

const NONE: Task = { id: 0, start: 0 };

/** The position of the start time among the fields behind the name, which may hold anything. */
const START_FIELD = 19;

/** The thread that calls. */
export function ownTask(): Task {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').pop());
    const start = startOf(id);
    return Number.isInteger(id) && start !== undefined ? { id, start } : NONE;
  } catch {
    // Not Linux, or files may not be read: the threads find out about each other by events alone.
    return NONE;
  }
}

/** Whether a thread of this process has ended; false if that is not known. */
export function hasEnded(task: Task): boolean {
  if (task.id === 0) return false;
  try {
    const start = startOf(task.id);
    return start !== undefined && start !== task.start;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return (code === 'ENOENT' || code === 'ESRCH') && isReadable();
  }
}

/** Whether the operating system still says what threads there are: if not, none of them has ended. */
function isReadable(): boolean {
  return ownTask() !== NONE;
}

function startOf(id: number): number | undefined {
  const stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = Number(fields[START_FIELD]);
  return Number.isInteger(start) ? start | 0 : undefined;
}
