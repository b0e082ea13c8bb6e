import { expect, it } from 'vitest';
import { Status } from '../../dist/lib/engine/engine.js';
import { Header } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { audit, contents } from './audit.js';
import { commit, open, viewOf, type Writes } from './mortal.js';

/** A database that may have 64 MiB of memory and any number of bytes in it. */
function small(): Store {
  const store = open(Memory.create(0) as Memory);
  store.memory.setNumber(Header.MaxBytes, Number.POSITIVE_INFINITY);
  store.table.create();
  return store;
}

/** As many small values as take so many MiB. */
function writes(name: string, mebibytes: number): Writes {
  const value = 'x'.repeat(3_900);
  return new Map(Array.from({ length: mebibytes * 256 }, (_, i) => [`${name} ${i}`, value]));
}

function deletions(of: Writes): Writes {
  return new Map([...of.keys()].map((key) => [key, undefined]));
}

it('a commit for which the memory cannot be allocated changes nothing, and a smaller one has room', () => {
  const store = small();
  const first = writes('first', 30);
  expect(commit(store, first)).toBe(Status.Ok);
  for (let n = 0; n < 3; n++) expect(commit(store, writes('second', 40))).toBe(Status.Full);
  expect(audit(store)).toBe(0);
  expect(contents(store, store.memory.published)).toEqual(first);
  expect(commit(store, writes('second', 25))).toBe(Status.Ok);
  expect(audit(store)).toBe(0);
});

it('a commit gets the memory of all that nobody sees any more, however much that is', () => {
  const store = small();
  const first = writes('first', 30);
  expect(commit(store, first)).toBe(Status.Ok);
  const pin = store.pins.take() as Snapshot;
  expect(commit(store, deletions(first))).toBe(Status.Ok);
  expect(commit(store, writes('second', 45))).toBe(Status.Full);
  store.pins.release(pin);
  expect(commit(store, writes('second', 45))).toBe(Status.Ok);
  expect(audit(store)).toBe(0);
});

it('a batch can be begun when there is no memory, as the session has room for its pin', () => {
  const store = small();
  for (let n = 0; commit(store, new Map([[`key ${n}`, 'x'.repeat(60_000)]])) === Status.Ok; n++);
  const other = open(viewOf(store.memory));
  const { version } = other.pins.take() as Snapshot;
  expect(version).toBe(store.memory.published);
});
