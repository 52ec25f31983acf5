"use client";

import Link from "next/link";
import { useRef, useState } from "react";
import type { TimelineEntry } from "@/lib/api/types";
import { who } from "@/lib/board/words";
import { count } from "@/lib/format/number";
import { clockMs } from "@/lib/format/time";
import { useKeys } from "@/lib/keys";
import { useClock, useLive } from "@/lib/live/hooks";
import { EVENTS_KEPT } from "@/lib/live/state";
import { incidentHref, useParam } from "@/lib/url";
import { Pick } from "../kit/Choice";
import { Bars, Empty } from "../kit/Notice";
import { Agent } from "../marks/Agent";
import { AsOf } from "../marks/AsOf";
import { useWindow } from "./useWindow";
import css from "./ops.module.css";

const AGENTS = ["detection", "diagnosis", "prediction", "resolution", "people and intake"] as const;
const LEVELS: Readonly<Record<string, readonly string[]>> = {
  "warnings and up": ["warning", "error", "wants"],
  "errors and up": ["error", "wants"],
};
const RATE_S = 10;

function chosen(events: readonly TimelineEntry[], agent: string | null, level: string | null): TimelineEntry[] {
  const levels = level === null ? undefined : LEVELS[level];
  return events
    .filter((one) => agent === null || (one.agent ?? "people and intake") === agent)
    .filter((one) => levels === undefined || levels.includes(one.level))
    .reverse();
}

const LEVEL_WORDS: Readonly<Record<string, string>> = { warning: "Warning: ", error: "Error: ", wants: "A person is wanted: " };
const LEVEL_TONES: Readonly<Record<string, string | undefined>> = { warning: css.warning, error: css.error, wants: css.wanted };

function Line({ entry }: { entry: TimelineEntry }) {
  const wanted = useLive((state) => (state.incidents?.[entry.incident_id]?.wants ?? null) !== null);
  const tone = entry.level === "wants" && !wanted ? undefined : LEVEL_TONES[entry.level];
  return (
    <li className={css.event}>
      <time dateTime={entry.at}>{clockMs(entry.at)}</time>
      <Agent agent={entry.agent} by={who(entry.by)} />
      {entry.incident_id === "" ? (
        <span className="muted">–</span>
      ) : (
        <Link href={incidentHref(entry.incident_id)} prefetch={false} className={css.eventId}>
          {entry.incident_id}
        </Link>
      )}
      <span className={`${css.eventWords} clip`} title={`${entry.title} ${entry.text}`}>
        <span className={tone}>
          <span className="unseen">{LEVEL_WORDS[entry.level]}</span>
          {entry.title}
        </span>{" "}
        <span className="muted">{entry.text}</span>
      </span>
    </li>
  );
}

/** Events a second over the last ten seconds, or over what is kept when that is less. */
export function rateOf(events: readonly TimelineEntry[], nowMs: number): number {
  const recent = events.filter((one) => nowMs - Date.parse(one.at) < RATE_S * 1000);
  const first = recent[0];
  if (first === undefined) return 0;
  const overSeconds = recent.length < EVENTS_KEPT ? RATE_S : Math.max(1, (nowMs - Date.parse(first.at)) / 1000);
  return recent.length / overSeconds;
}

function Rate() {
  const events = useLive((state) => state.events);
  const words = useClock((now) => {
    if (events === null) return "";
    const rate = rateOf(events, now);
    return rate === 0 ? "quiet" : `${rate.toFixed(rate < 5 ? 1 : 0)} a second`;
  });
  return <span className="muted num">{words}</span>;
}

interface Frozen {
  events: readonly TimelineEntry[];
  seen: number;
}

/** Everything that happens, newest first; pausing holds the lines still while counting what comes. */
export function Stream() {
  const events = useLive((state) => state.events);
  const seen = useLive((state) => state.eventsSeen);
  const [frozen, setFrozen] = useState<Frozen | null>(null);
  const [agent, setAgent] = useParam("agent");
  const [level, setLevel] = useParam("level");
  const scroller = useRef<HTMLDivElement>(null);
  const lines = chosen(frozen?.events ?? events ?? [], agent, level);
  const { onScroll, from, to, above, below } = useWindow(scroller, lines.length);
  const pause = () => setFrozen({ events: events ?? [], seen });
  const jump = () => {
    setFrozen(null);
    scroller.current?.scrollTo({ top: 0 });
  };
  const toggle = () => (frozen === null ? pause() : jump());
  useKeys({ p: toggle });
  const fresh = frozen === null ? 0 : seen - frozen.seen;
  return (
    <section className={`${css.stream} panel live`} aria-labelledby="events-title">
      <header className="panelHead">
        <h2 id="events-title">Events</h2>
        <AsOf />
        <Pick label="Agent" every="All agents" options={AGENTS} value={agent} onChange={setAgent} />
        <Pick label="Level" every="Info and up" options={Object.keys(LEVELS)} value={level} onChange={setLevel} />
        <span className="spring" />
        <Rate />
        {frozen === null ? null : <span className="tag num">{count(fresh)} new</span>}
        <button type="button" className="button small" onClick={toggle} aria-pressed={frozen !== null}>
          {frozen === null ? "Pause" : "Jump to live"} <span className="kbd">P</span>
        </button>
      </header>
      <div
        ref={scroller}
        className={css.lines}
        tabIndex={0}
        role="region"
        aria-label="Event lines"
        onScroll={(event) => {
          onScroll();
          if (frozen === null && event.currentTarget.scrollTop > 4) pause();
        }}
      >
        {events === null ? <Bars lines={4} /> : null}
        {events !== null && lines.length === 0 ? <NoLines filtered={agent !== null || level !== null} /> : null}
        <Space rows={above} />
        <ul>
          {lines.slice(from, to).map((entry) => (
            <Line key={entry.position} entry={entry} />
          ))}
        </ul>
        <Space rows={below} />
      </div>
    </section>
  );
}

/** Keeps the place of lines that are not drawn. */
function Space({ rows }: { rows: number }) {
  return rows === 0 ? null : <svg className={css.space} width="1" height={rows} aria-hidden="true" />;
}

function NoLines({ filtered }: { filtered: boolean }) {
  return (
    <Empty title={filtered ? "No event passes these filters" : "Nothing has happened yet"}>
      {filtered ? null : <p>Alerts, what agents do, and what people decide appear here as they happen.</p>}
    </Empty>
  );
}
