/** Whether epoch `a` is older than `b`: they are counted modulo 2^32. */
export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
