import { inspect } from 'node:util';
import { Key } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

describeEngines('console.log', (open, engine) => {
  it('shows the engine, the entries and the open batches of a database', () => {
    const db = open();
    expect(inspect(db)).toBe(`MemDB { engine: '${engine}', entries: 0, openBatches: 0 }`);
    db.update((batch) => batch.put(Key.of('a'), 'b'));
    const batch = db.begin();
    expect(inspect(db)).toBe(`MemDB { engine: '${engine}', entries: 1, openBatches: 1 }`);
    expect(inspect({ a: { db, batch } }, { depth: 0 })).toBe('{ a: [Object] }');
    expect(inspect({ db, batch }, { depth: -1 })).toBe('[Object]');
    expect(inspect([db, batch], { depth: 0 })).toBe('[ [MemDB], [Batch] ]');
    db.close();
    expect(inspect(db)).toBe(`MemDB { engine: '${engine}', closed: true }`);
  });

  it('shows the prefix and the state of a batch', () => {
    const db = open();
    const batch = db.begin(Key.of('p', 1), true);
    const nested = batch.begin(Key.of('q'), false);
    expect(inspect(db.begin())).toBe("Batch { prefix: null, writable: false, state: 'open' }");
    expect(inspect(batch)).toBe("Batch { prefix: 'p.1', writable: true, state: 'open' }");
    expect(inspect(nested)).toBe("Batch { prefix: 'p.1.q', writable: false, state: 'open' }");
    batch.commit();
    expect(inspect(batch)).toContain("state: 'the batch was committed'");
    expect(inspect(nested)).toContain('the batch that this one is nested in was committed');
    db.close();
    expect(inspect(batch)).toContain('the database is closed');
  });
});
