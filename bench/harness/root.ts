import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder. */
export const root = projectOf(__dirname);

/** The tests load the sources, a run their compiled form in dist/: the depth differs. */
function projectOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : projectOf(dirname(folder));
}

/** The environment variable that names another checkout of the project, whose build is then measured. */
export const TREE = 'MEMDB_BENCH_TREE';

/** The checkout whose build is measured; this one by default. */
export const tree = process.env[TREE] || root;
