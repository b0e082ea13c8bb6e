import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { EncodingError, type Key } from '../../index.js';
import { Output, type Sink } from './output.js';

/**
 * Where a file is written to: a path, or a stream, which is not ended.
 * @see writeSnapshot
 */
export type Destination = string | Writable;

/**
 * Options of `writeJsonRecords` and `writeSnapshot`.
 * @see writeSnapshot
 */
export interface WriteOptions {
  /** If it is aborted, writing stops, and the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keys and values, for example of a batch.
 * @see writeSnapshot
 */
export type Records = Iterable<readonly [Key, Uint8Array]>;

/** Writes the pairs to the output, and returns how many there were. */
type Writer = (pairs: Records, output: Output) => Promise<number>;

/**
 * Lets `write` write the records to the destination. At a path, the file appears when it is complete and on
 * the disk. Until then, and if writing fails, whatever was there stays. A path that is no regular file
 * (a pipe, a device) is written to directly.
 */
export async function writeTo(
  destination: Destination,
  records: Records,
  { signal }: WriteOptions,
  write: Writer,
): Promise<number> {
  // An iteration of a batch sees what is there now, however long opening the file takes.
  const pairs = records[Symbol.iterator]();
  const once: Records = { [Symbol.iterator]: () => pairs };
  try {
    return await writeFile(destination, signal, (output) => write(once, output));
  } finally {
    pairs.return?.();
  }
}

async function writeFile(
  destination: Destination,
  signal: AbortSignal | undefined,
  write: (output: Output) => Promise<number>,
): Promise<number> {
  signal?.throwIfAborted();
  if (typeof destination !== 'string')
    return write(new Output(streamSink(destination, signal), signal));
  const existing = await stat(destination).catch(absent);
  if (existing?.isDirectory()) throw new EncodingError('it is a directory');
  if (existing && !existing.isFile()) {
    const file = await open(destination, 'w');
    try {
      return await write(new Output(fileSink(file), signal));
    } finally {
      await file.close();
    }
  }
  // A link stays, and the file that it names is replaced.
  const path = existing ? await realpath(destination) : destination;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', existing?.mode);
  try {
    // The umask is for new files. Some file systems have no modes.
    if (existing) await file.chmod(existing.mode).catch(() => {});
    const result = await write(new Output(fileSink(file), signal));
    await file.sync();
    await file.close();
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

function fileSink(file: FileHandle): Sink {
  return (bytes) => file.writeFile(bytes);
}

function streamSink(stream: Writable, signal: AbortSignal | undefined): Sink {
  // Whoever waits for a write gets its error. Without this listener, Node.js would also throw it.
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  return (bytes) =>
    new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        stream.off('close', closed);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      // A stream that is destroyed does not always call back.
      const closed = () => end(() => reject(stream.errored ?? new ClosedError()));
      const abort = () => end(() => reject(signal?.reason));
      stream.once('close', closed);
      signal?.addEventListener('abort', abort);
      stream.write(bytes, (error) => end(error ? () => reject(error) : resolve));
    });
}

/** The stream was destroyed before it had taken everything. */
class ClosedError extends Error {
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE';

  constructor() {
    super('the stream was closed before everything was written');
  }
}

/** Makes a new name in a folder last. Some systems cannot open folders: there the name lasts anyway. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
