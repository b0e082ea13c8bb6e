import { Header } from './layout.js';

/** How far apart two threads of a process may see its start, ms. */
const TOLERANCE = 1000;

/** Writes which process the memory belongs to. */
export function signProcess(words: Int32Array, numbers: Float64Array): void {
  words[Header.Process] = process.pid;
  numbers[Header.Started >> 1] = started();
}

/** Whether the memory belongs to this process. */
export function isOfThisProcess(words: Int32Array, numbers: Float64Array): boolean {
  const apart = Math.abs((numbers[Header.Started >> 1] as number) - started());
  return words[Header.Process] === process.pid && apart < TOLERANCE;
}

/** When the process started, by the clock that no one sets; 0 where each thread has its own start. */
function started(): number {
  if ('bun' in process.versions || 'deno' in process.versions) return 0;
  return Number(process.hrtime.bigint() / 1_000_000n) - process.uptime() * 1000;
}
