/** Figures as people read them; the sentence of the server rounds by the same rules. */
import { percent } from "@/lib/format/number";
import type { Confidence, Dot, Estimate, Origin, RestoredBy, Savings, Word } from "./types";

interface Unit {
  seconds: number;
  short: string;
  long: string;
}

const SECOND: Unit = { seconds: 1, short: "s", long: "second" };
const MINUTE: Unit = { seconds: 60, short: "min", long: "minute" };
const HOUR: Unit = { seconds: 3_600, short: "h", long: "hour" };
const DAY: Unit = { seconds: 86_400, short: "d", long: "day" };

/** The unit that suits a length of time: seconds below 90, minutes below 90, hours below 36. */
function unitOf(seconds: number): Unit {
  const size = Math.abs(seconds);
  if (size < 90) return SECOND;
  if (size < 5_400) return MINUTE;
  return size < 129_600 ? HOUR : DAY;
}

/** Ties go to the even digit, as in the server's sentence. */
function fixed(value: number, digits: 0 | 1): string {
  const halves = value * (digits === 0 ? 2 : 4);
  if (Math.abs(halves % 2) !== 1) return value.toFixed(digits);
  const scaled = value * (digits === 0 ? 1 : 10);
  return ((2 * Math.round(scaled / 2)) / (digits === 0 ? 1 : 10)).toFixed(digits);
}

/** Whole from 10 on, one decimal below, two figures below 1. */
function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 9.95) return Number(fixed(value, 0)).toLocaleString("en");
  if (size >= 0.95) return fixed(value, 1).replace(/\.0$/, "");
  return String(Number(value.toPrecision(2)));
}

/** A length of time: its number and its unit. */
export function span(seconds: number): { number: string; unit: string } {
  const unit = unitOf(seconds);
  return { number: figure(seconds / unit.seconds), unit: unit.short };
}

/** `76 min`. */
export function spanWords(seconds: number): string {
  const { number, unit } = span(seconds);
  return `${number} ${unit}`;
}

/** `68 to 84` in the unit of `like`; `68 or more` where no upper bound is known. */
export function spanRange(low: number, high: number | null, like: number): string {
  const { seconds } = unitOf(like);
  return high === null ? `${figure(low / seconds)} or more` : `${figure(low / seconds)} to ${figure(high / seconds)}`;
}

/** Two ends in the unit of the larger one: `20 to 57 hours`. */
export function spanBetween(low: number, high: number): string {
  const unit = unitOf(Math.max(Math.abs(low), Math.abs(high)));
  return `${signed(low / unit.seconds)} to ${signed(high / unit.seconds)} ${unit.long}s`;
}

function signed(value: number): string {
  return value < 0 ? `−${figure(-value)}` : figure(value);
}

const SIZES = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
] as const;
const SYMBOLS: Readonly<Record<string, string>> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/** An amount with two figures, as no more is known: `$18k`, `−€1.2M`, `CHF 40`. */
export function amount(value: number, currency: string): string {
  const rounded = Number(Math.abs(value).toPrecision(2));
  const [size, letter] = SIZES.find(([one]) => rounded >= one) ?? [1, ""];
  const number = (rounded / size).toLocaleString("en", { maximumSignificantDigits: 2 });
  const symbol = SYMBOLS[currency] ?? `${currency} `;
  return `${value < 0 && rounded > 0 ? "−" : ""}${symbol}${number}${letter}`;
}

export function amountRange(low: number, high: number, currency: string): string {
  return `${amount(low, currency)} to ${amount(high, currency)}`;
}

/** A price or a cost that somebody gave, whole: `$1,250.50`. */
export function given(value: number, currency: string): string {
  return `${SYMBOLS[currency] ?? `${currency} `}${value.toLocaleString("en", { maximumFractionDigits: 2 })}`;
}

/** `95 %`. */
export function levelWords(level: number): string {
  return `${Number((level * 100).toPrecision(3))} %`;
}

const bare = (share: number) => percent(share).replace(" %", "");

