/** How far the server's clock is from this browser's, learnt from whatever carries the server's time. */

const KEPT = 12;

/** Closer than this, two clocks count as one: what is left cannot be told from the way of the messages. */
export const AGREE_MS = 100;

export interface ClockSkew {
  /** Browser time at arrival minus the server's `ts`: the least between two pings, of the last pings, milliseconds. */
  offsets: readonly number[];
  /** Shortest round trip seen, milliseconds; null before the first pong. */
  roundTripMs: number | null;
}

export const UNKNOWN_SKEW: ClockSkew = { offsets: [], roundTripMs: null };

export function heardPing(skew: ClockSkew, tsMs: number, nowMs: number): ClockSkew {
  return { ...skew, offsets: [...skew.offsets, nowMs - tsMs].slice(-KEPT) };
}

/** An event carries the server's time as well; only the one that came quickest counts. */
export function heardEvent(skew: ClockSkew, tsMs: number, nowMs: number): ClockSkew {
  const last = skew.offsets.at(-1) ?? Infinity;
  const offset = nowMs - tsMs;
  return offset >= last ? skew : { ...skew, offsets: [...skew.offsets.slice(0, -1), offset] };
}

export function heardPong(skew: ClockSkew, tookMs: number): ClockSkew {
  return { ...skew, roundTripMs: Math.min(skew.roundTripMs ?? tookMs, tookMs) };
}

/** Browser clock minus server clock in milliseconds; 0 while nothing is known. */
export function skewMs(skew: ClockSkew): number {
  if (skew.offsets.length === 0) return 0;
  const found = Math.min(...skew.offsets) - (skew.roundTripMs ?? 0) / 2;
  return Math.abs(found) < AGREE_MS ? 0 : found;
}
