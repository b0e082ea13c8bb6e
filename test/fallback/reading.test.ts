import { describe, expect, it } from 'vitest';
import { Header } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { audit, contents } from './audit.js';
import { commit, digestOf, open, viewOf } from './mortal.js';

const some = new Map(Array.from({ length: 50 }, (_, i) => [`key ${i}`, `value ${i}`]));

/** A database as two threads see it. */
function shared(): { reader: Store; writer: Store } {
  const memory = Memory.create(Number.POSITIVE_INFINITY) as Memory;
  const writer = open(memory);
  writer.table.create();
  commit(writer, some);
  return { reader: open(viewOf(memory)), writer };
}

/** Writes over all that there is, and so much more that memory, directory and segments grow. */
function grow(writer: Store): void {
  const { length } = writer.memory.words;
  for (let round = 0; writer.memory.words.length < 8 * length; round++) {
    const more = Array.from(
      { length: 400 },
      (_, i) => [`${round} ${i}`, 'x'.repeat(2_000)] as const,
    );
    expect(
      commit(writer, new Map([...[...some].map(([key]) => [key, 'new'] as const), ...more])),
    ).toBe(0);
  }
}

function read(reader: Store, key: string, version: number): number {
  const digest = digestOf(key);
  return reader.find(reader.tagOf(digest, 0), digest, 0, version);
}

describe('a reader that is under way while another thread writes', () => {
  it('sees its version, though the memory grows beyond what it knows of', () => {
    const { reader, writer } = shared();
    const { version } = reader.pins.take() as Snapshot;
    reader.startRead();
    const before = [...some.keys()].map((key) => read(reader, key, version));
    const known = reader.memory.words;
    grow(writer);
    expect(reader.memory.words).toBe(known);
    expect([...some.keys()].map((key) => read(reader, key, version))).toEqual(before);
    expect(read(reader, '1 1', version)).toBe(0);
    reader.endRead();
    expect(contents(reader, version)).toEqual(some);
  });

  it('keeps what it may look at from being freed, and nothing after that', () => {
    const { reader, writer } = shared();
    reader.startRead();
    const before = [...some.keys()].map((key) => read(reader, key, writer.memory.published));
    const marks = () => before.map((entry) => reader.memory.number(entry));
    grow(writer);
    // Nobody has a pin: these are out of the table, but not free.
    expect(new Set(marks())).toEqual(new Set([Number.POSITIVE_INFINITY]));
    expect(writer.reclaim()).toBeGreaterThan(0);
    expect(new Set(marks())).toEqual(new Set([Number.POSITIVE_INFINITY]));
    reader.endRead();
    while (writer.reclaim() > 0);
    expect(audit(writer)).toBe(0);
  });

  it('finds nothing under a key that its version does not have, wherever a writer intervenes', () => {
    const free = (writer: Store) => {
      commit(writer, new Map([['new', undefined]]));
      while (writer.reclaim() > 0 && writer.memory.number(Header.Superseded) > 0);
    };
    const steps = interrupt(
      (writer) => commit(writer, new Map([['new', 'value']])),
      (reader, version) => expect(read(reader, 'new', version)).toBe(0),
      free,
    );
    expect(steps).toBeGreaterThan(5);
  });

  it('finds the same entry under a key that its version has, wherever a writer intervenes', () => {
    const steps = interrupt(
      () => {},
      (reader, version) => {
        const entry = read(reader, 'key 7', version);
        expect(reader.memory.number(entry)).toBe(version);
        expect(read(reader, 'key 7', version)).toBe(entry);
      },
      (writer) => {
        for (const value of [undefined, 'new', undefined]) {
          commit(writer, new Map([['key 7', value]]));
          writer.reclaim();
        }
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  it('meets each key once, though a segment is split between any two of its steps', () => {
    const full = new Map(Array.from({ length: 740 }, (_, i) => [`full ${i}`, '']));
    const iterate = (reader: Store, version: number) => {
      const met: number[] = [];
      for (let tag = 0; tag !== reader.table.end; ) {
        tag = reader.visitSegment(tag, version, (entry) => met.push(entry));
      }
      expect(new Set(met).size).toBe(met.length);
      expect(met.length).toBe(some.size + full.size);
    };
    // The steps of the writer this time: the reader iterates before each store of a split.
    const { reader, writer } = shared();
    commit(writer, full);
    const { version } = reader.pins.take() as Snapshot;
    let stores = 0;
    const { store } = Memory.prototype;
    writer.memory.store = function (index, value) {
      stores++;
      iterate(reader, version);
      store.call(this, index, value);
    };
    commit(writer, new Map(Array.from({ length: 20 }, (_, i) => [`more ${i}`, ''])));
    expect(stores).toBeGreaterThan(10);
    iterate(reader, version);
  });
});

/**
 * Runs `look` in a reader, once for each of its steps: before that step `intervene` runs in a writer.
 * The reader's version is the one before `prepare`. Returns how many steps a reader takes.
 */
function interrupt(
  prepare: (writer: Store) => void,
  look: (reader: Store, version: number) => void,
  intervene: (writer: Store) => void,
): number {
  for (let step = 1; ; step++) {
    const { reader, writer } = shared();
    const { version } = reader.pins.take() as Snapshot;
    prepare(writer);
    let left = step;
    for (const name of ['word', 'number', 'reach'] as const) {
      const read = Memory.prototype[name] as (index: number) => number;
      Object.defineProperty(reader.memory, name, {
        value: (index: number) => {
          if (--left === 0) intervene(writer);
          return read.call(reader.memory, index);
        },
      });
    }
    reader.startRead();
    look(reader, version);
    reader.endRead();
    if (left > 0) return step - left;
  }
}
