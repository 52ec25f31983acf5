/** Folds a batch of news into the live state: pure. */
import type {
  AgentHealth,
  Component,
  Evidence,
  IncidentDetail,
  IncidentSummary,
  Intake,
  TimelineEntry,
} from "@/lib/api/types";
import type { Report } from "@/lib/outcomes/types";
import { DETAILS_KEPT, EVENTS_KEPT, TIMELINE_KEPT, type LiveState } from "./state";

/** News of one channel: its whole state, one change, or its state as REST gave it, which may be older than what is here. */
export interface News {
  kind: "snapshot" | "event" | "read";
  channel: string;
  data: unknown;
}

export const DETAIL_PREFIX = "incident:";

/**
 * Fold news in, in order.
 *
 * @param nowMs browser time, kept as the panels' as-of time.
 */
export function foldAll(state: LiveState, batch: readonly News[], nowMs: number): LiveState {
  const draft: LiveState = { ...state, asOf: { ...state.asOf } };
  const fresh: TimelineEntry[] = [];
  for (const news of batch) {
    (draft.asOf as Record<string, number>)[news.channel] = nowMs;
    if (news.channel === "events" && news.kind === "event") fresh.push(news.data as TimelineEntry);
    else foldOne(draft, news, fresh);
  }
  if (fresh.length > 0) addEvents(draft, fresh);
  return draft;
}

function foldOne(draft: LiveState, news: News, fresh: TimelineEntry[]): void {
  switch (news.channel) {
    case "incidents":
      draft.incidents = keyed(draft.incidents, news, (row: IncidentSummary) => row.id);
      return;
    case "agents":
      draft.agents = keyed(draft.agents, news, (row: AgentHealth) => row.agent);
      return;
    case "health":
      draft.health = keyed(draft.health, news, (row: Component) => row.name);
      return;
    case "intake":
      draft.intake = newIntake(news);
      return;
    case "metrics":
      draft.outcomes = newReport(draft.outcomes, news);
      return;
    case "events":
      fresh.length = 0;
      draft.events = itemsOf<TimelineEntry>(news.data).slice(-EVENTS_KEPT);
      return;
    default:
      if (news.channel.startsWith(DETAIL_PREFIX)) foldDetail(draft, news);
  }
}

function itemsOf<Row>(data: unknown): Row[] {
  const items = (data as { items?: Row[] } | undefined)?.items;
  return Array.isArray(items) ? items : [];
}

function keyed<Row>(
  rows: Readonly<Record<string, Row>> | null,
  news: News,
  keyOf: (row: Row) => string,
): Readonly<Record<string, Row>> {
  if (news.kind !== "event") {
    return Object.fromEntries(itemsOf<Row>(news.data).map((row) => [keyOf(row), row]));
  }
  const row = news.data as Row;
  return { ...rows, [keyOf(row)]: row };
}

function newIntake(news: News): Intake | null {
  const data = news.data as Intake | { items: Intake[] } | null;
  if (data === null) return null;
  return "items" in data ? (data.items[0] ?? null) : data;
}

/** The channel carries single figures too, which nothing shows. */
function newReport(known: Report | null, news: News): Report | null {
  if (news.kind !== "event") return (news.data as { outcomes?: Report | null } | null)?.outcomes ?? null;
  const data = news.data as Report | { key: string };
  return "sentence" in data ? data : known;
}

/** Put entries in by position: new ones last, one told anew in the place of the old. Returns how many were new. */
function entered(entries: readonly TimelineEntry[], fresh: readonly TimelineEntry[], most: number): [TimelineEntry[], number] {
  const all = [...entries];
  let added = 0;
  for (const entry of fresh) {
    if (entry.position > (all.at(-1)?.position ?? -1)) {
      all.push(entry);
      added += 1;
      continue;
    }
    const at = all.findLastIndex((old) => old.position === entry.position);
    if (at >= 0) all[at] = entry;
  }
  return [all.length > most ? all.slice(-most) : all, added];
}

function addEvents(draft: LiveState, fresh: readonly TimelineEntry[]): void {
  const [events, added] = entered(draft.events ?? [], fresh, EVENTS_KEPT);
  draft.events = events;
  draft.eventsSeen += added;
}

interface DetailNews {
  entry?: TimelineEntry | null;
  changes?: Partial<IncidentDetail> & { evidence?: Record<string, Evidence> };
}

function foldDetail(draft: LiveState, news: News): void {
  const id = news.channel.slice(DETAIL_PREFIX.length);
  const before = draft.details[id];
  const after = news.kind === "event" ? patched(before, news.data as DetailNews) : (news.data as IncidentDetail);
  if (after === undefined) return;
  if (news.kind === "read" && before !== undefined && before.offset > after.offset) return;
  const { [id]: _old, ...others } = draft.details;
  const kept = Object.entries(others).slice(-(DETAILS_KEPT - 1));
  draft.details = Object.fromEntries([...kept, [id, after]]);
}

function patched(detail: IncidentDetail | undefined, news: DetailNews): IncidentDetail | undefined {
  if (detail === undefined) return undefined;
  const { evidence, timeline: _whole, ...changes } = news.changes ?? {};
  return {
    ...detail,
    ...changes,
    evidence: evidence === undefined ? detail.evidence : { ...detail.evidence, ...evidence },
    timeline: news.entry ? entered(detail.timeline, [news.entry], TIMELINE_KEPT)[0] : detail.timeline,
  };
}
