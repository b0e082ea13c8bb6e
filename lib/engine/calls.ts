import { onExit } from './events.js';

/** How a connection ends a call, or all of them. */
interface Ending {
  unlock(): void;
  endCalls(): void;
}

/** An update, a view or a forEach that runs its function, and what must be put right if it cannot end by itself. */
export interface Call {
  readonly connection: Ending;
  /** The batch or the iteration that the call has begun. */
  opened: { discard(): void } | undefined;
  /** Whether the call has taken the transaction mutex. */
  locked: boolean;
  /** Whether its function has ended. The call's own `finally` says so, and then calls `endCall`. */
  over: boolean;
}

// Taken at load: see `clock.ts`.
const { queueMicrotask } = globalThis;

/**
 * The calls of this thread that have not ended, the innermost last. JavaScript can be stopped without running
 * `finally`: by a script's time limit or an exit. A stack overflow can stop `endCall` itself.
 */
const calls: Call[] = [];
let scheduled = false;
let listening = false;

/** Notes that a call begins. A microtask, which runs on a fresh stack, ends it if nothing else does. */
export function startCall(connection: Ending): Call {
  const call: Call = { connection, opened: undefined, locked: false, over: false };
  // One that was stopped in `endCall` must not end later, when another one has the mutex.
  if (calls.length > 0) endStopped();
  calls.push(call);
  if (!scheduled) {
    queueMicrotask(endAll);
    scheduled = true;
  }
  if (!listening) {
    onExit('calls', endAll);
    listening = true;
  }
  return call;
}

/** Ends a call: discards what it has begun, unless that is committed, and gives the mutex back. */
export function endCall(call: Call): void {
  finish(call);
  if (calls[calls.length - 1] === call) {
    calls.pop();
    return;
  }
  // One above it was stopped while this one lived on, or all were ended meanwhile.
  const place = calls.lastIndexOf(call);
  if (place >= 0) calls.splice(place, 1);
}

/** Ends the calls that are over but were stopped in `endCall`; returns whether there were any. */
export function endStopped(): boolean {
  const stopped = calls.filter((call) => call.over);
  for (const call of stopped) endCall(call);
  return stopped.length > 0;
}

/** Ends all calls. For when none is on the stack, or none comes back to it. */
function endAll(): void {
  scheduled = false;
  while (calls.length > 0) {
    const call = calls[calls.length - 1] as Call;
    finish(call);
    // It may have been stopped before it knew what it had begun or taken.
    call.connection.endCalls();
    calls.pop();
  }
}

function finish(call: Call): void {
  call.opened?.discard();
  if (call.locked) call.connection.unlock();
}