/** The value of an estimate with its unit; null when there is none. */
export function valueWords(estimate: Estimate): string | null {
  const { value, unit } = estimate;
  if (value === null) return null;
  if (unit === "s") return spanWords(value);
  if (unit === "share") return percent(value);
  if (unit === "ratio") return `${value.toFixed(2)}×`;
  return unit === "incidents" ? figure(value) : amount(value, unit);
}

/** Its interval: `95 %: 68 to 84`; null when there is none. */
export function intervalWords(estimate: Estimate): string | null {
  const { value, low, high, unit, level } = estimate;
  if (value === null || low === null) return null;
  return `${levelWords(level)}: ${ends(low, high, unit, value)}`;
}

function ends(low: number, high: number | null, unit: string, value: number): string {
  if (unit === "s") return spanRange(low, high, value);
  const say = (one: number) => {
    if (unit === "share") return bare(one);
    if (unit === "ratio") return one.toFixed(2);
    return unit === "incidents" ? figure(one) : amount(one, unit);
  };
  return high === null ? `${say(low)} or more` : `${say(low)} to ${say(high)}`;
}

export const TREND: Readonly<Record<Word, string>> = {
  improved: "Improved",
  worse: "Worse",
  no_clear_change: "No clear change",
  not_enough: "Not decided",
};

export const CONFIDENCE: Readonly<Record<Confidence, string>> = {
  high: "High confidence",
  medium: "Medium confidence",
  low: "Low confidence",
  not_enough_data: "Not enough data",
};

export const KIND: Readonly<Record<Origin, string>> = { real: "Real", drill: "Drills", maintenance: "Maintenance" };

/** `1 drill`, `3 planned maintenances`. */
export function kindCounted(kind: Origin, n: number): string {
  const one = { real: "real incident", drill: "drill", maintenance: "planned maintenance" }[kind];
  return `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
}

/** `restored by Quell`. */
export const RESTORED: Readonly<Record<RestoredBy, string>> = {
  quell: "by Quell",
  person: "by a person",
  itself: "by itself",
  unknown: "by whom is not known",
};

/** What failed in runs that were not clean. */
export const FAILED: Readonly<Record<string, string>> = {
  target: "took longer than their target",
  verified: "not verified",
  corrected: "needed a correction",
  cost: "cost more than the cap",
};

export const QUALITY: Readonly<Record<string, string>> = {
  complete: "Complete",
  ordered: "Times in order",
  machine_recorded: "Recorded by a machine",
  timely: "Closed within 3 days",
  followed_up: "Followed up by a person",
  linked_to_alerts: "Linked to alerts",
};

/** `23 Nov`; with the year when it is another one than that of `now`. */
export function dayWords(at: string | number, now: string | number): string {
  const date = new Date(at);
  const sameYear = date.getUTCFullYear() === new Date(now).getUTCFullYear();
  return date.toLocaleDateString("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** `today 11:40`, `yesterday`, `21 Nov`, by UTC days. */
export function whenWords(at: string, now: string): string {
  const day = (moment: string) => Math.floor(Date.parse(moment) / 86_400_000);
  const ago = day(now) - day(at);
  if (ago === 0) return `today ${new Date(at).toISOString().slice(11, 16)}`;
  return ago === 1 ? "yesterday" : dayWords(at, now);
}

/** One incident in a line. */
export function dotWords(dot: Dot, now: string): string {
  const took = dot.open ? `open for ${spanWords(dot.lasted_s)}` : spanWords(dot.lasted_s);
  const by = dot.open || dot.restored_by === "unknown" ? "" : `restored ${RESTORED[dot.restored_by]}`;
  return [dayWords(dot.began_at, now), dot.service, dot.severity, took, by].filter((part) => part !== "").join(" · ");
}

/** The 80 % range of what was saved, in money where its price is known; null when nothing is. */
export function savedWords({ money, minutes, currency }: Savings): string | null {
  if (money !== null) return amountRange(money.low80, money.high80, currency);
  return minutes === null ? null : spanBetween(minutes.low80 * 60, minutes.high80 * 60);
}
