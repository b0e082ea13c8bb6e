import { AbstractIterator, AbstractLevel, AbstractSnapshot } from 'abstract-level';
import { Key } from 'accumulate-memdb';

/** A key of the known interface is one part of bytes. */
const key = (bytes) => Key.of(bytes);

/**
 * The known interface `abstract-level` on what `open` returns: where reads and writes go, and how to end it. The
 * store has no order, so an iterator sorts what it sees at its start.
 */
export class MemDBLevel extends AbstractLevel {
  #open;
  #store;

  constructor(open, explicitSnapshots, options) {
    const features = { seek: true, has: true, getSync: true, implicitSnapshots: true };
    super({ ...features, explicitSnapshots, encodings: { buffer: true } }, options);
    this.#open = open;
  }

  async _open() {
    this.#store ??= this.#open();
  }

  read(options, fn) {
    return options.snapshot ? fn(options.snapshot.batch) : this.#store.read(fn);
  }

  _getSync(at, options) {
    return this.read(options, (batch) => batch.tryGet(key(at)));
  }

  async _get(at, options) {
    return this._getSync(at, options);
  }

  async _getMany(keys, options) {
    return this.read(options, (batch) => batch.getMany(keys.map(key)));
  }

  async _has(at, options) {
    return this.read(options, (batch) => batch.has(key(at)));
  }

  async _hasMany(keys, options) {
    return this.read(options, (batch) => keys.map((at) => batch.has(key(at))));
  }

  async _put(at, value) {
    this.#store.write((batch) => batch.put(key(at), value));
  }

  async _del(at) {
    this.#store.write((batch) => batch.delete(key(at)));
  }

  async _batch(operations) {
    this.#store.write((batch) => {
      for (const { type, key: at, value } of operations) {
        if (type === 'put') batch.put(key(at), value);
        else batch.delete(key(at));
      }
    });
  }

  async _clear(options) {
    const gone = this.sorted(options).slice(0, options.limit < 0 ? undefined : options.limit);
    this.#store.write((batch) => {
      for (const [at] of gone) batch.delete(key(at));
    });
  }

  _iterator(options) {
    return new SortedIterator(this, options);
  }

  _snapshot(options) {
    return new Snapshot(this.#store.begin(), options);
  }

  /** The pairs in the range of the options, in their order. */
  sorted(options) {
    const pairs = this.read(options, (batch) => [...batch]);
    const found = pairs.map(([whole, value]) => [Buffer.from(whole.at(0)), value]);
    const inRange = found.filter(([at]) => isInRange(at, options));
    const sign = options.reverse ? -1 : 1;
    return inRange.sort(([one], [other]) => sign * Buffer.compare(one, other));
  }
}

class SortedIterator extends AbstractIterator {
  #pairs;
  #options;
  #next = 0;

  constructor(db, options) {
    super(db, options);
    this.#options = options;
    // A snapshot may have been closed: then the first read says so.
    if (!options.snapshot) this.#pairs = db.sorted(options);
  }

  get #sorted() {
    this.#pairs ??= this.db.sorted(this.#options);
    return this.#pairs;
  }

  async _next() {
    const pair = this.#sorted[this.#next++];
    // The caller decodes both in place.
    return pair && [...pair];
  }

  _seek(target) {
    const sign = this.#options.reverse ? -1 : 1;
    const at = this.#sorted.findIndex(([found]) => sign * Buffer.compare(found, target) >= 0);
    const reached = at >= 0 && isInRange(target, this.#options);
    this.#next = reached ? at : this.#sorted.length;
  }
}

class Snapshot extends AbstractSnapshot {
  constructor(batch, options) {
    super(options);
    this.batch = batch;
  }

  async _close() {
    this.batch.discard();
  }
}

/** If a bound is given both ways, the one that includes it counts. */
function isInRange(at, { gt, gte, lt, lte }) {
  const order = (bound) => Buffer.compare(at, bound);
  const isAbove = gte !== undefined ? order(gte) >= 0 : gt === undefined || order(gt) > 0;
  const isBelow = lte !== undefined ? order(lte) <= 0 : lt === undefined || order(lt) < 0;
  return isAbove && isBelow;
}
