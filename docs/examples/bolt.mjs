// @ts-check
// A ledger of payments, ported from Go code for the Bolt-backed store. Each function stands below the Go
// that it was.
import { pathToFileURL } from 'node:url';
import { Key, MemDB, uint } from 'accumulate-memdb';

/** @typedef {import('accumulate-memdb').Batch} Batch */
/** @typedef {import('accumulate-memdb').ReadBatch} ReadBatch */

const NEXT = Key.of('Next');

/** @param {string} account */
const balanceOf = (account) => Key.of('Balance', account);

/*
func balance(batch database.ChangeSet, account string) (int64, error) {
    value, err := batch.Get(record.NewKey("Balance", account))
    switch {
    case errors.Is(err, errors.NotFound):
        return 0, nil
    case err != nil:
        return 0, err
    }
    return strconv.ParseInt(string(value), 10, 64)
}
*/

/**
 * @param {ReadBatch} batch
 * @param {string} account
 */
export function balance(batch, account) {
  return BigInt(batch.tryGet(balanceOf(account))?.toString() ?? 0);
}

/*
func pay(db database.Beginner, from, to string, amount int64) error {
    batch := db.Begin(nil, true)
    defer batch.Discard()
    if err := add(batch, from, -amount); err != nil {
        return err // nothing is committed
    }
    if err := add(batch, to, amount); err != nil {
        return err
    }
    if err := log(batch, from, to, amount); err != nil {
        return err
    }
    return batch.Commit()
}
*/

/**
 * `update` takes the place of Begin, Discard and Commit. In Go, two payments at once could lose one of
 * them; here the second one waits.
 *
 * @param {MemDB} db
 * @param {string} from
 * @param {string} to
 * @param {bigint} amount
 */
export function pay(db, from, to, amount) {
  db.update((batch) => {
    add(batch, from, -amount); // if it throws, nothing is committed
    add(batch, to, amount);
    log(batch, `${from} -> ${to}: ${amount}`);
  });
}

/**
 * @param {Batch} batch
 * @param {string} account
 * @param {bigint} amount
 */
function add(batch, account, amount) {
  const sum = balance(batch, account) + amount;
  if (sum < 0n) throw new RangeError(`${account} has only ${sum - amount}`);
  batch.put(balanceOf(account), String(sum));
}

/*
func log(batch database.ChangeSet, line string) error {
    entries := batch.Begin(record.NewKey("Log"), true)
    defer entries.Discard()
    ...
    if err := entries.Put(record.NewKey(n), []byte(line)); err != nil {
        return err
    }
    return entries.Commit()
}
*/

/**
 * A nested batch: its keys follow the prefix, and its commit goes to the batch around it.
 *
 * @param {Batch} batch
 * @param {string} line
 */
function log(batch, line) {
  const entries = batch.begin(Key.of('Log'), true);
  const n = Number(entries.tryGet(NEXT)?.toString() ?? 0);
  entries.put(Key.of(uint(n)), line);
  entries.put(NEXT, String(n + 1));
  entries.commit();
}

/*
err := batch.ForEach(func(key *record.Key, value []byte) error {
    if key.Len() == 2 && key.Get(0) == "Balance" {
        fmt.Printf("%s: %s\n", key.Get(1), value)
    }
    return nil
})
*/

/**
 * Iteration has no order, so the lines are sorted.
 *
 * @param {MemDB} db
 */
export function statement(db) {
  return db.view((batch) => {
    /** @type {string[]} */
    const lines = [];
    batch.forEach((key, value) => {
      if (key.length === 2 && key.at(0) === 'Balance') lines.push(`${key.at(1)}: ${value}`);
    });
    return lines.sort();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const db = new MemDB();
  db.update((batch) => batch.put(balanceOf('alice'), '100'));
  pay(db, 'alice', 'bob', 30n);
  try {
    pay(db, 'bob', 'carol', 31n);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.log(error.message);
  }
  console.log(statement(db).join('\n'));
  db.close();
}
