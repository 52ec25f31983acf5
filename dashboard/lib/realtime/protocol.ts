/** The words of the WebSocket protocol, version 1; their shapes are generated into `wire.ts`. */
import type { ClientMessage, EventMessage, ServerMessage, Since } from "./wire";

export const PROTOCOL_VERSION = 1;

export type { ClientMessage, EventMessage, ServerMessage, Since as Cursor };

/** Closes of 4500 and above say that trying again is of no use. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}

const TYPES = new Set(["hello", "subscribed", "event", "reset", "ping", "pong", "reply", "error"]);

function isMessage(value: unknown): value is ServerMessage {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    TYPES.has(value.type)
  );
}

/** Read one text frame: one message or an array of them; unknown types are left out, other text gives null. */
export function readFrame(text: string): ServerMessage[] | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  return (Array.isArray(body) ? body : [body]).filter(isMessage);
}

/** Unix milliseconds of a `ts`, which is ISO-8601 text, seconds or milliseconds; null when it is none of them. */
export function readTs(ts: string | number | undefined): number | null {
  if (ts === undefined) return null;
  const ms = typeof ts === "number" ? (ts < 1e11 ? ts * 1000 : ts) : Date.parse(ts);
  return Number.isFinite(ms) ? ms : null;
}
