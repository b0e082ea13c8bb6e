// Package managers install the archive, with nothing but node, npm and a shell in PATH.
import { strict as assert } from 'node:assert';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, which } from '../../.dev/project.mjs';
import { fetchTools, linux, must, newProject, scratch } from './tools.mjs';

const PROGRAM = `
  const { Key, MemDB, engineInfo } = require('accumulate-memdb');
  const db = new MemDB();
  db.update((batch) => batch.put(Key.of('key'), 'value'));
  const value = db.view((batch) => String(batch.get(Key.of('key'))));
  console.log(JSON.stringify({ ...engineInfo(), value }));
  db.close();
`;

/** Returns a check for each manager and archive. */
export function managerChecks(archives) {
  const tool = fetchTools('pnpm10', 'yarn1', 'yarn4', ...(linux ? ['pnpm12', 'bun'] : []));
  const path = onlyNodeAndShell();
  const node = (...script) => [process.execPath, ...script];
  const npm = [
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--foreground-scripts',
  ];
  const yarn4 = node(tool('yarn4', 'bin/yarn.js'), 'install');
  const managers = {
    npm: { command: npm },
    'npm --ignore-scripts': { command: [...npm, '--ignore-scripts'] },
    'pnpm 10': { command: node(tool('pnpm10', 'bin/pnpm.cjs'), 'install') },
    'yarn 1': {
      command: node(tool('yarn1', 'bin/yarn.js'), 'install', '--no-lockfile'),
      env: { YARN_CACHE_FOLDER: join(scratch, 'yarn1') },
    },
    'yarn 4, Plug’n’Play': { command: yarn4, env: yarn('pnp'), flags: ['-r', './.pnp.cjs'] },
    'yarn 4, node_modules': { command: yarn4, env: yarn('node-modules') },
    ...(linux && {
      'pnpm 12': { command: [tool('pnpm12', 'pnpm'), 'install'] },
      bun: { command: [tool('bun', 'bin/bun'), 'install'] },
    }),
  };
  const checks = {};
  for (const [kind, { archive, engine }] of Object.entries(archives)) {
    for (const [name, manager] of Object.entries(managers)) {
      checks[`${name}, ${kind}`] = () => install({ ...manager, name, archive, engine, path });
    }
  }
  return checks;
}

/** What yarn 4 must be told: it takes a project's settings from the environment. */
function yarn(linker) {
  return {
    YARN_NODE_LINKER: linker,
    YARN_ENABLE_GLOBAL_CACHE: '0',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
  };
}

/** Installs the archive, and runs a program. The manager must warn of nothing. */
function install({
  name,
  command: [program, ...args],
  env = {},
  flags = [],
  archive,
  engine,
  path,
}) {
  const folder = name.replaceAll(/\W+/g, '-');
  const project = newProject(folder, {
    name: 'consumer',
    version: '1.0.0',
    license: 'MIT',
    dependencies: { 'accumulate-memdb': `file:${archive}` },
  });
  // So that yarn 4 does not look for a project above.
  if (name.startsWith('yarn 4')) writeFileSync(join(project, 'yarn.lock'), '');
  writeFileSync(join(project, 'program.cjs'), PROGRAM);
  const home = join(scratch, 'home');
  mkdirSync(home, { recursive: true });
  const parents = Object.keys(process.env).filter((key) => /^npm_/i.test(key));
  const surroundings = {
    ...Object.fromEntries(parents.map((key) => [key, undefined])),
    PATH: path,
    ...(program !== 'npm' && { HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home }),
    MEMDB_ENGINE: '',
    ...env,
  };
  const inProject = { quiet: true, cwd: project, env: surroundings };
  const start = Date.now();
  const { ok, output } = run(program, args, inProject);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  assert(ok, output);
  assert.doesNotMatch(output, /warn|error|fail|gyp ERR|ignored build/i);

  const printed = must(run(process.execPath, [...flags, 'program.cjs'], inProject));
  const report = JSON.parse(printed);
  assert.equal(report.engine, engine, printed);
  assert.equal(report.value, 'value');
  return `${report.engine}, installed in ${seconds} s`;
}

/** Makes a folder for PATH. */
function onlyNodeAndShell() {
  const folder = join(scratch, 'path');
  mkdirSync(folder, { recursive: true });
  for (const command of ['node', 'npm', 'sh']) symlinkSync(which(command), join(folder, command));
  return folder;
}
