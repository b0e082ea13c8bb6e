import { describe, expect, it } from 'vitest';
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
});
