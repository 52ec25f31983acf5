/** Where things stand in a metric chart: pure. Times are Unix seconds. */
import type { Evidence } from "@/lib/api/types";
import { tickMark } from "@/lib/format/number";
import { clock, clockMinute } from "@/lib/format/time";
import { extentOf, padded, scale, valueTicks, type Extent } from "./scale";

export interface Label {
  at: number;
  words: string;
  anchor: "start" | "middle" | "end";
}

export interface ChartFrame {
  box: { left: number; right: number; top: number; bottom: number };
  x: (time: number) => number;
  y: (value: number) => number;
  timeAt: (px: number) => number;
  yTicks: number[];
  onset: number | null;
  /** The limit when it lies within the picture. */
  limit: number | null;
  labels: Label[];
}

const TOP = 6;
const BELOW = 20;
const LABEL_PX = 74;
/** Below this many seconds labels show seconds too. */
const SHORT_S = 600;

function valuesOf(evidence: Evidence): (number | null)[] {
  const { normal_low: low, normal_high: high, limit } = evidence;
  const values = evidence.series.flatMap((series) => series.values);
  const seen = extentOf(values);
  const nearLimit = limit !== null && seen !== null && limit <= Math.max(seen.high, high ?? 0) * 3;
  const floor = low !== null && seen !== null && seen.low >= 0 ? Math.max(0, low) : low;
  return [...values, floor, high, nearLimit ? limit : null];
}

function timesOf(evidence: Evidence): Extent {
  const window = { low: Date.parse(evidence.window.start) / 1000, high: Date.parse(evidence.window.end) / 1000 };
  return extentOf(evidence.series.flatMap((series) => series.times)) ?? window;
}

function labelsOf(times: Extent, onset: number | null, x: (time: number) => number): Label[] {
  const say = times.high - times.low < SHORT_S ? clock : clockMinute;
  const labels: Label[] = [
    { at: times.low, words: say(times.low * 1000), anchor: "start" },
    { at: times.high, words: say(times.high * 1000), anchor: "end" },
  ];
  if (onset === null) return labels;
  const roomLeft = x(onset) - x(times.low) > LABEL_PX;
  const roomRight = x(times.high) - x(onset) > LABEL_PX + 40;
  const mark: Label = { at: onset, words: `${say(onset * 1000)} onset`, anchor: roomRight ? "start" : "end" };
  if (roomLeft && roomRight) return [...labels, mark];
  return roomLeft ? [...labels.slice(0, 1), mark] : [mark, ...labels.slice(1)];
}

/** Lay a chart out for a width and height in pixels. */
export function frameOf(evidence: Evidence, width: number, height: number): ChartFrame {
  const extent = padded(extentOf(valuesOf(evidence)) ?? { low: 0, high: 1 });
  const yTicks = valueTicks(extent);
  const widest = Math.max(0, ...yTicks.map((tick) => tickMark(tick, evidence.unit).length));
  const box = { left: Math.max(28, Math.ceil(widest * 6.3) + 8), right: width - 2, top: TOP, bottom: height - BELOW };
  const times = timesOf(evidence);
  const x = scale(times, box.left, box.right);
  const y = scale(extent, box.bottom, box.top);
  const at = evidence.onset === null ? null : Date.parse(evidence.onset) / 1000;
  const onset = at !== null && at > times.low && at < times.high ? at : null;
  const limit = evidence.limit !== null && evidence.limit <= extent.high && evidence.limit >= extent.low ? evidence.limit : null;
  const back = scale({ low: box.left, high: box.right }, times.low, times.high);
  return { box, x, y, timeAt: back, yTicks, onset, limit, labels: labelsOf(times, onset, x) };
}
