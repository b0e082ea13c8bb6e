// A view of the memory of a database that says before each access to shared memory that it is about to happen.
import heap from '../../dist/lib/engine/fallback/heap.js';
import layout from '../../dist/lib/engine/fallback/layout.js';

const { SIZES } = heap;
const { Block, Mark, PAGE_MAP_WORD, PAGE_SHIFT, PageUse, PageWord } = layout;

/** The ways to reach shared memory that are one step each. */
const STEPS = [
  'word',
  'setWord',
  'number',
  'setNumber',
  'load',
  'store',
  'add',
  'swap',
  'loadLong',
  'swapLong',
  'publish',
  'refresh',
  'reach',
  'reachByte',
  'grow',
  'notify',
  'alarm',
  'clear',
];
/** Made of those. */
const COMPOSED = ['raise'];
/** Properties that are read from shared memory. */
const READ = ['published', 'closed', 'pages'];
/** Properties that are not. */
const PLAIN = ['buffer', 'bytes', 'numbers', 'id'];

/** No version, no length and no ref. */
const SPOILT = 0x7ead0001;

/**
 * Returns the view. `events.step` is called before each step, and `events` hears what matters to a schedule.
 * `detach` makes it a view of other memory.
 */
export function stepped(original, events) {
  let memory = original;
  const view = {};
  for (const name of STEPS) {
    view[name] = (a, b, c) => {
      events.step();
      return memory[name](a, b, c);
    };
  }
  view.setNumber = (index, value) => {
    events.step();
    if (value === Mark.Free) spoil(memory, index);
    memory.setNumber(index, value);
  };
  view.publish = (version) => {
    events.step();
    memory.publish(version);
    events.published(version);
  };
  view.wait = (index, value, time) => {
    events.step();
    return events.wait(() => memory.load(index) !== value, time);
  };
  for (const name of COMPOSED) view[name] = Object.getPrototypeOf(memory)[name];
  for (const name of READ) {
    Object.defineProperty(view, name, {
      get: () => {
        events.step();
        return memory[name];
      },
    });
  }
  for (const name of PLAIN) Object.defineProperty(view, name, { get: () => memory[name] });
  let raw;
  let words;
  Object.defineProperty(view, 'words', {
    get: () => {
      if (raw !== memory.words) {
        raw = memory.words;
        words = steppedArray(raw, events);
      }
      return words;
    },
  });
  const detach = (copy) => {
    memory = copy;
  };
  return { memory: view, detach };
}

/** Spoils a block that is freed, so that whoever still looks at it sees that. */
function spoil(memory, ref) {
  const page = ref >> PAGE_SHIFT;
  if (memory.words[PAGE_MAP_WORD + page] !== PageUse.Blocks) return;
  const size = SIZES[memory.words[(page << PAGE_SHIFT) + PageWord.SizeClass]] >> 2;
  memory.words.fill(SPOILT, ref + Block.Next + 1, ref + size);
}

function steppedArray(array, events) {
  return new Proxy(array, {
    get: (_, name) => {
      if (name === 'length') return array.length;
      events.step();
      const value = array[name];
      return typeof value === 'function' ? value.bind(array) : value;
    },
    set: (_, name, value) => {
      events.step();
      array[name] = value;
      return true;
    },
  });
}
