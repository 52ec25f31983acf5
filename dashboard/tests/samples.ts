import { vi } from "vitest";
import type {
  ActionView,
  Diagnosis,
  Evidence,
  IncidentDetail,
  IncidentSummary,
  Phase,
  PhaseState,
  PhaseView,
  Plan,
  TimelineEntry,
} from "@/lib/api/types";

export const T0 = Date.parse("2026-01-02T03:04:05Z");

export function iso(secondsAfter: number): string {
  return new Date(T0 + secondsAfter * 1000).toISOString();
}

export function phase(name: Phase, state: PhaseState, over: Partial<PhaseView> = {}): PhaseView {
  return {
    phase: name,
    agent: "detection",
    state,
    started_at: null,
    ended_at: null,
    attempts: 1,
    timeout_s: null,
    expected_s: null,
    done: null,
    total: null,
    what: "",
    says: "",
    error: null,
    recovered: null,
    ...over,
  };
}

export function row(id: string, over: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    id,
    title: `Title of ${id}`,
    summary: "",
    severity: "SEV3",
    state: "triggered",
    service: null,
    services: [],
    drill: false,
    opened_at: iso(0),
    open_since: iso(0),
    updated_at: iso(0),
    acknowledged_at: null,
    resolved_at: null,
    owner: null,
    wants: null,
    approval: null,
    phases: [],
    responding: false,
    outcome: null,
    alerts: { total: 1, firing: 1, kinds: 1 },
    reopened: 0,
    merged_into: null,
    missing: [],
    owner_typed_name: "",
    owned_since: null,
    next_look_at: null,
    verified: false,
    test: false,
    not_sent: 0,
    team: "default",
    ...over,
  };
}

export function asking(expiresInS: number, planId = "p1"): Partial<IncidentSummary> {
  return {
    wants: "approve",
    approval: {
      plan_id: planId,
      title: "Restart payment",
      requested_at: iso(0),
      expires_at: iso(expiresInS),
      reason: "policy",
      answer: null,
      by: null,
      answered_at: null,
    },
  };
}

export function entry(position: number, over: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    position,
    offset: position,
    at: iso(position),
    type: "NoteAdded",
    incident_id: "INC-1",
    agent: null,
    by: "system:intake",
    phase: null,
    level: "info",
    title: `Entry ${position}`,
    text: "",
    evidence_ids: [],
    flagged: [],
    ...over,
  };
}

export function detail(summary: IncidentSummary, over: Partial<IncidentDetail> = {}): IncidentDetail {
  return {
    summary,
    offset: 1,
    alerts: [],
    detection: null,
    diagnosis: null,
    prediction: null,
    plan: null,
    actions: [],
    verification: null,
    escalation: null,
    gaps: [],
    cause_confirmed: null,
    false_alarm: false,
    evidence: {},
    run_evidence: Object.keys(over.evidence ?? {}),
    timeline: [],
    ...over,
  };
}

export function metric(id: string, values: (number | null)[], over: Partial<Evidence> = {}): Evidence {
  return {
    id,
    source: "scrape",
    kind: "metric",
    title: `Metric ${id}`,
    says: "it rose",
    query: "rate(x[1m])",
    window: { start: iso(0), end: iso(values.length) },
    service: "payment",
    unit: "s",
    series: [{ name: "p99", service: "payment", unit: "s", labels: {}, times: values.map((_, i) => T0 / 1000 + i), values }],
    patterns: [],
    changes: [],
    edges: [],
    onset: null,
    normal_low: null,
    normal_high: null,
    limit: null,
    flagged: [],
    ...over,
  };
}

export function plan(over: Partial<Plan> = {}): Plan {
  return {
    id: "p1",
    hypothesis_id: "H1",
    action: "restart",
    target: "payment",
    params: { pid: "7" },
    title: "restart payment",
    steps: ["payment: process 7 → a new one"],
    calls: [],
    expected: "memory falls",
    risk: "requests in flight fail",
    undo: "A restart cannot be taken back.",
    reversible: false,
    reaches: ["payment"],
    verified_by: "the alerts of the incident",
    autonomy: "approve",
    autonomy_reason: "no rule matches",
    record: { helped: 0, tried: 0 },
    runbook: "restart-leaking-memory",
    runbook_version: "3",
    choice: "restart-leaking-memory scores 0.28. Nothing else fits.",
    checks: null,
    held_out: false,
    ...over,
  };
}

export function diagnosis(over: Partial<Diagnosis> = {}): Diagnosis {
  return {
    hypotheses: [
      {
        id: "H1",
        service: "payment",
        cause: "memory_leak",
        title: "payment: memory leak",
        probability: 0.83,
        calibrated: true,
        in_favour: [{ evidence_id: "E1", says: "memory grows", weight: 2.03 }],
        against: [],
        subject: "",
        score: 0.28,
      },
    ],
    none_of_these: 0.17,
    abstained: false,
    says: "payment: memory leak",
    evidence: [],
    gaps: [],
    calibrated_on: 40,
    similar: [],
    elsewhere: [],
    ...over,
  };
}

export function action(over: Partial<ActionView> = {}): ActionView {
  return {
    plan_id: "p1",
    action: "switch_flag",
    target: "payment",
    started_at: iso(30),
    ended_at: iso(31),
    state: "done",
    output: "",
    verdict: null,
    can_take_back: false,
    take_back_says: "",
    being_taken_back: false,
    taken_back_by: null,
    ...over,
  };
}

/** Let each POST be answered so, and GETs fail; returns what was posted: path and body. */
export function answering(status: number, body: unknown): [string, unknown][] {
  const posted: [string, unknown][] = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (init.method !== "POST") return Promise.reject(new TypeError("nothing answers"));
    posted.push([path, JSON.parse(init.body as string) as unknown]);
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return posted;
}
