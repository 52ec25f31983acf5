// Test only: the board of incidents around the detailed one, and the system's own health.
import { iso, metric, wave } from "./evidence.mjs";
import { alert, detail, entry, phase, poolIncident, summary } from "./incidents.mjs";

const done = (name, from, seconds, extra = {}) => phase(name, "completed", { started_at: iso(from), ended_at: iso(from + seconds * 1000), attempts: 1, ...extra });

function memory(now) {
  const id = "INC-1039";
  const from = now - 12 * 60_000;
  const row = summary(id, now, { title: "Catalog memory grows", summary: "catalog: resident memory out of range since the deploy of 2.4.1", severity: "SEV2", state: "investigating", service: "catalog", services: ["catalog"], opened_at: iso(from), responding: true, owner: "person:ada", acknowledged_at: iso(from + 9000), alerts: { total: 9, firing: 9, kinds: 2 }, drill: true,
    phases: [done("detect", now - 41_000, 9), phase("diagnose", "running", { started_at: iso(now - 32_000), attempts: 1, expected_s: 48, timeout_s: 90, done: 3, total: 7, what: "sources" }), ...["predict", "plan", "approve", "act", "verify"].map((name) => phase(name))] });
  const piece = metric({ id: "E1", title: "Resident memory, catalog", says: "grows 9 MB a minute since the deploy", query: 'process_resident_memory_bytes{service="catalog"}', service: "catalog", unit: "bytes", window: { start: iso(now - 1800_000), end: iso(now) }, onset: iso(from), low: 180e6, high: 214e6, limit: 512e6, series: [{ name: "resident memory", ...wave({ from: now - 1800_000, to: now, onset: from, before: 196e6, after: 310e6, noise: 0.03, seed: 5 }) }] });
  return detail(row, { alerts: [alert(id, 50, from, { name: "MemoryHigh", service: "catalog" })], evidence: { E1: piece }, detection: { verdict: "confirmed", says: "Resident memory of catalog is out of range.", onset: iso(from), onset_error_s: 20, services: ["catalog"], gaps: [], evidence: [piece], indicators: [{ service: "catalog", series: "resident memory", labels: {}, unit: "bytes", normal_low: 180e6, normal_high: 214e6, bad_when: "above", onset: iso(from), worst: 310e6 }] },
    timeline: [entry(id, from, "IncidentOpened", { title: "Incident opened", text: "MemoryHigh of catalog" }), entry(id, from + 9000, "IncidentAcknowledged", { by: "person:ada", title: "Acknowledged by ada" })] });
}

function verifying(now) {
  const id = "INC-1038";
  const from = now - 95_000;
  const row = summary(id, now, { title: "Inventory returns errors", summary: "Roll inventory back to 1.8.0", severity: "SEV2", state: "monitoring", service: "inventory", services: ["inventory", "checkout"], opened_at: iso(from), responding: true, alerts: { total: 63, firing: 41, kinds: 2 },
    phases: [done("detect", from, 8), done("diagnose", from + 9000, 21), done("predict", from + 31_000, 3), done("plan", from + 35_000, 1), phase("approve", "completed", { says: "auto", started_at: iso(from + 36_000), ended_at: iso(from + 36_020), attempts: 1 }), done("act", from + 37_000, 11), phase("verify", "running", { started_at: iso(from + 48_000), attempts: 1, done: 6, total: 15, what: "readings in range" })] });
  return detail(row, { timeline: [entry(id, from, "IncidentOpened", { title: "Incident opened", text: "ErrorRatio of inventory" })] });
}

function escalated(now) {
  const id = "INC-1031";
  const from = now - 23 * 60_000;
  const row = summary(id, now, { title: "Edge p99 above target", summary: "No cause reaches 60 %: two hypotheses are close, logs of cart are missing", severity: "SEV3", state: "triggered", service: "edge", services: ["edge", "cart"], opened_at: iso(from), wants: "take_over", outcome: "escalated", alerts: { total: 7, firing: 7, kinds: 1 }, missing: ["logs of cart"],
    phases: [done("detect", from, 8), phase("diagnose", "abstained", { started_at: iso(from + 9000), ended_at: iso(from + 40_000), attempts: 1, says: "no cause reaches 60 %" }), phase("predict", "failed", { started_at: iso(from + 41_000), ended_at: iso(from + 46_000), attempts: 3, error: "too few points" }), phase("plan", "abstained", { attempts: 1 }), phase("approve"), phase("act"), phase("verify")] });
  return detail(row, { escalation: { reason: "No cause reaches 60 %: two hypotheses are close, logs of cart are missing", missing: ["logs of cart"] }, gaps: [{ source: "logs of cart", reason: "file not found" }], timeline: [entry(id, from, "IncidentOpened", { title: "Incident opened", text: "p99 of edge above target" }), entry(id, from + 50_000, "Escalated", { by: "system:workflow", level: "wants", title: "Handed over to a person", text: "No cause reaches 60 %." })] });
}

