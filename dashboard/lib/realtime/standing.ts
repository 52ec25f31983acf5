/** How the connection stands, for a person: one word for colour, one sentence to read. */
import { STALE_MS, type Channel, type Session } from "./session";

export type Standing = "live" | "silent" | "catching_up" | "connecting" | "reconnecting" | "stale" | "polling" | "offline" | "refused";

export function standing(session: Session, nowMs: number): Standing {
  if (session.link === "refused") return "refused";
  if (isStale(session, nowMs)) return session.online ? "stale" : "offline";
  if (session.link === "open") return isSilent(session, nowMs) ? "silent" : opened(session);
  if (!session.online) return "offline";
  if (session.polling === "answered") return "polling";
  return session.heardAt === null && session.failures === 0 ? "connecting" : "reconnecting";
}

function opened(session: Session): Standing {
  const channels = Object.values(session.channels);
  if (channels.length > 0 && channels.every(isNew)) return "connecting";
  return behind(session) === null ? "live" : "catching_up";
}

/** A channel that nothing was ever shown of is not behind: its panel says that it is loading. */
function isNew({ cursor, head }: Channel): boolean {
  return cursor === null && head === null;
}

/** Whether the server has missed a heartbeat on a connection that still counts as open: it may be broken. */
function isSilent({ heardAt, heartbeatMs }: Session, nowMs: number): boolean {
  return heardAt !== null && nowMs - heardAt > 2 * heartbeatMs;
}

/** Whether what is shown is so old that it is marked as from memory. */
export function isStale(session: Session, nowMs: number): boolean {
  return session.heardAt !== null && nowMs - session.heardAt > STALE_MS;
}

const NOT_LIVE: ReadonlySet<Standing> = new Set<Standing>(["stale", "offline", "refused"]);

/** Whether nothing arrives any more, so that what is shown is from memory and must not be acted on. */
export function isFromMemory(session: Session, nowMs: number): boolean {
  return NOT_LIVE.has(standing(session, nowMs));
}

const OBSTACLES: Readonly<Record<Standing, string | null>> = {
  live: null,
  polling: null,
  silent: "Not now: Quell has not been heard for some seconds, and the connection may be broken.",
  catching_up: "Not yet: the page is still catching up.",
  connecting: "Not yet: the page is not connected.",
  reconnecting: "Not now: the connection is lost, and what is shown may be old.",
  stale: "Not while what is shown is stale.",
  offline: "Not while this browser is offline.",
  refused: "Not while Quell refuses the connection.",
};

/** Why nobody may act on what is shown, as a sentence; null while the page is known to be up to date. */
export function obstacleOf(session: Session, nowMs: number): string | null {
  return OBSTACLES[standing(session, nowMs)];
}

/** Events still to come, 0 while that is not known; null when every channel is up to date. */
export function behind(session: Session): number | null {
  const channels = Object.values(session.channels);
  const missing = channels.reduce((sum, channel) => sum + channel.missing, 0);
  if (missing > 0) return missing;
  return channels.some((channel) => !isNew(channel) && !isCurrent(channel)) ? 0 : null;
}

function isCurrent({ status, cursor, head }: Channel): boolean {
  return status === "live" && (cursor?.offset ?? 0) >= (head ?? 0);
}

/** Whether a person may hurry the next try, or begin the one afresh that is under way. */
export function mayRetry(session: Session): boolean {
  const again = session.heardAt !== null || session.failures > 0;
  return session.link === "waiting" || (session.link === "connecting" && again);
}

/** Whole seconds until the next try; null when none is planned. */
export function retryInS(session: Session, nowMs: number): number | null {
  return session.retryAt === null ? null : Math.max(0, Math.ceil((session.retryAt - nowMs) / 1000));
}

function retryWords(session: Session, nowMs: number): string {
  const wait = retryInS(session, nowMs);
  return wait === null ? "reconnecting" : `next try in ${wait} s`;
}

/**
 * Say it in words.
 *
 * @param delayMs typical delay from event to screen; null while nothing was measured.
 */
export function sayStanding(session: Session, nowMs: number, delayMs: number | null): string {
  const age = session.heardAt === null ? 0 : Math.round((nowMs - session.heardAt) / 1000);
  switch (standing(session, nowMs)) {
    case "live":
      return delayMs === null ? "Live" : `Live, ${(Math.max(1, Math.ceil(delayMs / 100)) / 10).toFixed(1)} s behind`;
    case "silent":
      return `Not heard for ${age} s`;
    case "catching_up": {
      const left = behind(session) ?? 0;
      return left > 0 ? `Catching up, ${left.toLocaleString("en")} to go` : "Catching up";
    }
    case "connecting":
      return "Connecting";
    case "reconnecting": {
      const wait = retryInS(session, nowMs);
      return wait === null ? "Reconnecting" : `Reconnecting in ${wait} s`;
    }
    case "stale":
      return `Stale, ${age} s old, ${retryWords(session, nowMs)}`;
    case "polling":
      return "Polling every 5 s";
    case "offline":
      return session.heardAt === null ? "Offline" : `Offline, ${age} s old`;
    case "refused":
      return `Refused: ${session.refusal?.reason ?? "no reason given"}`;
  }
}
