// Test only: incidents in the server's shapes, at several points of their lives.
import { changes, iso, logs, metric, topology, wave } from "./evidence.mjs";

export const PHASES = ["detect", "diagnose", "predict", "plan", "approve", "act", "verify"];
const AGENT = { detect: "detection", diagnose: "diagnosis", predict: "prediction", plan: "resolution", approve: "resolution", act: "resolution", verify: "resolution", undo: "resolution" };
export const EDGES = [["edge", "catalog"], ["edge", "cart"], ["edge", "checkout"], ["checkout", "payment"], ["checkout", "inventory"], ["cart", "inventory"], ["checkout", "cart"]];

let position = 1000;
export function entry(incident_id, at, type, { agent = null, by = "system:intake", phase = null, level = "info", title, text = "", evidence_ids = [] }) {
  position += 1;
  return { position, offset: position, at: iso(at), type, incident_id, agent, by, phase, level, title, text, evidence_ids, flagged: [] };
}

export function phase(name, state = "waiting", extra = {}) {
  return { phase: name, agent: AGENT[name], state, started_at: null, ended_at: null, attempts: 0, timeout_s: null, expected_s: null, done: null, total: null, what: "", says: "", error: null, recovered: null, ...extra };
}

export function summary(id, now, over) {
  return {
    id, title: id, summary: "", severity: "SEV3", state: "triggered", service: null, services: [], drill: true,
    opened_at: iso(now), updated_at: iso(now), acknowledged_at: null, resolved_at: null, owner: null, wants: null, approval: null,
    phases: PHASES.map((name) => phase(name)), responding: false, outcome: null, alerts: { total: 1, firing: 1, kinds: 1 }, reopened: 0, merged_into: null, missing: [], ...over,
  };
}

export function detail(row, over = {}) {
  return { summary: row, offset: 1, alerts: [], detection: null, diagnosis: null, prediction: null, plan: null, actions: [], verification: null, escalation: null, gaps: [], cause_confirmed: null, false_alarm: false, evidence: {}, timeline: [], ...over };
}

export function alert(incident_id, index, at, over = {}) {
  return {
    fingerprint: (0x5eed0000 + index).toString(16).padStart(16, "0"), name: "HighLatency", service: "checkout", source: "alertmanager", severity: "critical", severity_raw: "page", severity_known: true, status: "firing", flapping: false,
    starts_at: iso(at), received_at: iso(at + 900), labels: { alertname: "HighLatency", service: "checkout", severity: "page" }, annotations: { summary: "p99 of checkout is above 1 s" }, link: null, why: "same service as the incident, within 5 min", incident_id, flagged: [], ...over,
  };
}

function poolEvidence(now, onset) {
  const window = { start: iso(now - 30 * 60_000), end: iso(now) };
  const span = { from: now - 30 * 60_000, to: now, onset };
  return [
    metric({ id: "E1", title: "Time to answer, p99, checkout", says: "p99 of checkout rose from 0.24 s to 2.4 s at onset", query: 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{service="checkout"}[1m])))', service: "checkout", unit: "s", window, onset: iso(onset), low: 0.18, high: 0.34, series: [{ name: "p99", ...wave({ ...span, before: 0.24, after: 2.3, seed: 7, noise: 0.18 }) }] }),
    metric({ id: "E2", title: "Failed requests, edge", says: "0.4 % of edge's requests fail; normally none", query: 'sum(rate(http_requests_total{service="edge",code=~"5.."}[1m])) / sum(rate(http_requests_total{service="edge"}[1m]))', service: "edge", unit: "ratio", window, onset: iso(onset + 14_000), low: 0, high: 0.001, series: [{ name: "errors", ...wave({ ...span, before: 0.0004, after: 0.0042, seed: 9, noise: 0.6, gapAt: now - 20 * 60_000 }) }] }),
    metric({ id: "E3", title: "Pool in use, payment", says: "all 64 connections of payment are in use since 6 s after onset", query: 'sum by (service) (db_pool_in_use{service="payment"})', service: "payment", unit: "connections", window, onset: iso(onset), low: 6, high: 18, limit: 64, series: [{ name: "in use", ...wave({ ...span, before: 11, after: 64, seed: 3, noise: 0.02 }) }, { name: "waiting", ...wave({ ...span, before: 0.2, after: 37, seed: 4, noise: 0.5 }) }] }),
    logs({ id: "E4", title: "New log line, payment", says: "never seen before onset; 1,904 times since", query: "payment.log, drain template 8b2", service: "payment", window, onset: iso(onset), patterns: [
      { template: "timeout acquiring connection after <*> ms", service: "payment", level: "error", count_before: 0, count_after: 1904, first_seen: iso(onset + 5000), example: "timeout acquiring connection after 3000 ms <script>alert(1)</script>" },
      { template: "connection returned to pool (<*> idle)", service: "payment", level: "info", count_before: 8211, count_after: 12, first_seen: iso(now - 30 * 60_000), example: "connection returned to pool (53 idle)" }] }),
    changes({ id: "E5", title: "Changes of checkout and payment", says: "checkout 3.1.0 went out 46 min before onset; nothing changed at payment", query: "deploy log, checkout and payment, last 2 h", service: "checkout", window: { start: iso(now - 7200_000), end: iso(now) }, onset: iso(onset), list: [
      { at: iso(onset - 46 * 60_000), service: "checkout", kind: "deploy", what: "release", before: "3.0.4", after: "3.1.0", by: "pipeline" }] }),
    topology({ id: "E6", title: "Who calls payment", says: "checkout calls payment; edge calls checkout", query: "calls seen in the last 30 min", service: "payment", window, edges: EDGES }),
  ];
}

