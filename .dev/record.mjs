// node .dev/record.mjs BINARY...: writes next to each binary of the native engine what it must be when it is
// loaded: size, SHA-256 and layout number. binding.gyp runs this after each build.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { at } from './project.mjs';

/** The layout number of the sources. */
function layout() {
  const text = readFileSync(at('native/binding/exchange.h'), 'utf8');
  return Number(/\bkLayout = (\d+);/.exec(text)[1]);
}

/** Writes the record of a binary, and returns it. */
export function writeRecord(binary) {
  const bytes = readFileSync(binary);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const record = { size: bytes.length, sha256, layout: layout() };
  writeFileSync(binary.replace(/\.node$/, '.json'), `${JSON.stringify(record)}\n`);
  return record;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.argv.slice(2).forEach(writeRecord);
}
