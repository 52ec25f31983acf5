/** Logarithmic axes for lengths of time: pure. */

/** Round lengths of time in seconds, rising, each with its label. */
export const MARKS: readonly (readonly [number, string])[] = [
  [0.1, "0.1 s"],
  [1, "1 s"],
  [10, "10 s"],
  [60, "1 min"],
  [600, "10 min"],
  [3_600, "1 h"],
  [36_000, "10 h"],
  [259_200, "3 d"],
  [2_592_000, "30 d"],
  [31_536_000, "1 y"],
  [315_360_000, "10 y"],
];

export interface Axis {
  low: number;
  high: number;
  /** Marks from the low end to the high end, both included. */
  marks: readonly (readonly [number, string])[];
}

/** The smallest axis from mark to mark that holds both ends with some room. */
export function axisOf(low: number, high: number): Axis {
  const from = Math.max(0, MARKS.findLastIndex(([seconds]) => seconds <= low / 1.15));
  const after = MARKS.findIndex(([seconds]) => seconds >= high * 1.15);
  const to = Math.max(from + 1, after === -1 ? MARKS.length - 1 : after);
  const marks = MARKS.slice(from, to + 1);
  return { low: marks[0]?.[0] ?? low, high: marks.at(-1)?.[0] ?? high, marks };
}

/** Where a length of time stands on an axis, from 0 to 1; what is off it stands at its end. */
export function shareAt(axis: Axis, seconds: number): number {
  if (seconds <= axis.low) return 0;
  return Math.min(1, Math.log(seconds / axis.low) / Math.log(axis.high / axis.low));
}
