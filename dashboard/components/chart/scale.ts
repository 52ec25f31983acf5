/** Scales, ticks and paths for small charts: pure. */

export interface Extent {
  low: number;
  high: number;
}

/** Smallest and largest of what is a number; null when nothing is. */
export function extentOf(values: Iterable<number | null>): Extent | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? { low, high } : null;
}

/** Room above and below, down to zero when the data are near it. */
export function padded({ low, high }: Extent): Extent {
  const span = high - low || Math.abs(high) || 1;
  const floor = low >= 0 && low < span * 0.6 ? 0 : low - span * 0.08;
  return { low: floor, high: high + span * 0.08 };
}

export function scale(extent: Extent, from: number, to: number): (value: number) => number {
  const factor = (to - from) / (extent.high - extent.low || 1);
  return (value) => from + (value - extent.low) * factor;
}

/** An SVG path through the points; a null breaks the line. */
export function linePath(
  times: readonly number[],
  values: readonly (number | null)[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let pen = "M";
  times.forEach((time, index) => {
    const value = values[index] ?? null;
    if (value === null || !Number.isFinite(value)) {
      pen = "M";
      return;
    }
    path += `${pen}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

/** Index of the time nearest to `at`; -1 when there is none. Times rise. */
export function nearest(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const here = times[low];
  if (here === undefined) return -1;
  const before = times[low - 1];
  return before !== undefined && at - before < here - at ? low - 1 : low;
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/** Round moments between two, Unix milliseconds, about `wanted` of them. */
export function timeTicks(fromMs: number, toMs: number, wanted: number): number[] {
  const rough = (toMs - fromMs) / 1000 / Math.max(1, wanted);
  const step = (STEPS_S.find((one) => one >= rough) ?? 86400) * 1000;
  const ticks: number[] = [];
  for (let tick = Math.ceil(fromMs / step) * step; tick <= toMs; tick += step) ticks.push(tick);
  return ticks;
}

/** Round values inside an extent, two or three of them. */
export function valueTicks({ low, high }: Extent): number[] {
  const rough = (high - low) / 2;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [5, 2, 1].map((one) => one * power).find((one) => one <= rough) ?? power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}
