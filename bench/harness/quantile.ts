/** The number below which that part of the numbers lies. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}

/** The median; of an even number, the mean of the two in the middle. */
export function medianOf(numbers: readonly number[]): number {
  const below = quantile(numbers, 0.5 - 1 / (2 * numbers.length));
  return (below + quantile(numbers, 0.5)) / 2;
}
