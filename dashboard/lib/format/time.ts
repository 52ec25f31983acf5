/** Times and durations as people read them. All clocks are UTC. */

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** `14:02:31`, UTC. */
export function clock(at: string | number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `14:02:31.204`, UTC. */
export function clockMs(at: string | number): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** `14:02`, UTC. */
export function clockMinute(at: string | number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** `2025-11-23 14:02:31 UTC`. */
export function moment(at: string | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A rough age: `35 s`, `4 min`, `3 h`, `2 d`. */
export function age(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < 2 * HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)} h`;
  return `${Math.floor(s / DAY)} d`;
}

/** A running clock: `0:09`, `4:21`, `1:02:03`. */
export function running(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const tail = `${String(Math.floor((s % HOUR) / MINUTE)).padStart(s >= HOUR ? 2 : 1, "0")}:${String(s % MINUTE).padStart(2, "0")}`;
  return s >= HOUR ? `${Math.floor(s / HOUR)}:${tail}` : tail;
}

/** How long something took: `180 ms`, `2.4 s`, `31 s`, `4:21 min`, `1:02:03 h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  return `${running(seconds)} ${seconds >= HOUR ? "h" : "min"}`;
}

/** A span to come, rounded as its size deserves: `40 s`, `11 min`, `2.5 h`. */
export function ahead(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * MINUTE) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${(seconds / HOUR).toFixed(1)} h`;
  return `${Math.round(seconds / DAY)} d`;
}

/** Seconds from one moment to another. */
export function between(from: string | number, to: string | number): number {
  return (new Date(to).getTime() - new Date(from).getTime()) / 1000;
}
