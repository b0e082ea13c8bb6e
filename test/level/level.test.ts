import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ENGINES, LONG } from '../support/engines.js';

const run = promisify(execFile);
const modes = LONG ? ['database', 'attached', 'nested'] : ['database'];

describe.each(ENGINES)('the conformance suite of abstract-level (%s)', (engine) => {
  it.each(modes)(
    'passes (%s)',
    async (mode) => {
      const script = join(import.meta.dirname, 'run.mjs');
      const options = { maxBuffer: 2 ** 26, timeout: 280_000 };
      const { stdout } = await run(process.execPath, [script, engine, mode], options).catch(
        (error: { stdout: string }) => error,
      );
      const count = (what: string) =>
        Number(new RegExp(`^# ${what} +(\\d+)$`, 'm').exec(stdout)?.[1]);
      const failures = stdout.split('\n').filter((line) => line.startsWith('not ok'));
      expect(failures).toEqual([]);
      console.log(`${engine}, ${mode}: ${count('pass')} checks of abstract-level passed`);
      expect(count('pass')).toBe(count('tests'));
      expect(count('pass')).toBeGreaterThan(4_000);
    },
    300_000,
  );
});
