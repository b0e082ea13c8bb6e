// npm run test:types: a program that uses the package compiles with TypeScript 5.2 to 7, in each
// kind of module. The package's own declarations are checked too.
import '../../.dev/install.mjs';
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { at, run, runNpm } from '../../.dev/project.mjs';
import { fetchTools, must, newProject, pack, runChecks } from './tools.mjs';

const VERSIONS = ['typescript52', 'typescript54', 'typescript59', 'typescript6', 'typescript7'];
/** The ways to find a module: for Node.js, for bundlers, and the old one, which TypeScript 7 has no more. */
const RESOLUTIONS = {
  nodenext: ['--module', 'nodenext', 'consumer.mts', 'consumer.cts'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler', 'consumer.mts'],
  node10: ['--module', 'commonjs', '--moduleResolution', 'node10', 'consumer.cts'],
};

const tool = fetchTools(...VERSIONS);
const project = newProject('types');
must(runNpm(['install', '--prefer-offline', pack().archive], { quiet: true, cwd: project }));
for (const types of ['@types/node', 'undici-types', 'protobufjs', 'long', '@grpc/grpc-js']) {
  cpSync(at('node_modules', types), join(project, 'node_modules', types), { recursive: true });
}
for (const kind of ['mts', 'cts']) {
  copyFileSync(at('test/package/consumer.ts'), join(project, `consumer.${kind}`));
}

const checks = {};
for (const version of VERSIONS) {
  for (const [name, args] of Object.entries(RESOLUTIONS)) {
    const old = name === 'node10';
    if (old && version === 'typescript7') continue;
    checks[`${version}, ${name}`] = () => {
      const strict = [
        '--noEmit',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--skipLibCheck',
        'false',
      ];
      const target = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node'];
      const deprecated = old && version === 'typescript6' ? ['--ignoreDeprecations', '6.0'] : [];
      const all = [...strict, ...target, ...deprecated, ...args];
      const script = tool(version, version === 'typescript7' ? 'bin/tsc' : 'lib/tsc.js');
      must(run(process.execPath, [script, ...all], { quiet: true, cwd: project }));
    };
  }
}
await runChecks('types', checks);
