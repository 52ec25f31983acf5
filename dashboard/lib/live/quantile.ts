/** Nearest-rank quantile; null of nothing. `share` in [0, 1]. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null;
}

export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}
