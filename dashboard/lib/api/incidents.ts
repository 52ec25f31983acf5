/** What a person can ask of an incident. */
import { get, newKey, post } from "./request";
import type { Cause, IncidentDetail, IncidentSummary, Page } from "./types";

const BASE = "/api/v1/incidents";

export type Command =
  | { name: "acknowledge"; note?: string; take_over?: true }
  | { name: "look_again"; reason?: string }
  | { name: "take_back"; plan_id: string; reason: string }
  | { name: "merge"; into: string; reason: string }
  | { name: "approve"; plan_id: string }
  | { name: "reject"; plan_id: string; reason: string }
  | { name: "resolve"; reason: string; false_alarm?: boolean }
  | { name: "cause"; service: string | null; cause: Cause | null }
  | { name: "reopen"; reason: string }
  | { name: "notes"; text: string };

export function readIncident(id: string): Promise<IncidentDetail> {
  return get(`${BASE}/${encodeURIComponent(id)}`);
}

export function readEnded(cursor: string | null): Promise<Page<IncidentSummary>> {
  const query = new URLSearchParams({ state: "ended", limit: "50" });
  if (cursor !== null) query.set("cursor", cursor);
  return get(`${BASE}?${query.toString()}`);
}

/** Do it once, and return the incident after it. Throws ApiError; 409 when it no longer fits. */
export function command(id: string, what: Command): Promise<IncidentSummary> {
  const { name, ...body } = what;
  return post(`${BASE}/${encodeURIComponent(id)}/${name}`, body, newKey());
}
