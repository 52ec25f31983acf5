// Test only: the board of incidents around the detailed one, and the system's own health.
import { iso, metric, wave } from "./evidence.mjs";
import { alert, detail, entry, phase, poolIncident, summary } from "./incidents.mjs";

const done = (name, from, seconds, extra = {}) => phase(name, "completed", { started_at: iso(from), ended_at: iso(from + seconds * 1000), attempts: 1, ...extra });

function memory(now) {
  const id = "INC-1039";
  const from = now - 12 * 60_000;
  const row = summary(id, now, { title: "Catalog memory grows", summary: "catalog: resident memory out of range since the deploy of 2.4.1", severity: "SEV2", state: "investigating", service: "catalog", services: ["catalog"], opened_at: iso(from), responding: true, owner: "person:ada", acknowledged_at: iso(from + 9000), next_look_at: iso(now + 95_000), alerts: { total: 9, firing: 9, kinds: 2 }, drill: true,
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
    actions: [{ plan_id: "aa01", action: "restart", target: "cart", started_at: iso(from + 30_000), ended_at: iso(from + 34_000), state: "undone", output: "put back", verdict: "not_recovered" }, { plan_id: "b2c9", action: "roll_back", target: "cart", started_at: iso(from + 45_000), ended_at: iso(from + 51_000), state: "done", output: "cart 2.0.1 -> 2.0.0\n2 instances healthy", verdict: "recovered", can_take_back: true, take_back_says: "Cart goes back to 2.0.1." }],
    verification: { verdict: "recovered", says: "Error ratio of cart in range for 15 s, 31 s after the roll-back", took_s: 31, credit: "action", credit_says: "", readings: [{ service: "cart", series: "error ratio", unit: "ratio", value: 0.0002, normal_low: 0, normal_high: 0.002, in_range: true }, { service: "edge", series: "p99", unit: "s", value: 0.31, normal_low: 0.2, normal_high: 0.42, in_range: true }] },
    timeline: [entry(id, from, "IncidentOpened", { title: "Incident opened", text: "CrashLoop of cart" }), entry(id, from + 74_000, "StateChanged", { by: "agent:resolution", title: "Resolved", text: "verified" })] });
}

export function board(now) {
  return [poolIncident(now), memory(now), verifying(now), escalated(now), resolved(now)];
}

function accuracy(of, over = {}) {
  return { of, resolved: 0, n: 0, right: 0, wrong: 0, abstained: 0, unknown: 0, by_person: 0, precision: null, recall: null, share_right: null, low95: null, high95: null, coverage: null, calibrated: false, needed: 30, pairs: 0, brier: null, ece: null, in_interval: null, bins: [], says: `unknown: no resolved ${of === "real" ? "incident" : "drill"} has a known truth`, ...over };
}

const bin = (low, count, mean_probability, share_right, low95, high95) => ({ low, high: low + 0.1, count, mean_probability, share_right, low95, high95 });
const BINS = [bin(0.3, 2, 0.36, 0.5, 0.09, 0.91), bin(0.5, 4, 0.56, 0.5, 0.15, 0.85), bin(0.7, 7, 0.76, 0.714, 0.36, 0.92), bin(0.8, 11, 0.86, 0.909, 0.62, 0.98), bin(0.9, 17, 0.95, 0.941, 0.73, 0.99)];
const KNOWN = {
  detection: [{ resolved: 12, n: 9, right: 8, wrong: 1, abstained: 0, unknown: 3, by_person: 4, precision: 0.8889, recall: 1, share_right: 0.8889, low95: 0.5650, high95: 0.9801, coverage: 1, says: "right in 8 of 9" }, { resolved: 44, n: 41, right: 40, wrong: 1, unknown: 3, by_person: 6, precision: 1, recall: 0.9756, share_right: 0.9756, low95: 0.874, high95: 0.9957, coverage: 1, calibrated: true, says: "right in 40 of 41" }],
  diagnosis: [{ resolved: 12, n: 9, right: 6, wrong: 1, abstained: 2, unknown: 3, by_person: 4, precision: 0.8571, recall: 0.6667, share_right: 0.8571, low95: 0.4869, high95: 0.9743, coverage: 0.7778, pairs: 9, brier: 0.142, ece: 0.11, bins: [bin(0.7, 4, 0.75, 0.75, 0.3, 0.95), bin(0.9, 5, 0.93, 0.8, 0.38, 0.96)], says: "right in 6 of 7" }, { resolved: 44, n: 41, right: 34, wrong: 3, abstained: 4, unknown: 3, by_person: 6, precision: 0.9189, recall: 0.8293, share_right: 0.9189, low95: 0.787, high95: 0.972, coverage: 0.9024, calibrated: true, pairs: 41, brier: 0.091, ece: 0.048, bins: BINS, says: "right in 34 of 37" }],
  prediction: [{}, { resolved: 44, n: 6, right: 5, wrong: 1, unknown: 38, precision: 0.8333, share_right: 0.8333, low95: 0.4365, high95: 0.9699, coverage: 1, pairs: 7, in_interval: 0.8571, says: "right in 5 of 6" }],
  resolution: [{ resolved: 12, n: 8, right: 6, wrong: 1, abstained: 1, unknown: 4, by_person: 1, precision: 0.8571, recall: 0.75, share_right: 0.8571, low95: 0.4869, high95: 0.9743, coverage: 0.875, says: "right in 6 of 7" }, { resolved: 44, n: 40, right: 35, wrong: 4, abstained: 1, unknown: 4, by_person: 1, precision: 0.8974, recall: 0.875, share_right: 0.8974, low95: 0.764, high95: 0.9594, coverage: 0.975, calibrated: true, says: "right in 35 of 39" }],
};

export function agents(now) {
  const agent = (name, over) => ({ agent: name, state: "healthy", running: [], completed: 24, failed: 0, timed_out: 0, abstained: 1, last_ended_at: iso(now - 40_000), last_error: null, median_s: 9.4, p95_s: 14.1, says: "24 of the last 25 phases completed", accuracy: [accuracy("real", KNOWN[name][0]), accuracy("drills", KNOWN[name][1])], ...over });
  return [agent("detection", {}), agent("diagnosis", { running: ["INC-1039"], failed: 3, state: "degraded", median_s: 22, p95_s: 48, last_error: "log source timed out after 8 s", says: "3 of the last 25 phases failed" }), agent("prediction", { state: "idle_unknown", completed: 0, abstained: 0, last_ended_at: null, median_s: null, p95_s: null, says: "has not run yet" }), agent("resolution", { running: ["INC-1042"] })];
}

export function components(now) {
  const part = (name, kind, state, says) => ({ name, kind, state, says, since: iso(now - 900_000), measured: {} });
  return [part("event log", "store", "ok", "last append took 1.2 ms"), part("scrape", "source", "ok", "6 of 6 endpoints answer"), part("traces", "source", "down", "no answer for 20 min, 14 tries; diagnosis goes on without it"), part("logfiles", "source", "degraded", "logs of cart: file not found"), part("sockets", "socket", "ok", "1 open"), part("responses", "workflow", "ok", "3 running")];
}

export function intake(now) {
  return { received: 8214, rejected: 3, silenced: 120, duplicate: 6011, grouped: 1902, opening: 31, held: 147, by_source: { alertmanager: 8214 }, last_minute: { received: 214, incidents_opened: 6 }, since: iso(now - 3600_000) };
}
