import { MemDBError } from '../../index.js';
import { UsageError } from './usage.js';

/** Standard output cannot be written. */
export class OutputError extends Error {}

/** Something is wrong with a file. The message begins with its name. */
export class FileError extends Error {}

/** Writes to standard output. Throws OutputError if that fails, unless the reader has closed its pipe. */
export async function print(text: string): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    process.stdout.write(text, resolve);
  });
  // A reader that has closed its pipe has read enough.
  if (!error || error.code === 'EPIPE') return;
  throw new OutputError(`the output cannot be written: ${error.message}`, { cause: error });
}

/** Writes a line to standard error. */
export function complain(message: string): void {
  process.stderr.write(`accumulate-memdb: ${oneLine(message)}\n`);
}

/** Returns what `work` returns. An error that a user can cause becomes a FileError. */
export async function about<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (file === undefined || !isExpected(error)) throw error;
    throw new FileError(`${file}: ${error.message}`, { cause: error });
  }
}

/** Returns whether the error is about usage, input or surroundings, and not a mistake in this program. */
export function isExpected(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    error instanceof OutputError ||
    error instanceof FileError ||
    error instanceof MemDBError ||
    (error instanceof Error && 'syscall' in error)
  );
}

/** Returns the message on one line, whatever a file's name or contents put into it. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return message.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
}
