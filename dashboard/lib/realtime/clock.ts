/** How far the server's clock is from this browser's, learnt from pings. */

const KEPT = 12;

export interface ClockSkew {
  /** Browser time at arrival minus the server's `ts`, of the last pings, milliseconds. */
  offsets: readonly number[];
  /** Shortest round trip seen, milliseconds; null before the first pong. */
  roundTripMs: number | null;
}

export const UNKNOWN_SKEW: ClockSkew = { offsets: [], roundTripMs: null };

export function heardPing(skew: ClockSkew, tsMs: number, nowMs: number): ClockSkew {
  return { ...skew, offsets: [...skew.offsets, nowMs - tsMs].slice(-KEPT) };
}

export function heardPong(skew: ClockSkew, tookMs: number): ClockSkew {
  return { ...skew, roundTripMs: Math.min(skew.roundTripMs ?? tookMs, tookMs) };
}

/** Browser clock minus server clock in milliseconds; 0 while nothing is known. */
export function skewMs(skew: ClockSkew): number {
  if (skew.offsets.length === 0) return 0;
  return Math.min(...skew.offsets) - (skew.roundTripMs ?? 0) / 2;
}
