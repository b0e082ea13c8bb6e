/** So much at once makes V8 collect garbage. Buffers of less may be gone before V8 adds them up. */
const ENOUGH = 64 * 1024 * 1024;

/** Bytes that were dropped since V8 was last made to collect garbage. */
let dropped = 0;

/**
 * To be called when this thread has dropped that many bytes of shared memory. V8 does not count shared memory, so
 * it would see no reason to collect it. It does count a buffer that nobody touches, and that takes no memory.
 */
export function announceGarbage(bytes: number): void {
  dropped += bytes;
  if (dropped < ENOUGH / 2) return;
  dropped = 0;
  try {
    new ArrayBuffer(ENOUGH);
  } catch {
    // Without memory V8 has just collected garbage.
  }
}
