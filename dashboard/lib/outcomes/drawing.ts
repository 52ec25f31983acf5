/** Where things stand on the picture of 90 days: pure. */
import { axisOf, shareAt, type Axis } from "./axis";
import type { Dot, RollingDay, TrendReport } from "./types";

const DAY_MS = 86_400_000;
const LEFT = 46;
const RIGHT = 10;
const TOP = 10;
const BELOW = 22;

export interface Placed {
  dot: Dot;
  x: number;
  y: number;
}

export interface Label {
  at: number;
  words: string;
  anchor: "start" | "middle" | "end";
}

export interface Drawing {
  box: { left: number; right: number; top: number; bottom: number };
  axis: Axis;
  y: (seconds: number) => number;
  dots: readonly Placed[];
  /** SVG paths; broken where a day has too few incidents for a value. */
  line: string;
  band: string;
  labels: readonly Label[];
}

/** The moment at which a day of the line stands: its end, or now for the last one. */
function momentOf(day: RollingDay, asOfMs: number): number {
  return Math.min(Date.parse(day.day) + DAY_MS, asOfMs);
}

/** Runs of days that have a value. */
export function runsOf(line: readonly RollingDay[]): RollingDay[][] {
  const runs: RollingDay[][] = [];
  line.forEach((day, index) => {
    if (day.value_s === null) return;
    const last = (line[index - 1]?.value_s ?? null) === null ? undefined : runs.at(-1);
    if (last === undefined) runs.push([day]);
    else last.push(day);
  });
  return runs;
}

function axisFor(trend: TrendReport): Axis {
  let [low, high] = [Infinity, 0];
  const see = (seconds: number | null) => {
    if (seconds === null || !(seconds > 0)) return;
    low = Math.min(low, seconds);
    high = Math.max(high, seconds);
  };
  for (const dot of trend.dots) see(dot.lasted_s);
  for (const day of trend.line) {
    see(day.low_s);
    see(day.high_s);
  }
  return low <= high ? axisOf(low, high) : axisOf(60, 3_600);
}

/** Lay the picture out for a width and height in pixels. */
export function drawingOf(trend: TrendReport, width: number, height: number, dayWords: (at: number) => string): Drawing {
  const asOf = Date.parse(trend.until);
  const first = trend.line[0];
  const from = first === undefined ? asOf - 90 * DAY_MS : Date.parse(first.day);
  const box = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BELOW };
  const axis = axisFor(trend);
  const x = (at: number) => box.left + ((at - from) / Math.max(1, asOf - from)) * (box.right - box.left);
  const y = (seconds: number) => box.bottom - shareAt(axis, seconds) * (box.bottom - box.top);
  const dots = trend.dots.map((dot) => ({ dot, x: Math.max(box.left, x(Date.parse(dot.began_at))), y: y(dot.lasted_s) }));
  const runs = runsOf(trend.line).map((run) => run.map((day) => ({ ...day, x: x(momentOf(day, asOf)) })));
  const path = (points: readonly (readonly [number, number])[]) => points.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L");
  const line = runs.map((run) => `M${path(run.map((day) => [day.x, y(day.value_s ?? 0)]))}${run.length === 1 ? "h0.01" : ""}`).join("");
  const band = runs
    .map((run) => {
      const up = run.map((day) => [day.x, y(day.high_s ?? day.value_s ?? 0)] as const);
      const down = run.map((day) => [day.x, y(day.low_s ?? day.value_s ?? 0)] as const).reverse();
      return `M${path([...up, ...down])}Z`;
    })
    .join("");
  const labels: Label[] = [
    { at: box.left, words: dayWords(from), anchor: "start" },
    { at: (box.left + box.right) / 2, words: dayWords((from + asOf) / 2), anchor: "middle" },
    { at: box.right, words: dayWords(asOf), anchor: "end" },
  ];
  return { box, axis, y, dots, line, band, labels };
}

const REACH_PX = 24;

/** Index of the dot nearest to a place, when it is near enough to be meant; else -1. */
export function dotNear(dots: readonly Placed[], x: number, y: number): number {
  let [best, distance] = [-1, REACH_PX ** 2];
  dots.forEach((dot, index) => {
    const away = (dot.x - x) ** 2 + (dot.y - y) ** 2;
    if (away < distance) [best, distance] = [index, away];
  });
  return best;
}
