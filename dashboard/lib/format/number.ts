/** Numbers with their units. Nothing is shown as a dash, never as zero. */

export const NOTHING_KNOWN = "–";

function plain(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const rounded = Number(value.toFixed(digits));
  return rounded.toLocaleString("en", { maximumFractionDigits: digits });
}

const BYTES = ["B", "kB", "MB", "GB", "TB"] as const;

function bytes(value: number): string {
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1000 && step < BYTES.length - 1) {
    scaled /= 1000;
    step += 1;
  }
  return `${plain(scaled)} ${BYTES[step] ?? "B"}`;
}

const BYTE_UNITS = new Set(["bytes", "byte", "By", "B"]);
const SHARE_UNITS = new Set(["ratio", "share"]);
const BARE_UNITS = new Set(["", "1", "count"]);

/** A measured value: `240 ms`, `1.4 s`, `63 %`, `412 MB`, `64`; a dash when there is none. */
export function measure(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return NOTHING_KNOWN;
  if (unit === "s" || unit === "seconds") return Math.abs(value) < 1 ? `${plain(value * 1000)} ms` : `${plain(value)} s`;
  if (BYTE_UNITS.has(unit)) return bytes(value);
  if (SHARE_UNITS.has(unit)) return `${plain(value * 100)} %`;
  return BARE_UNITS.has(unit) ? plain(value) : `${plain(value)} ${unit}`;
}

/** A normal range; a lower end at or below zero says nothing about what cannot be negative. */
export function normalRange(low: number, high: number, unit: string): string {
  return low <= 0 && high > 0 ? `up to ${measure(high, unit)}` : `${measure(low, unit)} to ${measure(high, unit)}`;
}

/** A value on an axis: like `measure`, but a unit of more than a few letters is left to the legend. */
export function tickMark(value: number, unit: string): string {
  if (value === 0) return "0";
  return unit.length > 3 && !BYTE_UNITS.has(unit) && !SHARE_UNITS.has(unit) && unit !== "seconds"
    ? plain(value)
    : measure(value, unit);
}

/** A probability in whole percent; what is not certain never reads 0 or 100. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return "< 1 %";
  if (share < 1 && share > 0.995) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

/** `1 alert`, `2 alerts`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
