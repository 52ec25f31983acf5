/**
 * One live connection as a pure state machine: inputs in, the next state and effects out.
 *
 * It reads no clock and rolls no dice; `socket.ts` performs what it asks for.
 */
import { backoffMs } from "./backoff";
import { UNKNOWN_SKEW, heardEvent, heardPing, heardPong, type ClockSkew } from "./clock";
import {
  PROTOCOL_VERSION,
  mayReconnect,
  readFrame,
  readTs,
  type ClientMessage,
  type Cursor,
  type EventMessage,
  type ServerMessage,
} from "./protocol";

export const STALE_MS = 15_000;
export const OPENING_MS = 8_000;
export const STABLE_MS = 10_000;
export const POLL_AFTER_FAILURES = 3;
export const POLL_MS = 5_000;

export type Link = "idle" | "connecting" | "open" | "waiting" | "refused";

/** `tried` until REST has answered, and again when it no longer does. */
export type Polling = "off" | "tried" | "answered";

export interface Channel {
  /** `asked` until the server answers, then `live`. */
  status: "wanted" | "asked" | "live";
  cursor: Cursor | null;
  /** The offset to reach before this channel is up to date; null until the server has answered once. */
  head: number | null;
  /** Events to come until then, as the server counted them: offsets have gaps. */
  missing: number;
}

export interface Session {
  link: Link;
  online: boolean;
  failures: number;
  /** Browser time of the next try; null when none is planned. */
  retryAt: number | null;
  linkSince: number;
  /** Browser time at which something fresh last arrived, by socket or by polling. */
  heardAt: number | null;
  channels: Readonly<Record<string, Channel>>;
  heartbeatMs: number;
  polling: Polling;
  polledAt: number | null;
  skew: ClockSkew;
  server: string | null;
  /** Why the server will not have us. */
  refusal: { code: number; reason: string } | null;
}

export type Input =
  | { type: "start" }
  | { type: "stop" }
  | { type: "opened" }
  | { type: "frame"; text: string }
  | { type: "closed"; code: number; reason: string }
  | { type: "tick" }
  | { type: "retry" }
  | { type: "online"; online: boolean }
  | { type: "subscribe"; channel: string }
  | { type: "unsubscribe"; channel: string }
  | { type: "polled"; ok: boolean };

export type Effect =
  | { type: "connect" }
  | { type: "disconnect"; code: number; reason: string }
  | { type: "send"; messages: ClientMessage[] }
  | { type: "snapshot"; channel: string; offset: number; data: unknown }
  /** `late` when it is history that was missed, and no news. */
  | { type: "event"; event: EventMessage; late: boolean }
  | { type: "trouble"; code: string; message: string; channel: string | null }
  | { type: "poll" };

export type Step = readonly [Session, readonly Effect[]];

export function newSession(nowMs: number): Session {
  return {
    link: "idle",
    online: true,
    failures: 0,
    retryAt: null,
    linkSince: nowMs,
    heardAt: null,
    channels: {},
    heartbeatMs: 5_000,
    polling: "off",
    polledAt: null,
    skew: UNKNOWN_SKEW,
    server: null,
    refusal: null,
  };
}

/**
 * Take one input in.
 *
 * @param chance in [0, 1), used once for the back-off.
 */
export function step(session: Session, input: Input, nowMs: number, chance: number): Step {
  switch (input.type) {
    case "start":
      return session.link === "idle" ? connect(session, nowMs) : [session, []];
    case "stop":
      return [{ ...newSession(nowMs), online: session.online }, [disconnect(1000, "the page is left")]];
    case "opened":
      return [{ ...session, link: "open", linkSince: nowMs, heardAt: session.heardAt ?? nowMs, retryAt: null }, []];
    case "frame":
      return frame(session, input.text, nowMs, chance);
    case "closed":
      return closed(session, input.code, input.reason, nowMs, chance);
    case "tick":
      return tick(session, nowMs, chance);
    case "retry":
      return session.link === "idle" || session.link === "open" ? [session, []] : connect(session, nowMs);
    case "online":
      return wentOnline(session, input.online, nowMs);
    case "subscribe":
      return subscribe(session, input.channel);
    case "unsubscribe":
      return unsubscribe(session, input.channel);
    case "polled":
      return [polled(session, input.ok, nowMs), []];
  }
}

function disconnect(code: number, reason: string): Effect {
  return { type: "disconnect", code, reason };
}

