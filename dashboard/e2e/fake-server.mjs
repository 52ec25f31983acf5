// Test only: serves the export with its policies and plays a board of made-up incidents. Never shipped.
// node e2e/fake-server.mjs [--port N] [--empty] [--token T] [--live environment] [--quiet no stream]
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { agents, board, components, intake } from "./board.mjs";
import { iso } from "./evidence.mjs";
import { EDGES, PHASES, detail, entry, phase, summary } from "./incidents.mjs";

const arg = (name) => { const i = process.argv.indexOf(`--${name}`); return i < 0 ? undefined : (process.argv[i + 1] ?? ""); };
const OUT = fileURLToPath(new URL("../out", import.meta.url));
const TOKEN = arg("token");
const EMPTY = process.argv.includes("--empty");
const started = Date.now();
const epoch = started.toString(36);
const policies = () => JSON.parse(readFileSync(join(OUT, "csp.json"), "utf8"));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain", ".json": "application/json" };

const incidents = new Map(EMPTY ? [] : board(started).map((one) => [one.summary.id, one]));
const stream = [...incidents.values()].flatMap((one) => one.timeline).sort((a, b) => a.at.localeCompare(b.at)).map((one, i) => ({ ...one, position: i + 1 }));
const channels = new Map();
let drill = null;
let position = stream.length + 5000;

const rows = () => [...incidents.values()].map((one) => one.summary);
function snapshot(name) {
  if (name === "incidents") return { items: rows() };
  if (name === "agents") return { items: EMPTY ? agents(Date.now()).map((one) => ({ ...one, state: "idle_unknown", completed: 0, failed: 0, abstained: 0, median_s: null, p95_s: null, running: [], last_error: null, says: "has not run yet", accuracy: one.accuracy.map(({ of }) => ({ of, resolved: 0, n: 0, right: 0, wrong: 0, abstained: 0, unknown: 0, by_person: 0, precision: null, recall: null, share_right: null, low95: null, high95: null, coverage: null, calibrated: false, needed: 30, pairs: 0, brier: null, ece: null, in_interval: null, bins: [], says: `unknown: no resolved ${of === "real" ? "incident" : "drill"} has a known truth` })) })) : agents(Date.now()) };
  if (name === "health") return { items: EMPTY ? components(Date.now()).map((one) => ({ ...one, state: "ok", says: "answers" })) : components(Date.now()) };
  if (name === "intake") return EMPTY ? { ...intake(Date.now()), received: 0, last_minute: { received: 0, incidents_opened: 0 } } : intake(Date.now());
  if (name === "events") return { items: stream.slice(-200) };
  return incidents.get(name.replace("incident:", ""));
}

function channel(name) {
  if (!channels.has(name)) channels.set(name, { offset: 0, history: [], sockets: new Set() });
  return channels.get(name);
}

function publish(name, data, key) {
  const one = channel(name);
  one.offset += 1;
  const message = { type: "event", channel: name, offset: one.offset, key, kind: "change", ts: iso(Date.now()), data };
  one.history.push(message);
  if (one.history.length > 500) one.history.shift();
  for (const socket of one.sockets) socket.send(JSON.stringify(message));
}

export function happen(id, made, changes = {}) {
  const one = incidents.get(id);
  position += 1;
  const line = { ...made, position, offset: position };
  const { evidence, ...fields } = changes;
  const row = { ...(fields.summary ?? one.summary), updated_at: line.at };
  incidents.set(id, { ...one, ...fields, summary: row, evidence: { ...one.evidence, ...evidence }, timeline: [...one.timeline, line] });
  stream.push(line);
  publish("incidents", row, id);
  publish(`incident:${id}`, { entry: line, changes: { ...fields, summary: row, ...(evidence ? { evidence } : {}) } });
  publish("events", line);
}

function withPhase(row, name, change) {
  return { ...row, phases: row.phases.map((one) => (one.phase === name ? { ...one, ...change } : one)) };
}

function run(id, names, last) {
  const [name, ...rest] = names;
  if (name === undefined) return last();
  const agent = phase(name).agent;
  happen(id, entry(id, Date.now(), "PhaseStarted", { agent, by: `agent:${agent}`, phase: name, title: `${name} started` }), { summary: withPhase(incidents.get(id).summary, name, { state: "running", started_at: iso(Date.now()), attempts: 1, expected_s: 2 }) });
  setTimeout(() => {
    happen(id, entry(id, Date.now(), "PhaseEnded", { agent, by: `agent:${agent}`, phase: name, title: `${name} completed`, text: "in 2.0 s" }), { summary: withPhase(incidents.get(id).summary, name, { state: "completed", ended_at: iso(Date.now()) }) });
    run(id, rest, last);
  }, 2000);
}

function resolve(id, by) {
  const row = incidents.get(id).summary;
  happen(id, entry(id, Date.now(), "StateChanged", { by, title: "Resolved", text: "verified" }), { summary: { ...row, state: "resolved", resolved_at: iso(Date.now()), wants: null, responding: false, outcome: "resolved" } });
  drill = null;
}

