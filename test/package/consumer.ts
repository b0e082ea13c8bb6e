// What a user of the package may write; compiled and run by check.mjs as ESM and as CommonJS.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Key, MemDB, MemDBError, type MemDBOptions, NotFoundError } from 'accumulate-memdb';
import { Chain } from 'accumulate-memdb/healing';

const engine = process.argv[2] as NonNullable<MemDBOptions['engine']>;
const db = new MemDB({ engine });
const batch = db.begin(null, true);
batch.put(Key.of('key1'), 'value1');
batch.commit();
const value: Uint8Array | undefined = db.view((b) => b.tryGet(Key.of('key1')));
console.log(`${db.engine}: ${value}`);

assert.throws(
  () => db.view((b) => b.get(Key.of('nonexistent'))),
  (e) => e instanceof NotFoundError && e instanceof MemDBError,
);
db.update((b) => new Chain(b, Key.of('chain')).addEntry(new Uint8Array(32)));

// However it is loaded, there is one copy of it.
const required: object = createRequire(join(process.cwd(), 'x.js'))('accumulate-memdb');
assert.equal((required as { MemDB: unknown }).MemDB, MemDB);
import('accumulate-memdb').then((imported) => assert.equal(imported.MemDB, MemDB));

db.close();