function resolved(now) {
  const id = "INC-1027";
  const from = now - 3 * 3600_000;
  const all = ["detect", "diagnose", "predict", "plan", "approve", "act", "verify"].map((name, i) => done(name, from + i * 9000, 8));
  const row = summary(id, now, { title: "Cart crashes in a loop", summary: "Recovered: error ratio of cart in range for 15 s, 31 s after the roll-back", severity: "SEV2", state: "resolved", service: "cart", services: ["cart"], opened_at: iso(from), resolved_at: iso(from + 74_000), updated_at: iso(from + 74_000), outcome: "resolved", alerts: { total: 31, firing: 0, kinds: 2 }, phases: all });
  return detail(row, {
    actions: [{ plan_id: "aa01", action: "restart", target: "cart", started_at: iso(from + 30_000), ended_at: iso(from + 34_000), state: "undone", output: "put back", verdict: "not_recovered" }, { plan_id: "b2c9", action: "roll_back", target: "cart", started_at: iso(from + 45_000), ended_at: iso(from + 51_000), state: "done", output: "cart 2.0.1 -> 2.0.0\n2 instances healthy", verdict: "recovered" }],
    verification: { verdict: "recovered", says: "Error ratio of cart in range for 15 s, 31 s after the roll-back", took_s: 31, readings: [{ service: "cart", series: "error ratio", unit: "ratio", value: 0.0002, normal_low: 0, normal_high: 0.002, in_range: true }, { service: "edge", series: "p99", unit: "s", value: 0.31, normal_low: 0.2, normal_high: 0.42, in_range: true }] },
    timeline: [entry(id, from, "IncidentOpened", { title: "Incident opened", text: "CrashLoop of cart" }), entry(id, from + 74_000, "StateChanged", { by: "agent:resolution", title: "Resolved", text: "verified" })] });
}

export function board(now) {
  return [poolIncident(now), memory(now), verifying(now), escalated(now), resolved(now)];
}

export function agents(now) {
  const agent = (name, over) => ({ agent: name, state: "healthy", running: [], completed: 24, failed: 0, timed_out: 0, abstained: 1, last_ended_at: iso(now - 40_000), last_error: null, median_s: 9.4, p95_s: 14.1, says: "24 of the last 25 phases completed", ...over });
  return [agent("detection", {}), agent("diagnosis", { running: ["INC-1039"], failed: 3, state: "degraded", median_s: 22, p95_s: 48, last_error: "log source timed out after 8 s", says: "3 of the last 25 phases failed" }), agent("prediction", { state: "idle_unknown", completed: 0, abstained: 0, last_ended_at: null, median_s: null, p95_s: null, says: "has not run yet" }), agent("resolution", { running: ["INC-1042"] })];
}

export function components(now) {
  const part = (name, kind, state, says) => ({ name, kind, state, says, since: iso(now - 900_000), measured: {} });
  return [part("event log", "store", "ok", "last append took 1.2 ms"), part("scrape", "source", "ok", "6 of 6 endpoints answer"), part("traces", "source", "down", "no answer for 20 min, 14 tries; diagnosis goes on without it"), part("logfiles", "source", "degraded", "logs of cart: file not found"), part("sockets", "socket", "ok", "1 open"), part("responses", "workflow", "ok", "3 running")];
}

export function intake(now) {
  return { received: 8214, rejected: 3, silenced: 120, duplicate: 6011, grouped: 1902, opening: 31, held: 147, by_source: { alertmanager: 8214 }, last_minute: { received: 214, incidents_opened: 6 }, since: iso(now - 3600_000) };
}
