// npm run build: rebuilds both parts, or the one that is named.
import './install.mjs';
import { buildNative } from './native.mjs';
import { compile } from './typescript.mjs';

const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);

let ok = true;
if (wants('native')) ok = buildNative({ force: true }) && ok;
if (wants('typescript')) ok = compile({ force: true }) && ok;
process.exitCode = ok ? 0 : 1;
