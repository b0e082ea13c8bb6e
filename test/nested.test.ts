import { BatchClosedError, Key, ReadOnlyBatchError } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, fill } from './support/variants.js';

const a = Key.of('a');
const b = Key.of('b');
const c = Key.of('c');

describeEngines('nested batch', (open) => {
  it('reads through to its parent, and to the database behind it', () => {
    const db = open();
    fill(db, [[a, 'database']]);
    const parent = db.begin(null, true);
    parent.put(b, 'parent');
    const child = parent.begin(null, true);
    child.put(c, 'child');
    expect(contents(child)).toEqual(['a=database', 'b=parent', 'c=child']);
    expect(contents(parent)).toEqual(['a=database', 'b=parent']);
    expect(child.getMany([a, b, c]).map(String)).toEqual(['database', 'parent', 'child']);
  });

  it('sees what its parent writes later', () => {
    const parent = open().begin(null, true);
    const child = parent.begin();
    const grandchild = child.begin();
    parent.put(a, 'one');
    expect(child.get(a).toString()).toBe('one');
    expect(grandchild.get(a).toString()).toBe('one');
    parent.delete(a);
    expect(grandchild.has(a)).toBe(false);
  });

  it('sees its own writes and deletions, not what its parent writes to those keys later', () => {
    const parent = open().begin(null, true);
    parent.put(b, 'parent');
    const child = parent.begin(null, true);
    child.put(a, 'child');
    child.delete(b);
    parent.put(a, 'parent');
    parent.put(b, 'parent');
    expect(contents(child)).toEqual(['a=child']);
    expect(contents(parent)).toEqual(['a=parent', 'b=parent']);
  });

  it('commits into its parent and not into the database', () => {
    const db = open();
    fill(db, [[b, 'old']]);
    const parent = db.begin(null, true);
    const child = parent.begin(null, true);
    child.put(a, 'child');
    child.delete(b);
    child.commit();
    expect(contents(parent)).toEqual(['a=child']);
    expect(contents(db.begin())).toEqual(['b=old']);
    parent.commit();
    expect(contents(db.begin())).toEqual(['a=child']);
  });

  it('commits through several levels', () => {
    const db = open();
    const levels = [db.begin(null, true)];
    for (let i = 1; i < 20; i++)
      levels.push((levels[i - 1] as (typeof levels)[0]).begin(null, true));
    for (const [i, level] of levels.entries()) level.put(Key.of(i), 'set');
    for (const level of levels.reverse()) level.commit();
    expect(contents(db.begin())).toHaveLength(20);
  });

  it('leaves nothing in its parent when discarded', () => {
    const parent = open().begin(null, true);
    parent.put(a, 'parent');
    const child = parent.begin(null, true);
    child.put(a, 'child');
    child.put(b, 'child');
    child.discard();
    expect(contents(parent)).toEqual(['a=parent']);
  });

  it('loses its committed writes if its parent is discarded', () => {
    const db = open();
    const parent = db.begin(null, true);
    const child = parent.begin(null, true);
    child.put(a, 'child');
    child.commit();
    parent.discard();
    expect(contents(db.begin())).toEqual([]);
  });

  it('makes its commit visible to its siblings, and they can overwrite it', () => {
    const parent = open().begin(null, true);
    const [first, second] = [parent.begin(null, true), parent.begin(null, true)];
    first.put(a, 'first');
    second.put(a, 'second');
    first.put(b, 'first');
    first.commit();
    expect(contents(second)).toEqual(['a=second', 'b=first']);
    second.commit();
    expect(contents(parent)).toEqual(['a=second', 'b=first']);
  });

  it.each(['commit', 'discard'] as const)('is closed by %s of its parent', (end) => {
    const db = open();
    const parent = db.begin(null, true);
    const child = parent.begin(null, true);
    const grandchild = child.begin(null, true);
    grandchild.put(a, 'lost');
    parent[end]();
    for (const batch of [child, grandchild]) {
      expect(() => batch.get(a)).toThrow(BatchClosedError);
      expect(() => batch.put(a, '')).toThrow(BatchClosedError);
      expect(() => batch.begin()).toThrow(BatchClosedError);
      expect(() => batch.commit()).toThrow(BatchClosedError);
      batch.discard();
    }
    expect(db.stats().openBatches).toBe(0);
    expect(db.view(contents)).toEqual([]);
  });

  it('can be read-only in a writable parent', () => {
    const parent = open().begin(null, true);
    const child = parent.begin();
    expect(() => child.put(a, '')).toThrow(ReadOnlyBatchError);
    parent.put(a, 'parent');
    child.commit();
    expect(contents(parent)).toEqual(['a=parent']);
  });

  it('cannot be writable in a read-only parent', () => {
    const parent = open().begin();
    expect(() => parent.begin(null, true)).toThrow(ReadOnlyBatchError);
    expect(contents(parent.begin())).toEqual([]);
  });

  it('sees the version that its root began with', () => {
    const db = open();
    fill(db, [[a, 'old']]);
    const root = db.begin(null, true);
    fill(db, [
      [a, 'new'],
      [b, 'new'],
    ]);
    expect(contents(root.begin(null, true).begin())).toEqual(['a=old']);
  });
});
