import { join } from 'node:path';

/** The project's folder, as seen from dist/bench. */
export const root = join(__dirname, '..', '..');
