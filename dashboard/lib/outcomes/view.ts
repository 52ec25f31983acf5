/** What the address asks for. */
import type { Figure, Origin, Report, TrendReport } from "./types";

export const WINDOWS = ["7d", "28d", "90d", "365d", "all"] as const;
export type Window = (typeof WINDOWS)[number];

export const GROUPS = ["severity", "service", "team", "restored_by"] as const;
export type Group = (typeof GROUPS)[number];

const KINDS: readonly Origin[] = ["real", "drill", "maintenance"];

export const DEFAULT_WINDOW: Window = "28d";

export function readWindow(text: string | null): Window {
  return WINDOWS.find((one) => one === text) ?? DEFAULT_WINDOW;
}

/** The kind that the address names; null when it names none. */
export function readKind(text: string | null): Origin | null {
  return KINDS.find((one) => one === text) ?? null;
}

/** The last day of the picture that the address asks for; null: today. */
export function readDay(text: string | null): string | null {
  return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

const DAY_MS = 86_400_000;
const PICTURE_DAYS = 90;

/** The last day of the picture before, and of the one after; null where that is today's. */
export function turned(trend: TrendReport, pictures: 1 | -1): string | null {
  const at = Date.parse(trend.until) + pictures * PICTURE_DAYS * DAY_MS;
  return at >= Date.parse(trend.as_of) ? null : new Date(at).toISOString().slice(0, 10);
}

export function readGroup(text: string | null): Group | null {
  return GROUPS.find((one) => one === text) ?? null;
}

/** 0: all that is known. */
export function daysOf(window: Window): number {
  return window === "all" ? 0 : Number.parseInt(window, 10);
}

/** `in the last 28 days`. */
export function windowWords(days: number): string {
  return days === 0 ? "in all that is known" : `in the last ${days} days`;
}

/**
 * The kind to show: the one asked for; else drills where there is nothing but a lab; else real ones.
 *
 * @param lab whether the server stands beside a lab; null while that is not known.
 * @param realSeen real incidents known; null while that is not known. Only asked for beside a lab.
 */
export function kindToShow(asked: Origin | null, lab: boolean | null, realSeen: number | null): Origin | null {
  if (asked !== null) return asked;
  if (lab === false) return "real";
  if (lab === null || realSeen === null) return null;
  return realSeen === 0 ? "drill" : "real";
}

export function figureOf(report: Report, key: string): Figure | null {
  return report.figures.find((figure) => figure.key === key) ?? null;
}
