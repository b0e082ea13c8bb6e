import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENGINES } from './support/engines.js';

/** Runs code in a process of its own, which finds the package by its name; returns what it prints. */
function run(engine: string, code: string): string {
  return execFileSync(process.execPath, ['-e', code], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, MEMDB_ENGINE: engine },
    encoding: 'utf8',
    timeout: 30_000,
  });
}

describe.each(ENGINES)('what a program does to its process changes nothing (%s)', (engine) => {
  it('replaced clocks and timers: updates commit, waits end, superseded values are freed', () => {
    const output = run(
      engine,
      `
      const { Worker } = require('node:worker_threads');
      const { Key, MemDB } = require('accumulate-memdb');
      const realTimeout = setTimeout;
      globalThis.setTimeout = () => 1;
      globalThis.setInterval = () => 1;
      globalThis.queueMicrotask = () => {};
      Date.now = () => 0;
      performance.now = () => 0;
      const db = new MemDB();
      const k = Key.of('k');
      db.update((b) => b.put(k, '1'));
      const reader = db.begin();
      for (let n = 0; n < 10; n++) db.update((b) => b.put(k, String(n)));
      reader.discard();
      const held = "const { MemDB } = require('accumulate-memdb');" +
        "const { workerData, parentPort } = require('node:worker_threads');" +
        "MemDB.attach(workerData).update(() => {" +
        "  parentPort.postMessage(0);" +
        "  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); });";
      const worker = new Worker(held, { eval: true, workerData: db.handle });
      worker.once('message', () => {
        try {
          db.update(() => {}, { timeoutMs: 100 });
        } catch (error) {
          console.log(error.code);
        }
        worker.terminate();
        realTimeout(() => {
          console.log(db.stats().superseded);
          db.close();
        }, 500);
      });
      `,
    );
    expect(output).toBe('ERR_LOCK_TIMEOUT\n0\n');
  });

  it('loading the package again and again adds no listener', () => {
    const output = run(
      engine,
      `
      process.on('warning', (warning) => console.log(warning.name));
      for (let n = 0; n < 15; n++) {
        for (const path of Object.keys(require.cache)) {
          if (path.includes('dist')) delete require.cache[path];
        }
        const { MemDB } = require('accumulate-memdb');
        const db = new MemDB();
        db.update(() => {});
        db.close();
      }
      const listeners = (name) => process.listenerCount(name);
      setImmediate(() => console.log(listeners('worker'), listeners('exit')));
      `,
    );
    expect(output).toBe('1 1\n');
  });
});
