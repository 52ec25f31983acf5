/** The phases of a response as spans on a time axis: pure. Times are Unix milliseconds. */
import type { Phase, PhaseView, TimelineEntry } from "@/lib/api/types";
import { duration } from "@/lib/format/time";
import { PHASE_STATE_WORDS, waitsForPerson } from "./words";

export interface Piece {
  from: number;
  to: number;
  /** `work`, `wait` between two attempts or for an answer that came, `person` while one is wanted, `left` the estimate of what is to come. */
  kind: "work" | "wait" | "person" | "left";
}

export interface PhaseRow {
  phase: Phase;
  agent: string;
  state: PhaseView["state"];
  pieces: Piece[];
  words: string;
}

export interface Spans {
  from: number;
  to: number;
  rows: PhaseRow[];
}

/** The entries of the last response only: earlier ones had phases and findings of their own. */
export function lastResponse(timeline: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const at = timeline.findLastIndex((entry) => entry.type === "ResponseStarted");
  return at < 0 ? timeline : timeline.slice(at);
}

function worked(phase: PhaseView, entries: readonly TimelineEntry[], from: number, to: number): Piece[] {
  const pieces: Piece[] = [];
  let since = from;
  let waiting = false;
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    if (entry.phase !== phase.phase || at < from || at > to) continue;
    if (entry.type === "PhaseRetrying" && !waiting) {
      pieces.push({ from: since, to: at, kind: "work" });
      [since, waiting] = [at, true];
    } else if (entry.type === "PhaseStarted" && waiting) {
      pieces.push({ from: since, to: at, kind: "wait" });
      [since, waiting] = [at, false];
    }
  }
  return [...pieces, { from: since, to, kind: waiting ? "wait" : "work" }];
}

function wordsOf(phase: PhaseView, now: number): string {
  const from = phase.started_at === null ? null : Date.parse(phase.started_at);
  const took = from === null ? "" : duration(Math.max(0, ((phase.ended_at === null ? now : Date.parse(phase.ended_at)) - from) / 1000));
  const tries = phase.attempts > 1 ? `, attempt ${phase.attempts}` : "";
  if (waitsForPerson(phase)) return `${took}, waits for a person`;
  if (phase.state === "running") return `${took}${progress(phase)}${tries}${left(phase, from, now)}`;
  const how = phase.state === "completed" ? "" : PHASE_STATE_WORDS[phase.state];
  const why = phase.error ?? phase.recovered ?? (phase.state === "abstained" ? phase.says : null);
  return [took, how, why ?? ""].filter((part) => part !== "").join(", ");
}

function progress(phase: PhaseView): string {
  if (phase.done === null || phase.total === null) return "";
  return `, ${phase.done} of ${phase.total}${phase.what === "" ? "" : `: ${phase.what}`}`;
}

function left(phase: PhaseView, from: number | null, now: number): string {
  if (phase.expected_s === null || from === null) return "";
  const rest = phase.expected_s - (now - from) / 1000;
  return rest > 0 ? `, about ${duration(Math.max(1, Math.round(rest)))} left` : `, longer than usual (${duration(phase.expected_s)})`;
}

function rowOf(phase: PhaseView, entries: readonly TimelineEntry[], now: number): PhaseRow {
  const base = { phase: phase.phase, agent: phase.agent, state: phase.state };
  if (phase.started_at === null) return { ...base, pieces: [], words: phase.state === "waiting" ? "" : wordsOf(phase, now) };
  const from = Date.parse(phase.started_at);
  const to = Math.max(from, phase.ended_at === null ? now : Date.parse(phase.ended_at));
  const pieces: Piece[] =
    phase.phase === "approve" ? [{ from, to, kind: waitsForPerson(phase) ? "person" : "wait" }] : worked(phase, entries, from, to);
  if (phase.state === "running" && phase.expected_s !== null && from + phase.expected_s * 1000 > to) {
    pieces.push({ from: to, to: from + phase.expected_s * 1000, kind: "left" });
  }
  return { ...base, pieces, words: wordsOf(phase, now) };
}

/** Lay the phases out; null while none has begun. */
export function spansOf(phases: readonly PhaseView[], timeline: readonly TimelineEntry[], now: number): Spans | null {
  const entries = lastResponse(timeline);
  const rows = phases.map((phase) => rowOf(phase, entries, now));
  const pieces = rows.flatMap((row) => row.pieces);
  if (pieces.length === 0) return null;
  const from = Math.min(...pieces.map((piece) => piece.from));
  const to = Math.max(...pieces.map((piece) => piece.to));
  return { from, to: Math.max(to, from + 2_000), rows };
}