function connect(session: Session, nowMs: number): Step {
  return [{ ...session, link: "connecting", linkSince: nowMs, retryAt: null, refusal: null }, [{ type: "connect" }]];
}

function mapChannels(session: Session, change: (channel: Channel) => Channel): Session["channels"] {
  return Object.fromEntries(Object.entries(session.channels).map(([name, channel]) => [name, change(channel)]));
}

function closed(session: Session, code: number, reason: string, nowMs: number, chance: number): Step {
  if (session.link === "idle" || session.link === "refused" || session.link === "waiting") return [session, []];
  const channels = mapChannels(session, (channel) => ({ ...channel, status: "wanted" }));
  const base: Session = { ...session, channels, linkSince: nowMs };
  if (!mayReconnect(code)) {
    return [{ ...base, link: "refused", retryAt: null, polling: "off", refusal: { code, reason } }, []];
  }
  const stable = session.link === "open" && nowMs - session.linkSince >= STABLE_MS;
  const failures = stable ? 1 : session.failures + 1;
  return [
    {
      ...base,
      link: "waiting",
      failures,
      retryAt: nowMs + backoffMs(failures, chance),
      polling: session.polling === "off" && failures >= POLL_AFTER_FAILURES ? "tried" : session.polling,
    },
    [],
  ];
}

function tick(session: Session, nowMs: number, chance: number): Step {
  if (session.link === "waiting" && session.retryAt !== null && nowMs >= session.retryAt) return connect(session, nowMs);
  if (session.link === "connecting" && nowMs - session.linkSince > OPENING_MS) {
    return hangUp(session, "the connection did not open", nowMs, chance);
  }
  if (session.link === "open") return beat(session, nowMs, chance);
  if (session.polling !== "off" && session.link === "waiting" && nowMs - (session.polledAt ?? 0) >= POLL_MS) {
    return [{ ...session, polledAt: nowMs }, [{ type: "poll" }]];
  }
  return [session, []];
}

/** An answer that comes once the socket is back, or after it was given up, says nothing any more. */
function polled(session: Session, ok: boolean, nowMs: number): Session {
  if (session.polling === "off" || session.link === "open") return session;
  return ok ? { ...session, polling: "answered", heardAt: nowMs } : { ...session, polling: "tried" };
}

function beat(session: Session, nowMs: number, chance: number): Step {
  const heardAt = Math.max(session.heardAt ?? 0, session.linkSince);
  if (nowMs - heardAt > Math.max(STALE_MS, 3 * session.heartbeatMs)) {
    return hangUp(session, "no heartbeat", nowMs, chance);
  }
  return [session, []];
}

function hangUp(session: Session, reason: string, nowMs: number, chance: number): Step {
  const [next] = closed(session, 4003, reason, nowMs, chance);
  return [next, [disconnect(4003, reason)]];
}

function wentOnline(session: Session, online: boolean, nowMs: number): Step {
  const next = { ...session, online };
  return online && session.link === "waiting" ? connect(next, nowMs) : [next, []];
}

function ask(name: string, channel: Channel): ClientMessage {
  return channel.cursor === null
    ? { type: "subscribe", channel: name }
    : { type: "subscribe", channel: name, since: channel.cursor };
}

function subscribe(session: Session, name: string): Step {
  if (session.channels[name] !== undefined) return [session, []];
  const ready = session.link === "open" && session.server !== null;
  const channel: Channel = { status: ready ? "asked" : "wanted", cursor: null, head: null, missing: 0 };
  const next = { ...session, channels: { ...session.channels, [name]: channel } };
  return [next, ready ? [{ type: "send", messages: [ask(name, channel)] }] : []];
}

function unsubscribe(session: Session, name: string): Step {
  const { [name]: gone, ...channels } = session.channels;
  if (gone === undefined) return [session, []];
  const told = gone.status !== "wanted" && session.link === "open";
  return [{ ...session, channels }, told ? [{ type: "send", messages: [{ type: "unsubscribe", channel: name }] }] : []];
}

function frame(session: Session, text: string, nowMs: number, chance: number): Step {
  const messages = readFrame(text);
  if (messages === null) return hangUp(session, "a frame could not be read", nowMs, chance);
  let state: Session = { ...session, heardAt: nowMs };
  const effects: Effect[] = [];
  for (const message of messages) {
    const [next, more] = take(state, message, nowMs);
    state = next;
    effects.push(...more);
  }
  return [state, effects];
}

