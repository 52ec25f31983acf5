/** Everything the live channels have told, as React reads it; never changed in place. */
import type {
  AgentHealth,
  Component,
  IncidentDetail,
  IncidentSummary,
  Intake,
  TimelineEntry,
} from "@/lib/api/types";
import type { Report } from "@/lib/outcomes/types";

export const EVENTS_KEPT = 2_000;
export const TIMELINE_KEPT = 1_000;
export const DETAILS_KEPT = 6;
export const DELAYS_KEPT = 200;

export interface LiveState {
  /** By id; null until the first snapshot. */
  incidents: Readonly<Record<string, IncidentSummary>> | null;
  agents: Readonly<Record<string, AgentHealth>> | null;
  health: Readonly<Record<string, Component>> | null;
  intake: Intake | null;
  /** Of the last 28 days, in the kind of incidents that the server shows live. */
  outcomes: Report | null;
  /** Newest last, at most EVENTS_KEPT. */
  events: readonly TimelineEntry[] | null;
  /** Events that arrived since the page was opened, kept or not. */
  eventsSeen: number;
  /** The incidents looked at last, newest last. */
  details: Readonly<Record<string, IncidentDetail>>;
  /** Browser time of the last news, by channel. */
  asOf: Readonly<Record<string, number>>;
  /** Milliseconds from event to screen, newest last. */
  delaysMs: readonly number[];
}

export const NOTHING: LiveState = {
  incidents: null,
  agents: null,
  health: null,
  intake: null,
  outcomes: null,
  events: null,
  eventsSeen: 0,
  details: {},
  asOf: {},
  delaysMs: [],
};
