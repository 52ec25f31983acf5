/** Turns recorded entries into cells to read: pure. */
import type { TimelineEntry } from "@/lib/api/types";

export type Show = "story" | "people" | "trouble" | "all";

/** A cell is one entry, or several of one kind in a row that are read as one. */
export interface Cell {
  key: number;
  first: TimelineEntry;
  entries: readonly TimelineEntry[];
}

/** Kinds that come in crowds: in a row they make one cell. */
const CROWDS: ReadonlySet<string> = new Set(["AlertGrouped", "AlertResolved", "AlertFlapping", "PhaseProgressed"]);
/** What the waterfall shows better: left out of the story unless it failed. */
const STEPS: ReadonlySet<string> = new Set([
  "ResponseStarted",
  "ResponseEnded",
  "PhaseStarted",
  "PhaseProgressed",
  "PhaseEnded",
]);

function passes(entry: TimelineEntry, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "story":
      return !STEPS.has(entry.type) || entry.level === "error";
    case "people":
      return entry.by.startsWith("person:") || entry.level === "wants";
    case "trouble":
      return entry.level !== "info";
  }
}

/** Cells in order, oldest first. */
export function cellsOf(timeline: readonly TimelineEntry[], show: Show): Cell[] {
  const cells: { key: number; first: TimelineEntry; entries: TimelineEntry[] }[] = [];
  for (const entry of timeline) {
    if (!passes(entry, show)) continue;
    const last = cells.at(-1);
    if (last?.first.type === entry.type && CROWDS.has(entry.type) && last.first.phase === entry.phase) last.entries.push(entry);
    else cells.push({ key: entry.position, first: entry, entries: [entry] });
  }
  return cells;
}
