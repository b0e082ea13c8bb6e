// Runs the conformance suite of abstract-level on one engine, in one of the modes below:
//
//   node test/level/run.mjs ENGINE MODE
import suite from 'abstract-level/test/index.js';
import { MemDB } from 'accumulate-memdb';
import test from 'tape';
import { MemDBLevel } from './memdblevel.mjs';

const [engine, mode] = process.argv.slice(2);

const database = (db) => ({
  read: (fn) => db.view(fn),
  write: (fn) => db.update(fn),
  begin: () => db.begin(),
});

const modes = {
  /** Each call is a view or an update. */
  database: () => database(new MemDB({ engine })),
  /** The same, on an attachment. */
  attached: () => database(MemDB.attach(new MemDB({ engine }).handle)),
  /** Each call is one of a nested batch, or of a batch nested in it that is committed. */
  nested() {
    const batch = new MemDB({ engine }).begin(null, true).begin(null, true);
    const write = (fn) => {
      const inner = batch.begin(null, true);
      fn(inner);
      inner.commit();
    };
    return { read: (fn) => fn(batch), write };
  },
};

suite({
  test,
  factory: (options) => new MemDBLevel(modes[mode], mode !== 'nested', options),
});
