/** Which incidents a list shows, and in what order. Pure. */
import type { IncidentSummary, Severity } from "@/lib/api/types";
import { SEVERITIES, isEnded } from "./words";

export type Show = "all" | "open" | "ended";

export interface Filter {
  show: Show;
  severities: ReadonlySet<Severity>;
  service: string | null;
}

/** Needs a person first (soonest to expire), then severity, then age, oldest first. */
export function byNeed(a: IncidentSummary, b: IncidentSummary): number {
  return (
    Number(a.wants === null) - Number(b.wants === null) ||
    expiry(a) - expiry(b) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    Date.parse(a.opened_at) - Date.parse(b.opened_at) ||
    a.id.localeCompare(b.id)
  );
}

/** Unix milliseconds at which a wanted approval lapses; the end of time when none is wanted. */
export function expiry(row: IncidentSummary): number {
  return row.wants === "approve" && row.approval !== null ? Date.parse(row.approval.expires_at) : 8.64e15;
}

function endedAt(row: IncidentSummary): number {
  return Date.parse(row.resolved_at ?? row.updated_at);
}

function passes(row: IncidentSummary, filter: Filter): boolean {
  if (filter.severities.size > 0 && !filter.severities.has(row.severity)) return false;
  return filter.service === null || row.service === filter.service || row.services.includes(filter.service);
}

export interface Board {
  open: IncidentSummary[];
  ended: IncidentSummary[];
}

export function boardOf(incidents: Readonly<Record<string, IncidentSummary>>, filter: Filter): Board {
  const rows = Object.values(incidents).filter((row) => passes(row, filter));
  return {
    open: filter.show === "ended" ? [] : rows.filter((row) => !isEnded(row)).sort(byNeed),
    ended: filter.show === "open" ? [] : rows.filter(isEnded).sort((a, b) => endedAt(b) - endedAt(a)),
  };
}

export interface Totals {
  bySeverity: Readonly<Record<Severity, number>>;
  open: number;
  ended: number;
  wanted: number;
  /** Unix milliseconds; null when nothing is open. */
  oldestAt: number | null;
  /** Unix milliseconds; null when no approval waits. */
  nextExpiryAt: number | null;
}

export function totalsOf(incidents: Readonly<Record<string, IncidentSummary>>): Totals {
  const rows = Object.values(incidents);
  const open = rows.filter((row) => !isEnded(row));
  const expiries = open.filter((row) => row.wants === "approve" && row.approval !== null).map(expiry);
  const bySeverity = { SEV1: 0, SEV2: 0, SEV3: 0, SEV4: 0, SEV5: 0 };
  for (const row of open) bySeverity[row.severity] += 1;
  return {
    bySeverity,
    open: open.length,
    ended: rows.length - open.length,
    wanted: open.filter((row) => row.wants !== null).length,
    oldestAt: open.length > 0 ? Math.min(...open.map((row) => Date.parse(row.open_since))) : null,
    nextExpiryAt: expiries.length > 0 ? Math.min(...expiries) : null,
  };
}

/** Every service that some incident touches, by name. */
export function servicesOf(incidents: Readonly<Record<string, IncidentSummary>>): string[] {
  const names = Object.values(incidents).flatMap((row) => [...row.services, ...(row.service === null ? [] : [row.service])]);
  return [...new Set(names)].sort((a, b) => a.localeCompare(b));
}

/** Read `SEV1,SEV3`; what is no severity is left out. */
export function readSeverities(text: string | null | undefined): ReadonlySet<Severity> {
  return new Set(SEVERITIES.filter((severity) => (text ?? "").split(",").includes(severity)));
}