function take(session: Session, message: ServerMessage, nowMs: number): Step {
  switch (message.type) {
    case "hello":
      return hello(session, message, nowMs);
    case "subscribed":
      return subscribed(session, message);
    case "event":
      return event(session, message, nowMs);
    case "reset":
      return askAgain(session, message.channel, null);
    case "ping":
      return pinged(session, readTs(message.ts), nowMs);
    case "pong": {
      const sent = Number(message.id);
      return [Number.isFinite(sent) ? { ...session, skew: heardPong(session.skew, nowMs - sent) } : session, []];
    }
    case "error":
      return refused(session, message);
    case "reply":
      return [session, []];
  }
}

/** The answer to a heartbeat is a ping of ours: it shows that we are here, and its pong tells the round trip. */
function pinged(session: Session, sentMs: number | null, nowMs: number): Step {
  const skew = sentMs === null ? session.skew : heardPing(session.skew, sentMs, nowMs);
  return [{ ...session, skew }, [{ type: "send", messages: [{ type: "ping", id: String(nowMs) }] }]];
}

function refused(session: Session, message: Extract<ServerMessage, { type: "error" }>): Step {
  const trouble: Effect = {
    type: "trouble",
    code: message.code,
    message: message.message,
    channel: message.channel ?? null,
  };
  if (message.channel === undefined) return [session, [trouble]];
  const { [message.channel]: _gone, ...channels } = session.channels;
  return [{ ...session, channels }, [trouble]];
}

function hello(session: Session, message: Extract<ServerMessage, { type: "hello" }>, nowMs: number): Step {
  if (message.version !== PROTOCOL_VERSION) {
    const refusal = { code: 4500, reason: "this page is older than the server: reload it" };
    return [{ ...session, link: "refused", refusal, polling: "off" }, [disconnect(4500, refusal.reason)]];
  }
  const messages = Object.entries(session.channels).map(([name, channel]) => ask(name, channel));
  const next: Session = {
    ...session,
    server: message.server,
    heartbeatMs: message.heartbeat_s * 1000,
    linkSince: nowMs,
    channels: mapChannels(session, (channel) => ({ ...channel, status: "asked" })),
  };
  return [next, messages.length > 0 ? [{ type: "send", messages }] : []];
}

function withChannel(session: Session, name: string, channel: Channel): Session {
  return { ...session, channels: { ...session.channels, [name]: channel } };
}

function subscribed(session: Session, message: Extract<ServerMessage, { type: "subscribed" }>): Step {
  const known = session.channels[message.channel];
  if (known === undefined) return [session, []];
  const settled: Session = { ...session, polling: "off" };
  const { epoch, offset } = message;
  if (message.recovered && known.cursor !== null) {
    const cursor = { epoch, offset: known.cursor.offset };
    const missing = cursor.offset < offset ? (message.behind ?? 0) : 0;
    return [withChannel(settled, message.channel, { status: "live", cursor, head: offset, missing }), []];
  }
  const next = withChannel(settled, message.channel, { status: "live", cursor: { epoch, offset }, head: offset, missing: 0 });
  return [next, [{ type: "snapshot", channel: message.channel, offset, data: message.snapshot }]];
}

function event(session: Session, message: EventMessage, nowMs: number): Step {
  const channel = session.channels[message.channel];
  if (channel?.status !== "live" || channel.cursor === null) return [session, []];
  if (message.offset <= channel.cursor.offset) return [session, []];
  if ((message.after ?? message.offset - 1) > channel.cursor.offset) return askAgain(session, message.channel, channel.cursor);
  const cursor = { epoch: channel.cursor.epoch, offset: message.offset };
  const head = channel.head ?? 0;
  const late = message.offset <= head;
  const missing = message.offset < head ? Math.max(0, channel.missing - 1) : 0;
  const sent = readTs(message.ts);
  const heard = sent === null ? session : { ...session, skew: heardEvent(session.skew, sent, nowMs) };
  const next: Channel = { status: "live", cursor, head: channel.head, missing };
  return [withChannel(heard, message.channel, next), [{ type: "event", event: message, late }]];
}

function askAgain(session: Session, name: string, cursor: Cursor | null): Step {
  const channel = session.channels[name];
  if (channel === undefined) return [session, []];
  const asked: Channel = { status: "asked", cursor, head: channel.head, missing: 0 };
  return [withChannel(session, name, asked), [{ type: "send", messages: [ask(name, asked)] }]];
}