export function poolIncident(now) {
  const id = "INC-1042";
  const onset = now - 4 * 60_000 - 30_000;
  const opened = onset + 8_000;
  const pieces = poolEvidence(now, onset);
  const t = { detect: opened + 1200, diagnose: opened + 13_400, predict: opened + 46_000, plan: opened + 52_000, approve: opened + 54_000 };
  const approval = { plan_id: "7c1f09a2be41", title: "Restart payment, one instance at a time", requested_at: iso(t.approve), expires_at: iso(now + 192_000), reason: "payment needs a person until 20 clean runs (12 so far)", answer: null, by: null, answered_at: null };
  const ended = (name, from, to, extra) => phase(name, "completed", { started_at: iso(from), ended_at: iso(to), attempts: 1, ...extra });
  const row = summary(id, now, {
    title: "Checkout answers slowly", summary: "payment: connection pool full since onset. Restart payment, one instance at a time", severity: "SEV1", state: "identified", service: "checkout", services: ["payment", "checkout", "edge", "cart"], opened_at: iso(opened), updated_at: iso(t.approve), wants: "approve", approval, responding: true, alerts: { total: 118, firing: 112, kinds: 3 }, missing: ["traces"],
    phases: [
      ended("detect", t.detect, t.detect + 12_000, { says: "onset ±6 s, six services", expected_s: 11 }),
      ended("diagnose", t.diagnose, t.diagnose + 31_000, { attempts: 2, says: "payment: connection pool full", recovered: "succeeded at attempt 2, 14.2 s after the first failed", done: 6, total: 6, what: "sources" }),
      ended("predict", t.predict, t.predict + 5_400, { says: "reaches edge and cart" }),
      ended("plan", t.plan, t.plan + 1_700, { says: "restart payment" }),
      phase("approve", "running", { started_at: iso(t.approve), attempts: 1, timeout_s: 900 }),
      phase("act"), phase("verify"),
    ],
  });
  const plan = { id: approval.plan_id, hypothesis_id: "H1", action: "restart", target: "payment", params: { batch: "1" }, title: approval.title, steps: ["restart payment-1, wait until healthy (max 30 s)", "restart payment-2, wait until healthy (max 30 s)"], expected: "p99 of checkout back under 0.34 s within 90 s", risk: "each instance refuses requests for about 4 s while it restarts", undo: "not needed: a restart keeps version and settings", reversible: true, reaches: ["payment", "checkout"], calls: ["POST http://hooks.lab:9000/payment/restart?batch=1"], verified_by: "p99 of checkout in its normal range for 15 s", autonomy: "approve", autonomy_reason: approval.reason, record: { helped: 12, tried: 12 } };
  const timeline = [
    entry(id, opened, "IncidentOpened", { title: "Incident opened", text: "two critical alerts of checkout within 10 s" }),
    entry(id, opened + 10, "AlertGrouped", { title: "Alert joined: HighLatency, checkout", text: "same service as the incident, within 5 min" }),
    ...Array.from({ length: 14 }, (_, i) => entry(id, opened + 100 + i * 40, "AlertGrouped", { title: `Alert joined: HighLatency, ${i % 2 ? "edge" : "cart"}`, text: "one call away from checkout, within 5 min" })),
    entry(id, t.detect - 100, "ResponseStarted", { by: "system:workflow", title: "Response 1 started" }),
    entry(id, t.detect, "PhaseStarted", { agent: "detection", by: "agent:detection", phase: "detect", title: "Detection started" }),
    entry(id, t.detect + 12_000, "Detected", { agent: "detection", by: "agent:detection", phase: "detect", title: "Detection: confirmed", text: "Onset at the time shown ±6 s; first out of range: payment, then checkout (9 s later), edge (14 s).", evidence_ids: ["E1", "E2"] }),
    entry(id, t.detect + 12_001, "PhaseEnded", { agent: "detection", by: "agent:detection", phase: "detect", title: "Detection completed", text: "in 12 s" }),
    entry(id, t.diagnose, "PhaseStarted", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", title: "Diagnosis started" }),
    entry(id, t.diagnose + 8_000, "PhaseRetrying", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", level: "warning", title: "Diagnosis failed at attempt 1, tries again in 6 s", text: "log source timed out after 8 s" }),
    entry(id, t.diagnose + 9_000, "SourceMissing", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", level: "warning", title: "Source missing: traces", text: "answered nothing for 20 min" }),
    entry(id, t.diagnose + 14_000, "PhaseStarted", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", title: "Diagnosis started, attempt 2" }),
    entry(id, t.diagnose + 31_000, "Diagnosed", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", title: "Diagnosis: payment, connection pool full", text: "71 % of the score, uncalibrated. Three pieces of evidence for, one against.", evidence_ids: ["E3", "E4", "E5"] }),
    entry(id, t.predict + 5_400, "Predicted", { agent: "prediction", by: "agent:prediction", phase: "predict", title: "Prediction", text: "Error budget of checkout is gone in 11 min (8 to 16); reaches edge and cart.", evidence_ids: ["E6"] }),
    entry(id, t.plan + 1_700, "PlanProposed", { agent: "resolution", by: "agent:resolution", phase: "plan", title: "Plan 7c1f: restart payment, one instance at a time", text: "Policy: approve. " + approval.reason }),
    entry(id, t.approve, "ApprovalRequested", { agent: "resolution", by: "agent:resolution", phase: "approve", level: "wants", title: "A person is wanted: approve or reject plan 7c1f", text: "until the time shown on the card" }),
    entry(id, t.approve + 20_000, "NoteAdded", { by: "person:ada", title: "Note by ada", text: "Looking at payment's dashboards now." }),
  ];
  const argument = (evidence_id, says, weight) => ({ evidence_id, says, weight });
  return detail(row, {
    alerts: Array.from({ length: 24 }, (_, i) => alert(id, i, opened + i * 900, i === 0 ? {} : i % 5 === 0 ? { name: "ErrorRatio", service: "edge", severity: "error", severity_raw: "P2", why: "one call away from checkout, within 5 min" } : i % 7 === 0 ? { name: "PoolWaiters", service: "payment", severity: "error", severity_raw: "urgent!!", severity_known: false, flapping: true, why: "called by checkout, within 5 min" } : i % 4 === 0 ? { status: "resolved" } : {})),
    detection: { verdict: "confirmed", says: "Six services out of their range, payment first.", onset: iso(onset), onset_error_s: 6, services: ["payment", "checkout", "edge", "cart"], gaps: [], evidence: pieces.slice(0, 2), indicators: [
      { service: "checkout", series: "p99", labels: {}, unit: "s", normal_low: 0.18, normal_high: 0.34, bad_when: "above", onset: iso(onset), worst: 2.4 },
      { service: "edge", series: "errors", labels: {}, unit: "ratio", normal_low: 0, normal_high: 0.001, bad_when: "above", onset: iso(onset + 14_000), worst: 0.0044 }] },
    diagnosis: { none_of_these: 0.11, abstained: false, elsewhere: [{ service: "catalog", says: "INC-1039 is open on catalog", incident_id: "INC-1039" }, { service: "search", says: "answers slower than before; nothing calls it from here", incident_id: null }], says: "payment: connection pool full", evidence: pieces.slice(2, 5), gaps: [{ source: "host metrics", reason: "not connected" }], hypotheses: [
      { id: "H1", service: "payment", cause: "pool_exhaustion", title: "payment: connection pool full", probability: 0.71, calibrated: false, subject: "db pool", in_favour: [argument("E3", "64 of 64 in use since 6 s after onset", 0.44), argument("E4", "a new line about waiting for connections, 1,904 times", 0.27)], against: [] },
      { id: "H2", service: "checkout", cause: "bad_release", title: "checkout: release 3.1.0", probability: 0.18, calibrated: false, subject: "3.1.0", in_favour: [argument("E5", "a release went out before onset", 0.21)], against: [argument("E1", "latency stayed in range for the 46 min after it", 0.12)] }] },
    prediction: { says: "Checkout's error budget runs out; edge and cart wait for checkout.", blast_services: ["checkout", "edge"], blast_share: 0.62, evidence: [pieces[5]], gaps: [], forecasts: [
      { service: "checkout", series: "error budget", unit: "ratio", limit: 0, limit_is: "error budget", in_s: 660, low_s: 480, high_s: 960, level: 0.8, method: "linear trend, bootstrap", made_at: iso(t.predict), evidence_id: "E2" },
      { service: "payment", series: "in use", unit: "connections", limit: 64, limit_is: "pool size", in_s: 0, low_s: 0, high_s: 0, level: 0.8, method: "linear trend", made_at: iso(t.predict), evidence_id: "E3" }] },
    plan, gaps: [{ source: "traces", reason: "answered nothing for 20 min" }, { source: "host metrics", reason: "not connected" }],
    evidence: Object.fromEntries(pieces.map((piece) => [piece.id, piece])), timeline,
  });
}
