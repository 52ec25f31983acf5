"use client";

import { age, moment, running } from "@/lib/format/time";
import { useClock } from "@/lib/live/hooks";

/** How long ago, roughly, by the server's clock. */
export function Age({ since, until }: { since: string; until?: string | null }) {
  const words = useClock((now) => age(((until ? Date.parse(until) : now) - Date.parse(since)) / 1000));
  return (
    <time dateTime={since} title={moment(since)}>
      {words ?? "–"}
    </time>
  );
}

/** A running clock since a moment, or the time it took once that is known. */
export function Stopwatch({ since, until }: { since: string; until: string | null }) {
  const words = useClock((now) => running(((until === null ? now : Date.parse(until)) - Date.parse(since)) / 1000));
  return <time dateTime={since}>{words ?? "–"}</time>;
}

/** Time left until a moment; `over` once it has passed. */
export function Countdown({ until, over }: { until: string | number; over: string }) {
  const words = useClock((now) => {
    const left = (new Date(until).getTime() - now) / 1000;
    return left <= 0 ? over : running(Math.ceil(left));
  });
  return <time dateTime={new Date(until).toISOString()}>{words ?? "–"}</time>;
}
