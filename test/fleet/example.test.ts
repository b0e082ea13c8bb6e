import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeFleet } from './fleet.js';

const program = fileURLToPath(new URL('../../docs/examples/fleet.mjs', import.meta.url));

describeFleet('the example', { engines: ['native'] }, (fleet) => {
  test('shares jobs between machines, and does each once', async () => {
    const machines = ['one', 'two', 'three'].map((name) => {
      const args = [program, fleet.namespace, name, ...fleet.cluster.endpoints];
      return promisify(execFile)(process.execPath, args);
    });
    const lines = (await Promise.all(machines)).map(({ stdout }) => stdout);
    const counts = lines.map((line) => Number(/did (\d+) jobs/.exec(line)?.[1]));
    expect(counts.reduce((a, b) => a + b)).toBe(20);
    for (const line of lines) expect(line).toMatch(/; 20 of 20 are done\n$/);
  });
});
