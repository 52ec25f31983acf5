/** The shapes of REST and WebSocket, as the server's views name them. Times are ISO-8601, UTC. */

export type Severity = "SEV1" | "SEV2" | "SEV3" | "SEV4" | "SEV5";
export type State =
  | "triggered"
  | "acknowledged"
  | "investigating"
  | "identified"
  | "monitoring"
  | "resolved"
  | "closed"
  | "reopened"
  | "merged";
export type Phase = "detect" | "diagnose" | "predict" | "plan" | "approve" | "act" | "verify" | "undo";
export type PhaseState = "waiting" | "running" | "completed" | "failed" | "timed_out" | "abstained";
export type Level = "info" | "warning" | "error" | "wants";

export interface PhaseView {
  phase: Phase;
  agent: string;
  state: PhaseState;
  started_at: string | null;
  ended_at: string | null;
  attempts: number;
  timeout_s: number | null;
  expected_s: number | null;
  done: number | null;
  total: number | null;
  what: string;
  says: string;
  error: string | null;
  recovered: string | null;
}

export interface ApprovalView {
  plan_id: string;
  title: string;
  requested_at: string;
  expires_at: string;
  reason: string;
  answer: string | null;
  by: string | null;
  answered_at: string | null;
}

export interface AlertCounts {
  total: number;
  firing: number;
  kinds: number;
}

export interface IncidentSummary {
  id: string;
  title: string;
  summary: string;
  severity: Severity;
  state: State;
  service: string | null;
  services: string[];
  drill: boolean;
  opened_at: string;
  updated_at: string;
  acknowledged_at: string | null;
  resolved_at: string | null;
  owner: string | null;
  wants: string | null;
  approval: ApprovalView | null;
  phases: PhaseView[];
  responding: boolean;
  outcome: string | null;
  alerts: AlertCounts;
  reopened: number;
  merged_into: string | null;
  missing: string[];
}

export interface AlertView {
  fingerprint: string;
  name: string;
  service: string | null;
  source: string;
  severity: "critical" | "error" | "warning" | "info";
  severity_raw: string;
  severity_known: boolean;
  status: "firing" | "resolved";
  flapping: boolean;
  starts_at: string;
  received_at: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  link: string | null;
  why: string;
  incident_id: string;
}

export interface ActionView {
  plan_id: string;
  action: string;
  target: string;
  started_at: string;
  ended_at: string | null;
  state: string;
  output: string;
  verdict: string | null;
}

export interface TimelineEntry {
  position: number;
  offset: number;
  at: string;
  type: string;
  incident_id: string;
  agent: string | null;
  by: string;
  phase: Phase | null;
  level: Level;
  title: string;
  text: string;
  evidence_ids: string[];
}

export interface Span {
  start: string;
  end: string;
}

export interface Series {
  name: string;
  service: string;
  unit: string;
  labels: Record<string, string>;
  times: number[];
  values: (number | null)[];
}

export interface LogPattern {
  template: string;
  service: string;
  level: string;
  count_before: number;
  count_after: number;
  first_seen: string;
  example: string;
}

export interface Change {
  at: string;
  service: string;
  kind: string;
  what: string;
  before: string;
  after: string;
  by: string;
}

export interface Evidence {
  id: string;
  source: string;
  kind: "metric" | "log" | "change" | "topology";
  title: string;
  says: string;
  query: string;
  window: Span;
  service: string | null;
  unit: string;
  series: Series[];
  patterns: LogPattern[];
  changes: Change[];
  edges: [string, string][];
  onset: string | null;
  normal_low: number | null;
  normal_high: number | null;
  limit: number | null;
}

export interface Gap {
  source: string;
  reason: string;
}

export interface Indicator {
  service: string;
  series: string;
  labels: Record<string, string>;
  unit: string;
  normal_low: number;
  normal_high: number;
  bad_when: string;
  onset: string;
  worst: number;
}

export interface Detection {
  verdict: string;
  says: string;
  onset: string | null;
  onset_error_s: number | null;
  indicators: Indicator[];
  services: string[];
  evidence: Evidence[];
  gaps: Gap[];
}

export interface Argument {
  evidence_id: string;
  says: string;
  weight: number;
}

export interface Hypothesis {
  id: string;
  service: string;
  cause: string;
  title: string;
  probability: number;
  calibrated: boolean;
  in_favour: Argument[];
  against: Argument[];
  subject: string;
}

export interface Diagnosis {
  hypotheses: Hypothesis[];
  none_of_these: number;
  abstained: boolean;
  says: string;
  evidence: Evidence[];
  gaps: Gap[];
}

export interface Forecast {
  service: string;
  series: string;
  unit: string;
  limit: number;
  limit_is: string;
  in_s: number | null;
  low_s: number | null;
  high_s: number | null;
  level: number;
  method: string;
  made_at: string;
  evidence_id: string;
}

export interface Prediction {
  says: string;
  forecasts: Forecast[];
  blast_services: string[];
  blast_share: number | null;
  evidence: Evidence[];
  gaps: Gap[];
}

export interface TrackRecord {
  helped: number;
  tried: number;
}

export interface Plan {
  id: string;
  hypothesis_id: string;
  action: string;
  target: string;
  params: Record<string, string>;
  title: string;
  steps: string[];
  expected: string;
  risk: string;
  undo: string;
  reversible: boolean;
  reaches: string[];
  verified_by: string;
  autonomy: string;
  autonomy_reason: string;
  record: TrackRecord;
}

export interface Reading {
  service: string;
  series: string;
  unit: string;
  value: number | null;
  normal_low: number;
  normal_high: number;
  in_range: boolean;
}

export interface Verified {
  verdict: string;
  says: string;
  readings: Reading[];
  took_s: number;
}

export interface Escalated {
  reason: string;
  missing: string[];
}

export interface IncidentDetail {
  summary: IncidentSummary;
  offset: number;
  alerts: AlertView[];
  detection: Detection | null;
  diagnosis: Diagnosis | null;
  prediction: Prediction | null;
  plan: Plan | null;
  actions: ActionView[];
  verification: Verified | null;
  escalation: Escalated | null;
  gaps: Gap[];
  evidence: Record<string, Evidence>;
  timeline: TimelineEntry[];
}

export interface AgentHealth {
  agent: string;
  state: string;
  running: string[];
  completed: number;
  failed: number;
  timed_out: number;
  abstained: number;
  last_ended_at: string | null;
  last_error: string | null;
  median_s: number | null;
  p95_s: number | null;
  says: string;
}

export interface Component {
  name: string;
  kind: string;
  state: string;
  says: string;
  since: string | null;
  measured: Record<string, unknown>;
}

export interface Intake {
  received: number;
  rejected: number;
  silenced: number;
  duplicate: number;
  grouped: number;
  opening: number;
  held: number;
  by_source: Record<string, unknown>;
  last_minute: { received: number; incidents_opened: number };
  since: string | null;
}

export interface Topology {
  edges: [string, string][];
  services: string[];
  as_of: string | null;
}

export interface Lab {
  running: boolean;
  drills_available: boolean;
  drill: Record<string, unknown> | null;
}

export interface ServerInfo {
  version: string;
  epoch: string;
  head: number;
  started_at: string;
  environment: string;
  uptime_s: number;
}

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
}

/** An error as RFC 9457 says it, with our `reason`. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  reason?: string;
}
