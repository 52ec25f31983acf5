"use client";

import { useMemo } from "react";
import type { IncidentDetail, TimelineEntry } from "@/lib/api/types";
import { cellsOf, type Cell, type Show } from "@/lib/board/timeline";
import { who } from "@/lib/board/words";
import { counted } from "@/lib/format/number";
import { clock, moment } from "@/lib/format/time";
import { useParam } from "@/lib/url";
import { Choice, type Option } from "../kit/Choice";
import { Fold } from "../kit/Fold";
import { Empty } from "../kit/Notice";
import { AsOf } from "../marks/AsOf";
import { Flagged } from "../marks/Flagged";
import { EvidenceCards } from "./EvidenceCards";
import { Indicators } from "./Indicators";
import css from "./incident.module.css";

const SHOWS: readonly Option<Show>[] = [
  { value: "story", label: "Story" },
  { value: "people", label: "People" },
  { value: "trouble", label: "Trouble" },
  { value: "all", label: "Every step" },
];

const AGENT_TONES: Readonly<Record<string, string | undefined>> = {
  detection: css.ofDetection,
  diagnosis: css.ofDiagnosis,
  prediction: css.ofPrediction,
  resolution: css.ofResolution,
};
const LEVEL_TONES: Readonly<Record<string, string | undefined>> = { error: css.isError, wants: css.isWanted };
const LEVEL_WORDS: Readonly<Record<string, string>> = { warning: "Warning: ", error: "Error: ", wants: "A person is wanted: " };

function Marker({ entry, wanted }: { entry: TimelineEntry; wanted: boolean }) {
  const level = entry.level === "wants" && !wanted ? "info" : entry.level;
  const tone = LEVEL_TONES[level] ?? (entry.agent === null ? css.ofOthers : (AGENT_TONES[entry.agent] ?? css.ofOthers));
  return <span className={`${css.marker} ${tone}`} aria-hidden="true" />;
}

function Crowd({ cell }: { cell: Cell }) {
  const more = cell.entries.length - 1;
  if (more === 0) return null;
  return (
    <Fold summary={`${more} more like this, until ${clock(cell.entries.at(-1)?.at ?? cell.first.at)}`}>
      <ul className={css.crowd}>
        {cell.entries.slice(1).map((entry) => (
          <li key={entry.position}>
            <time>{clock(entry.at)}</time> {entry.title} <span className="muted">{entry.text}</span>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function isLast(detail: IncidentDetail, entry: TimelineEntry): boolean {
  return detail.timeline.findLast((one) => one.type === entry.type)?.position === entry.position;
}

/** The first line; the others are there to be opened. */
function Words({ entry }: { entry: TimelineEntry }) {
  const [first = "", ...others] = entry.text.split("\n");
  return (
    <>
      <span className="dim">{first}</span>
      {entry.agent === null && entry.by.startsWith("person:") ? <span className="muted"> by {who(entry.by)}</span> : null}
      {others.length === 0 ? null : (
        <Fold summary={counted(others.length, "more line")}>
          <ul className={css.crowd}>
            {others.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
        </Fold>
      )}
    </>
  );
}

function toneOf(entry: TimelineEntry, wanted: boolean): string | undefined {
  if (entry.level === "wants") return wanted ? css.wanted : undefined;
  return entry.level === "error" ? css.badText : undefined;
}

function Body({ cell, detail }: { cell: Cell; detail: IncidentDetail }) {
  const { first } = cell;
  const wanted = detail.summary.wants !== null && isLast(detail, first);
  const ids = [...new Set(cell.entries.flatMap((entry) => entry.evidence_ids))];
  return (
    <div className={css.cellBody}>
      <div>
        <span className="unseen">{LEVEL_WORDS[first.level]}</span>
        <b className={toneOf(first, wanted)}>{first.title}</b> <Words entry={first} />
        <Flagged flags={first.flagged} />
      </div>
      <Crowd cell={cell} />
      {first.type === "Detected" && detail.detection !== null && isLast(detail, first) ? (
        <Indicators detection={detail.detection} />
      ) : null}
      <EvidenceCards ids={ids} detail={detail} />
    </div>
  );
}

/** What happened, oldest first, with the evidence where it was found. */
export function Timeline({ detail }: { detail: IncidentDetail }) {
  const [param, setParam] = useParam("what");
  const show = SHOWS.find((option) => option.value === param)?.value ?? "story";
  const cells = useMemo(() => cellsOf(detail.timeline, show), [detail.timeline, show]);
  return (
    <section className="panel live" aria-labelledby="timeline-title">
      <header className="panelHead">
        <h2 id="timeline-title">What happened</h2>
        <AsOf />
        <Choice label="What to show" options={SHOWS} value={show} onChange={(value) => setParam(value === "story" ? null : value)} />
      </header>
      {cells.length === 0 ? (
        <Empty title={show === "story" || show === "all" ? "Nothing is recorded yet" : "Nothing of this kind happened"}>
          {show === "story" ? null : (
            <button type="button" className="button" onClick={() => setParam(null)}>
              Show the story
            </button>
          )}
        </Empty>
      ) : (
        <ol className={css.timeline}>
          {cells.map((cell) => (
            <li key={cell.key}>
              <time dateTime={cell.first.at} title={moment(cell.first.at)}>
                {clock(cell.first.at)}
              </time>
              <Marker entry={cell.first} wanted={detail.summary.wants !== null && isLast(detail, cell.first)} />
              <Body cell={cell} detail={detail} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
