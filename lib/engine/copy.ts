import { join } from 'node:path';

/** The package's folder, as seen from dist/lib/engine. */
const FOLDER = join(__dirname, '..', '..', '..');
const NAME = 'accumulate-memdb';

let known: string | undefined;

/**
 * Returns what names this copy of the package: its version and its folder. Returns an empty text if this code
 * is not in the package's folder, but part of a bundle.
 */
export function copyName(): string {
  known ??= readName();
  return known;
}

/** Whether two copies of these names may share databases: they are one copy, or nobody knows. */
export function isSameCopy(one: string, other: string): boolean {
  return one === '' || other === '' || one === other;
}

function readName(): string {
  try {
    const { name, version } = require(join(FOLDER, 'package.json')) as Record<string, string>;
    return name === NAME ? `${NAME} ${version} in ${FOLDER}` : '';
  } catch {
    return '';
  }
}
