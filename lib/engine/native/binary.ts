import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { LAYOUT } from '../exchange.js';
import { candidates, libcOf, PLATFORM } from './candidates.js';
import { ownLibc } from './libc.js';
import { requireFrom } from './require.js';

/** A file that was not used as the native engine, and the reason. */
export interface Tried {
  readonly file: string;
  readonly why: string;
}

/** What a search for the binary has found. */
export interface Search {
  /** The binary that was loaded. */
  loaded?: string;
  /** What was tried before it. */
  readonly tried: Tried[];
}

/** What each binary exports; the native engine knows the rest. */
export interface Addon {
  /** `LAYOUT` of the binary; undefined in one from before there was such a number. */
  readonly layout?: number;
}

/** What is written about a binary when it is made, in the file of its name with `.json` at the end. */
interface BinaryRecord {
  readonly size: number;
  readonly sha256: string;
  readonly layout: number;
}

const AGAIN = 'install the package again, or run npm run build in a clone';

/**
 * Loads the first binary that is whole, was made for this package and loads. Returns what `open` returns for it.
 * Notes each refused file in `search`. A damaged binary would end the process, so each is compared with its
 * record first. Throws if no binary loads.
 */
export function loadBinary<T>(search: Search, open: (addon: Addon) => T): T {
  let first: unknown;
  search.tried.length = 0;
  const refuse = (file: string, error: unknown) => {
    first ??= error;
    search.tried.push({ file, why: reason(error) });
  };
  const libc = ownLibc();
  for (const file of candidates(libc, refuse)) {
    try {
      const made = libcOf(file);
      if (libc !== undefined && made !== undefined && made !== libc) {
        throw new Error(`it is made for ${made}, and this program uses ${libc}`);
      }
      if (!check(file)) continue;
      const addon = requireFrom(file)(file) as Addon;
      checkLayout(addon.layout);
      const opened = open(addon);
      search.loaded = file;
      return opened;
    } catch (error) {
      // A stack overflow says nothing of the file.
      if (error instanceof RangeError) throw error;
      refuse(file, error);
    }
  }
  if (search.tried.length === 0) {
    const platform = [process.platform, process.arch, libc].filter(Boolean).join(' ');
    refuse(PLATFORM, new Error(`there is no binary for ${platform}`));
  }
  throw first;
}

/** Throws if the file is not what its record says. Returns whether there is a file at all. */
function check(file: string): boolean {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return false;
  const { size, sha256, layout } = recordOf(file);
  checkLayout(layout);
  if (!status.isFile() || status.size !== size) {
    throw new Error(`it has ${status.size} bytes, and its record says ${size}; ${AGAIN}`);
  }
  if (createHash('sha256').update(readFileSync(file)).digest('hex') !== sha256) {
    throw new Error(`its SHA-256 is not the one in its record; ${AGAIN}`);
  }
  return true;
}

function recordOf(binary: string): BinaryRecord {
  const file = binary.replace(/\.node$/, '.json');
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Error(`its record, ${basename(file)} in the same folder, is missing; ${AGAIN}`);
  }
  const text = readFileSync(file, 'utf8');
  try {
    return { ...(JSON.parse(text) as BinaryRecord) };
  } catch {
    throw new Error(`its record, ${basename(file)} in the same folder, is damaged; ${AGAIN}`);
  }
}

function checkLayout(layout: number | undefined): void {
  if (layout === LAYOUT) return;
  throw new Error(
    `the binary has layout ${layout}, and this package has layout ${LAYOUT}; ${AGAIN}`,
  );
}

/** Returns what a person needs of an error, on one line. */
function reason(error: unknown): string {
  const { message, code, resource } = error as NodeJS.ErrnoException & { resource?: string };
  const line =
    String(message ?? error)
      .split('\n', 1)[0]
      ?.replace(/\.$/, '') ?? '';
  if (code === 'ERR_DLOPEN_DISABLED') return `${line}; run Node.js with --allow-addons`;
  return code === 'ERR_ACCESS_DENIED' && resource ? `${line}: ${resource}` : line;
}
