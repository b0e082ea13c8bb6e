import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Meeting } from './complete.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/** A change of the compiled fallback that makes it wrong. */
export interface Fault {
  /** A file of the fallback, without its ending. */
  readonly file: string;
  readonly find: string | RegExp;
  readonly replace: string;
  /** Two programs that find it when one comes between two steps of the other, or one is stopped. */
  readonly meeting: Meeting;
  /** The first step where that finds it; another one after a change of the fallback. */
  readonly step: number;
}

/** What each fault does, in a word or two. */
export const faults: Readonly<Record<string, Fault>> = {
  'a block is freed one epoch early': {
    file: 'retired',
    find: /!\(0, epoch_js_1\.isBefore\)\((memory\.word\(ref \+ layout_js_1\.Block\.RetiredIn\)), oldest\)/,
    replace: '(0, epoch_js_1.isBefore)(oldest, $1)',
    meeting: {
      scene: 'a few keys',
      first: 'a batch that others supersede',
      second: 'a key again and again',
    },
    step: 776,
  },
  'a reader does not say that it reads': {
    file: 'store',
    find: 'memory.store(this.reading, memory.word(layout_js_1.Header.Epoch));',
    replace: '',
    meeting: {
      scene: 'a few keys',
      first: 'a batch that others supersede',
      second: 'a key again and again',
    },
    step: 750,
  },
  'a withdrawal leaves the link to the newer version': {
    file: 'table',
    find: /if \(older !== 0\)\s*memory\.setWord\(older \+ layout_js_1\.Entry\.Newer, 0\);/,
    replace: '',
    meeting: { scene: 'little room', first: 'a large value', second: 'reading keys' },
    step: 1,
  },
  'a version is published before its entries are linked': {
    file: 'store',
    find: 'let growth = writer.link(writes, version);',
    replace: 'memory.publish(version); let growth = writer.link(writes, version);',
    meeting: { scene: 'a few keys', first: 'a large value', second: 'reading keys' },
    step: 29,
  },
  'a pin is not checked after it is written': {
    file: 'pins',
    find: 'if (published === version)',
    replace: 'if (true)',
    meeting: {
      scene: 'a few keys',
      first: 'a batch that others supersede',
      second: 'a key again and again',
    },
    step: 160,
  },
  'an owner that died leaves no recovery to do': {
    file: 'store',
    find: '(0, recovery_js_1.recover)(this);',
    replace: 'this.memory.setWord(layout_js_1.Header.Dirty, 0);',
    meeting: {
      scene: 'a full segment',
      first: 'keys for which the table grows',
      second: 'reading keys',
    },
    step: 41,
  },
  'a call that was cut short gives the mutex back in disorder': {
    file: 'store',
    find: /if \(this\.memory\.word\(layout_js_1\.Header\.Dirty\) !== 0\)\s*this\.takeOver\(\);/,
    replace: 'this.memory.setWord(layout_js_1.Header.Dirty, 0);',
    meeting: { scene: 'a few keys', first: 'a large value', second: 'reading keys' },
    step: 52,
  },
  'an owner that died is waited for if its session has a new thread': {
    file: 'sessions',
    find: '(0, identity_js_1.tokenOf)(session, identity) !== token ||',
    replace: '',
    meeting: { scene: 'a few keys', first: 'a small commit', second: 'a key again and again' },
    step: 20,
  },
  'a replaced segment is freed at once': {
    file: 'table',
    find: 'this.retired.add(segment);',
    replace: 'this.heap.free(segment);',
    meeting: {
      scene: 'a full segment',
      first: 'reading keys',
      second: 'keys for which the table grows',
    },
    step: 15,
  },
  'an iteration visits keys before its place': {
    file: 'table',
    find: 'if (own >>> 0 >= tag)',
    replace: 'if (true)',
    meeting: {
      scene: 'a full segment',
      first: 'keys for which the table grows',
      second: 'an iteration',
    },
    step: 7955,
  },
  'a recovery keeps what was not published': {
    file: 'recovery',
    find: 'if (memory.number(entry + layout_js_1.Entry.Version) > published)',
    replace: 'if (false)',
    meeting: { scene: 'a few keys', first: 'a large value', second: 'reading keys' },
    step: 66,
  },
  'others look at one place for pins too few': {
    file: 'pins',
    find: 'memory.store(this.word + layout_js_1.Session.Pins, count + 1);',
    replace: 'memory.store(this.word + layout_js_1.Session.Pins, count);',
    meeting: {
      scene: 'a few keys',
      first: 'a batch that others supersede',
      second: 'a key again and again',
    },
    step: 150,
  },
  'an entry is freed though a pin of its own version sees it': {
    file: 'superseded',
    find: 'pinned.version(index) >= memory.number(entry',
    replace: 'pinned.version(index) > memory.number(entry',
    meeting: {
      scene: 'a few keys',
      first: 'a batch that others supersede',
      second: 'a key again and again',
    },
    step: 150,
  },
  'the heir of the session of a dead owner is taken for the owner': {
    file: 'mutex',
    find: '=== owner ? (0, identity_js_1.threadOf)(identity) : -1',
    replace: '> 0 ? (0, identity_js_1.threadOf)(identity) : -1',
    meeting: { scene: 'a few keys', first: 'a small commit', second: 'a key again and again' },
    step: 20,
  },
};

/** Copies the compiled package with the fault in it. Returns where it is, and removes it at the end. */
export function plant({ file, find, replace }: Fault): { root: string; remove(): void } {
  const copy = mkdtempSync(path.join(tmpdir(), 'planted-'));
  cpSync(DIST, copy, { recursive: true });
  const root = path.join(copy, 'lib');
  const name = path.join(root, 'engine', 'fallback', `${file}.js`);
  const text = readFileSync(name, 'utf8');
  const changed = text.replace(find, replace);
  if (changed === text) throw new Error(`${file}.ts has changed: plant the fault another way`);
  writeFileSync(name, changed);
  return { root, remove: () => rmSync(copy, { recursive: true }) };
}
