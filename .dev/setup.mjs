// Makes a clone ready to run, before `npm start`, `npm test` and `npm run bench`. Skips each step whose
// inputs have not changed.
import './install.mjs';

// These need the dependencies.
const { buildNative } = await import('./native.mjs');
const { compile } = await import('./typescript.mjs');
if (!buildNative() || !compile()) process.exit(1);
