// What the threads of a schedule do, and what each commit changes. A program may commit more than once.
// `context` is the thread: its number, its database, and what it keeps open.

const LARGE = 70_000;
const HUGE = 200_000;
/** More pins than a session has places for. */
const MANY_PINS = 14;

const put = (key, value) => (model) => model.set(key, value);
const remove = (key) => (model) => model.delete(key);
const all =
  (...changes) =>
  (model) => {
    for (const change of changes) change(model);
  };

/** By name. `commits`: how many there are; `commit` returns what one of them changes in the model. */
export const programs = {
  'a small commit': {
    commits: 1,
    run(context) {
      const { db, k, me } = context;
      const batch = context.track(db.begin(null, true));
      batch.put(k('key 1'), `small ${me}`);
      batch.delete(k('key 2'));
      batch.put(k(`new ${me}`), 'new');
      batch.commit();
    },
    commit: (me) => all(put('key 1', `small ${me}`), remove('key 2'), put(`new ${me}`, 'new')),
  },
  'an update of a sum': {
    commits: 1,
    run({ db, k }) {
      db.update((batch) => {
        const moved = Number(batch.get(k('from'))) % 7;
        batch.put(k('from'), `${Number(batch.get(k('from'))) - moved - 1}`);
        batch.put(k('to'), `${Number(batch.get(k('to'))) + moved + 1}`);
      }, PATIENT);
    },
    commit: () => (model) => {
      const moved = Number(model.get('from')) % 7;
      model.set('from', `${Number(model.get('from')) - moved - 1}`);
      model.set('to', `${Number(model.get('to')) + moved + 1}`);
    },
  },
  'a large value': {
    commits: 1,
    run: ({ db, k, me }) => {
      db.update((batch) => {
        batch.put(k('key 1'), `large ${me}`);
        batch.put(k('large'), letters(me, LARGE));
      }, PATIENT);
    },
    commit: (me) => all(put('key 1', `large ${me}`), put('large', brief(letters(me, LARGE)))),
  },
  'a value for which memory grows': {
    commits: 2,
    run: ({ db, k, me }) => {
      for (let n = 0; n < 2; n++) {
        db.update((batch) => batch.put(k('huge'), letters(me + n, HUGE)), PATIENT);
      }
    },
    commit: (me, n) => put('huge', brief(letters(me + n, HUGE))),
  },
  'keys for which the table grows': {
    commits: 1,
    run: ({ db, k, me }) => {
      db.update((batch) => {
        for (let n = 0; n < 3; n++) batch.put(k(`more ${me} ${n}`), '');
      }, PATIENT);
    },
    commit: (me) => all(...[0, 1, 2].map((n) => put(`more ${me} ${n}`, ''))),
  },
  'a key again and again': {
    commits: 4,
    run({ db, k, me, idle }) {
      for (let n = 0; n < 4; n++) {
        db.update((batch) => batch.put(k('key 3'), `${me}.${n}`), PATIENT);
      }
      idle();
    },
    commit: (me, n) => put('key 3', `${me}.${n}`),
  },
  'keys that come and go': {
    commits: 2,
    run({ db, k, me }) {
      db.update((batch) => batch.put(k('fleeting'), `${me}`), PATIENT);
      db.update((batch) => {
        batch.delete(k('fleeting'));
        batch.delete(k('key 4'));
      }, PATIENT);
      db.stats();
    },
    commit: (me, n) =>
      n === 0 ? put('fleeting', `${me}`) : all(remove('fleeting'), remove('key 4')),
  },
  'many pins': {
    commits: MANY_PINS,
    run(context) {
      const { db, k, me, idle } = context;
      const batches = [];
      for (let n = 0; n < MANY_PINS; n++) {
        batches.push(context.open('read'));
        db.update((batch) => batch.put(k('key 5'), `${me}.${n}`), PATIENT);
      }
      for (const batch of batches) context.close(batch);
      idle();
    },
    commit: (me, n) => put('key 5', `${me}.${n}`),
  },
  'a batch that others supersede': {
    commits: 3,
    run(context) {
      const { db, k, me } = context;
      const commit = (n) => db.update((batch) => batch.put(k('key 3'), `${me}/${n}`), PATIENT);
      commit(0);
      const batch = context.open('read');
      commit(1);
      commit(2);
      context.close(batch);
    },
    commit: (me, n) => put('key 3', `${me}/${n}`),
  },
  'a batch that stays open': {
    run(context) {
      context.open('look');
    },
  },
  'closing and attaching again': {
    run(context) {
      context.closeAll();
      context.db.close();
      context.attach();
    },
  },
  'nested batches in an update': {
    commits: 1,
    run({ db, k, me }) {
      db.update((batch) => {
        const inner = batch.begin(null, true);
        inner.put(k('nested'), `${me}`);
        inner.commit();
        batch.begin(null, true).put(k('nested'), 'never');
        try {
          db.update(() => {}, PATIENT);
        } catch (error) {
          if (error.code !== 'ERR_NESTED_UPDATE') throw error;
        }
      }, PATIENT);
    },
    commit: (me) => put('nested', `${me}`),
  },
  'an iteration': {
    run(context) {
      context.db.view((batch) => context.look(batch));
    },
  },
  'reading keys': {
    run(context) {
      context.db.view((batch) => context.read(batch));
    },
  },
  'letting go': {
    run(context) {
      context.closeAll();
      context.idle();
    },
  },
};

/** Waits long enough for each thread that goes on. */
const PATIENT = { timeoutMs: 300 };

/** A value that shows whose it is in every byte. */
function letters(me, length) {
  return 'abcd'.charAt(me).repeat(length);
}

/** A value as it is reported: a long one by its length and, if all of it is the same, its letter. */
export function brief(value) {
  if (value.length < 100) return value.toString();
  const bytes = Buffer.from(value);
  const isUniform = bytes.subarray(1).equals(bytes.subarray(0, -1));
  return `${bytes.length} x ${isUniform ? String.fromCharCode(bytes[0]) : '?'}`;
}

/** The pairs in one text, so that two can be compared. */
export function pairs(entries) {
  return [...entries]
    .map(([key, value]) => `${key}=${brief(value)}`)
    .sort()
    .join('\n');
}

/** The keys that are read one by one. */
export const READ = ['key 1', 'key 2', 'key 3', 'new 0', 'new 1', 'large', 'huge', 'from', 'to'];
