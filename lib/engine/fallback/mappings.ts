import { readFileSync } from 'node:fs';

/*
 * Linux bounds how many mappings a process has. At the bound V8 cannot give memory back either, and ends the
 * process. So databases end earlier. Other systems have no such bound.
 */

/** How much of what the operating system allows databases may bring the process to. */
const SHARE = 0.75;
/** A growable buffer takes two mappings: what may be used, and what may not yet. */
const PER_BUFFER = 2;

/** How many buffers may be made before the operating system is asked again. */
let unasked = 0;

/** Whether the process may make another growable buffer. */
export function hasRoomForBuffer(): boolean {
  if (unasked === 0) {
    // Other threads use the rest up at the same time.
    unasked = Math.ceil(buffersLeft() / 8);
  }
  if (unasked <= 0) return false;
  unasked--;
  return true;
}

function buffersLeft(): number {
  try {
    const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
    let used = 0;
    for (const byte of readFileSync('/proc/self/maps')) if (byte === 0x0a) used++;
    return Math.max(0, (most * SHARE - used) / PER_BUFFER);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
