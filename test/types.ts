// Programs that the compiler accepts, and others that it must refuse: `npm run types` fails if a line marked
// as an error compiles. Nothing here runs.
import {
  type Batch,
  ConflictError,
  type ErrorCode,
  Key,
  MemDB,
  type ReadBatch,
} from 'accumulate-memdb';

const db = new MemDB();
const key = Key.of('k');

export const value: Buffer | undefined = db.view((b) => b.tryGet(key));
export const count: number = db.update((b) => {
  b.put(key, null);
  return 1;
});
db.update((b) => b.delete(key));
export const object: { found: boolean } = db.view((b) => ({ found: b.has(key) }));
export const either: string | undefined = db.view((b) => (b.has(key) ? 'yes' : undefined));
db.view((b) => {
  for (const [k, v] of b) k.toString() + v.toString();
  b.forEach((k, v) => {
    k.equals(null) && v.length;
  });
  b.begin(key).get(key);
});
export const read: (batch: ReadBatch) => number = (batch) => batch.get(key).length;
export const writable: Batch = db.begin(null, true);
read(writable);

export const transacted: Promise<number> = db.transaction(async (b) => b.get(key).length);
export const plainly: Promise<string> = db.transaction((b) => b.get(key).toString());
db.transaction(
  async (b) => {
    b.clear({ prefix: key });
    return [...b.keys({ prefix: key })];
  },
  { timeoutMs: 10, signal: AbortSignal.timeout(10) },
).then((keys: Key[]) => keys.length);
export const later: Promise<number> = db.updateAsync((b) => b.get(key).length, { timeoutMs: 10 });
export const version: Promise<number> = db.waitForCommit(db.version);
db.view((b) => [...b.keys()].length + [...b.entries({ prefix: key })].length + b.version);
db.begin(null, true, { optimistic: true }).commit({ timeoutMs: 10 });
export const changed: readonly Key[] = new ConflictError([key]).keys;
export const codes: readonly ErrorCode[] = ['ERR_CONFLICT', 'ERR_COMMIT_TIMEOUT'];

// @ts-expect-error: the function of updateAsync must be synchronous.
db.updateAsync(async (b) => b.put(key, ''));
// @ts-expect-error: a view does not clear.
db.view((b) => b.clear());
// @ts-expect-error: whether a batch is writable is for begin to say.
writable.writable = true;
// @ts-expect-error: a prefix is a key.
writable.keys({ prefix: 'k' });
// @ts-expect-error: the function of update must be synchronous.
db.update(async (b) => b.put(key, ''));
// @ts-expect-error: that of view, too.
db.view(async (b) => b.get(key));
// @ts-expect-error: a promise is refused however it is made.
db.update(() => Promise.resolve(1));
// @ts-expect-error: that of forEach, too.
db.view((b) => b.forEach(async () => {}));
// @ts-expect-error: a view does not write.
db.view((b) => b.put(key, ''));
// @ts-expect-error: a view does not delete.
db.view((b) => b.delete(key));
// @ts-expect-error: a view does not commit.
db.view((b) => b.commit());
// @ts-expect-error: nothing writable begins in a view.
db.view((b) => b.begin(null, true));
// @ts-expect-error: a key is not a string.
db.view((b) => b.get('k'));
// @ts-expect-error: a prefix is not a boolean.
db.begin(true);
// @ts-expect-error: a value is not a number.
db.update((b) => b.put(key, 1));
// @ts-expect-error: keys are made by Key.of.
new Key('k');
// @ts-expect-error: a handle is not a database.
MemDB.attach(db);
// @ts-expect-error: there is no such option.
new MemDB({ size: 1 });