function startDrill() {
  const id = `INC-${2000 + incidents.size}`;
  drill = { id: "drill-1" };
  incidents.set(id, detail(summary(id, Date.now(), { title: "Cart returns errors", summary: "two critical alerts of cart within 10 s", severity: "SEV2", state: "investigating", service: "cart", services: ["cart"], responding: true })));
  happen(id, entry(id, Date.now(), "IncidentOpened", { title: "Incident opened", text: "two critical alerts of cart within 10 s" }));
  run(id, PHASES.filter((name) => name !== "approve"), () => resolve(id, "agent:resolution"));
}

function problem(response, status, title, detailText, reason) {
  response.writeHead(status, { "Content-Type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title, status, detail: detailText, reason }));
}

function answer(id, name, body) {
  const one = incidents.get(id);
  const row = one.summary;
  const by = body.by ?? "person:operator";
  const now = Date.now();
  if (name === "approve" || name === "reject") {
    if (body.plan_id !== one.plan?.id || row.approval?.answer) return "The plan is not the one that was shown";
    const approval = { ...row.approval, answer: `${name === "approve" ? "approved" : "rejected"}`, by, answered_at: iso(now) };
    happen(id, entry(id, now, name === "approve" ? "ActionApproved" : "ActionRejected", { by, title: name === "approve" ? "Plan approved" : "Plan rejected", text: body.reason ?? "" }), { summary: withPhase({ ...row, approval, wants: null }, "approve", { state: "completed", ended_at: iso(now) }) });
    if (name === "approve") run(id, ["act", "verify"], () => resolve(id, "agent:resolution"));
  } else if (name === "acknowledge" && row.owner && !body.take_over) return `${row.owner} has it`;
  else if (name === "look_again") {
    if (row.responding) return "The agents are at work on it now";
    happen(id, entry(id, now, "ResponseStarted", { by, title: "Response 2 started", text: body.reason ?? "" }), { escalation: null, summary: { ...row, responding: true, wants: null, outcome: null } });
  } else if (name === "take_back") {
    const actions = one.actions.map((run) => (run.plan_id === body.plan_id ? { ...run, state: "undone", can_take_back: false, take_back_says: "It was taken back." } : run));
    happen(id, entry(id, now, "ActionUndone", { by, title: "Taken back: roll back cart", text: body.reason }), { actions });
  } else if (name === "merge") happen(id, entry(id, now, "IncidentMerged", { by, title: `Merged into ${body.into}`, text: body.reason }), { summary: { ...row, state: "merged", merged_into: body.into, wants: null } });
  else if (name === "acknowledge") happen(id, entry(id, now, "IncidentAcknowledged", { by, title: "Acknowledged", text: body.note ?? "" }), { summary: { ...row, owner: by, acknowledged_at: iso(now), wants: row.wants === "take_over" ? null : row.wants } });
  else if (name === "resolve") resolve(id, by);
  else if (name === "reopen") happen(id, entry(id, now, "IncidentReopened", { by, title: "Reopened", text: body.reason }), { summary: { ...row, state: "reopened", resolved_at: null, reopened: row.reopened + 1 } });
  else if (name === "cause") happen(id, entry(id, now, "CauseConfirmed", { by, title: "Says what it was" }), { cause_confirmed: { service: body.service, cause: body.cause, by } });
  else if (name === "notes") happen(id, entry(id, now, "NoteAdded", { by, title: "Note", text: body.text }));
  return null;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

async function api(request, response, path) {
  if (TOKEN && request.headers.authorization !== `Bearer ${TOKEN}`) return problem(response, 401, "Not signed in", "a token is needed", "unauthenticated");
  const json = (body, status = 200) => { response.writeHead(status, { "Content-Type": "application/json" }); response.end(JSON.stringify(body)); };
  if (path === "/api/v1/server") return json({ version: "0.1.0", epoch, head: position, started_at: iso(started), environment: process.argv.includes("--live") ? "live" : "lab", uptime_s: (Date.now() - started) / 1000 });
  if (path === "/api/v1/lab/drills" && request.method === "POST") { startDrill(); return json({}, 202); }
  if (path === "/api/v1/lab") return json({ running: true, drills_available: true, drill });
  if (path === "/api/v1/topology") return json({ edges: EDGES, services: ["edge", "catalog", "cart", "checkout", "payment", "inventory"], as_of: iso(Date.now()) });
  if (path === "/api/v1/incidents") return json({ items: rows(), next_cursor: null });
  if (path === "/api/v1/agents") return json(snapshot("agents"));
  if (path === "/api/v1/intake") return json(snapshot("intake"));
  if (path === "/dashboard/health/detailed") return json({ state: "degraded", as_of: iso(Date.now()), components: snapshot("health").items });
  if (path === "/api/v1/test/replan") {
    const one = incidents.get("INC-1042");
    const plan = { ...one.plan, id: "99ab00c1d2e3", steps: [...one.plan.steps, "restart payment-3, wait until healthy (max 30 s)"] };
    const approval = { ...one.summary.approval, plan_id: plan.id };
    happen("INC-1042", entry("INC-1042", Date.now(), "PlanProposed", { agent: "resolution", by: "agent:resolution", phase: "plan", title: "Plan 99ab" }), { plan, summary: { ...one.summary, approval } });
    return json({});
  }
  const match = /^\/api\/v1\/incidents\/([^/]+)(?:\/(\w+))?$/.exec(path);
  const id = match && decodeURIComponent(match[1]);
  if (!match || !incidents.has(id)) return problem(response, 404, "No such incident", `${id} is not known here`, "not_found");
  if (match[2] === undefined) return json(incidents.get(id));
  const refusal = answer(id, match[2], await bodyOf(request));
  return refusal ? problem(response, 409, "Conflict", refusal, "conflict") : json(incidents.get(id).summary);
}

function file(response, path) {
  let name = join(OUT, path);
  if (existsSync(name) && statSync(name).isDirectory()) name = join(name, "index.html");
  const missing = !existsSync(name);
  if (missing) name = join(OUT, "404.html");
  const policy = policies()[name.slice(OUT.length)];
  response.writeHead(missing ? 404 : 200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", ...(policy ? { "Content-Security-Policy": policy } : {}) });
  createReadStream(name).pipe(response);
}

const server = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  if (path.startsWith("/api/") || path.startsWith("/dashboard/health")) void api(request, response, path);
  else file(response, path);
});

const sockets = new WebSocketServer({ server, path: "/ws", handleProtocols: (offered) => (offered.has("quell.v1") ? "quell.v1" : false) });
sockets.on("connection", (socket, request) => {
  const offered = request.headers["sec-websocket-protocol"] ?? "";
  const bearer = `quell.bearer.${Buffer.from(TOKEN ?? "").toString("base64url")}`;
  if (TOKEN && !offered.split(/, ?/).includes(bearer)) return socket.close(4501, "a token is needed");
  const send = (message) => socket.send(JSON.stringify(message));
  send({ type: "hello", version: 1, epoch, server: "0.1.0", heartbeat_s: 5 });
  const beat = setInterval(() => send({ type: "ping", ts: iso(Date.now()) }), 5000);
  send({ type: "ping", ts: iso(Date.now()) });
  socket.on("message", (text) => {
    const body = JSON.parse(text);
    for (const message of Array.isArray(body) ? body : [body]) {
      if (message.type === "ping") send({ type: "pong", id: message.id });
      if (message.type === "unsubscribe") channel(message.channel).sockets.delete(socket);
      if (message.type !== "subscribe") continue;
      const data = snapshot(message.channel);
      if (data === undefined) { send({ type: "error", code: "unknown_channel", message: "no such channel" }); continue; }
      const one = channel(message.channel);
      one.sockets.add(socket);
      const since = message.since;
      const missed = since?.epoch === epoch ? one.history.filter((event) => event.offset > since.offset) : null;
      if (missed && (missed.length === one.offset - since.offset)) {
        send({ type: "subscribed", channel: message.channel, epoch, offset: one.offset, recovered: true });
        if (missed.length) socket.send(JSON.stringify(missed));
      } else send({ type: "subscribed", channel: message.channel, epoch, offset: one.offset, recovered: false, snapshot: data });
    }
  });
  socket.on("close", () => { clearInterval(beat); for (const one of channels.values()) one.sockets.delete(socket); });
});

if (!EMPTY && !process.argv.includes("--quiet")) {
  let turn = 0;
  setInterval(() => {
    turn += 1;
    position += 1;
    const line = { ...entry("INC-1039", Date.now(), "PhaseProgressed", { agent: "diagnosis", by: "agent:diagnosis", phase: "diagnose", title: `diagnose: ${turn % 7} of 7 sources` }), position };
    stream.push(line);
    publish("events", line);
    publish("intake", { ...intake(Date.now()), received: 8214 + turn });
  }, 1000);
}

if (process.argv.includes("--flood")) {
  for (let n = 0; n < 300; n += 1) incidents.set(`INC-${5000 + n}`, detail(summary(`INC-${5000 + n}`, started - n * 1000, { title: `Incident ${n}`, summary: "one of many", severity: `SEV${1 + (n % 4)}` })));
  let turn = 0;
  setInterval(() => {
    turn += 1;
    for (let n = 0; n < 20; n += 1) {
      position += 1;
      const line = { ...entry(`INC-${5000 + ((turn + n) % 300)}`, Date.now(), "NoteAdded", { agent: "diagnosis", by: "agent:diagnosis", title: `line ${position}`, text: "flood" }), position };
      stream.push(line);
      publish("events", line);
    }
    const id = `INC-${5000 + (turn % 300)}`;
    const one = incidents.get(id);
    publish("incidents", { ...one.summary, summary: `changed ${turn}` }, id);
  }, 50);
}

server.listen(Number(arg("port") ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/ops/`));
