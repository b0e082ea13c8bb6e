// A clock that goes on only when it is asked, and timers that run when the thread is idle.
import { Control } from './control.mjs';

/** What a look at the clock takes, ms. */
const TICK = 0.01;

/** Has the package that `require` loads take its time from here. To be called before it is loaded further. */
export function installClock(require, root) {
  const clock = require(`${root}/engine/clock.js`);
  const waiting = new Set();
  const intervals = [];
  let times = new Float64Array(1);
  const place = Control.Clock >> 1;

  clock.timeOrigin = 0;
  clock.now = () => {
    times[times.length > 1 ? place : 0] += TICK;
    return times[times.length > 1 ? place : 0];
  };
  clock.setTimeout = (run) => {
    const timer = {
      run,
      unref: () => timer,
      refresh: () => {
        waiting.add(timer);
        return timer;
      },
    };
    return timer.refresh();
  };
  clock.clearTimeout = (timer) => waiting.delete(timer);
  clock.setInterval = (run) => {
    intervals.push(run);
    return { unref() {} };
  };

  return {
    now: clock.now,
    /** Takes the time from the control memory of a schedule. */
    use(control) {
      times = new Float64Array(control.buffer);
      waiting.clear();
    },
    /** The time is at least `time` from now on. */
    advanceTo(time) {
      if (times[place] < time) times[place] = time;
    },
    /** What the event loop would do in a second. */
    idle() {
      for (const run of intervals) run();
      for (let round = 0; round < 50 && waiting.size > 0; round++) {
        const due = [...waiting];
        waiting.clear();
        for (const timer of due) timer.run();
      }
    },
  };
}
