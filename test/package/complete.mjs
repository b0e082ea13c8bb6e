// node test/package/complete.mjs: fails unless prebuilds/ has a whole binary for each platform that the hosted
// workflow builds, with its record.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { at, fail } from '../../.dev/project.mjs';
import { PREBUILT } from './tools.mjs';

for (const name of PREBUILT) {
  const binary = at('prebuilds', `${name}.node`);
  const record = at('prebuilds', `${name}.json`);
  if (!existsSync(binary) || !existsSync(record)) fail(`prebuilds/${name} is missing.`);
  const { sha256 } = JSON.parse(readFileSync(record, 'utf8'));
  const real = createHash('sha256').update(readFileSync(binary)).digest('hex');
  if (real !== sha256) fail(`prebuilds/${name} was damaged on its way here.`);
}
console.log(`prebuilds/ has ${PREBUILT.length} binaries, and each is as it was built.`);
