"use client";

import { useMemo } from "react";
import type { PhaseView, TimelineEntry } from "@/lib/api/types";
import { spansOf, type Piece, type PhaseRow, type Spans } from "@/lib/board/phases";
import { clock, clockMinute } from "@/lib/format/time";
import { useClock } from "@/lib/live/hooks";
import { scale, timeTicks } from "../chart/scale";
import { useWidth } from "../chart/useWidth";
import css from "./incident.module.css";

const ROW = 18;
const AXIS = 18;
const LABELS = 66;
const LETTER = 6.1;
/** Pixels in which shortened words still say something. */
const ENOUGH = 120;

const TONES: Readonly<Record<string, string | undefined>> = {
  detection: css.detection,
  diagnosis: css.diagnosis,
  prediction: css.prediction,
  resolution: css.resolution,
};
const KINDS: Readonly<Record<Exclude<Piece["kind"], "work">, string | undefined>> = {
  wait: css.wait,
  person: css.person,
  left: css.left,
};

type X = (at: number) => number;

interface Place {
  at: number;
  anchor: "start" | "end";
  room: number;
  inside: boolean;
}

/** Where the words of a row have most room: after its bar, before it, or on it. */
function placeOf(start: number, end: number, right: number, wanted: number): Place {
  const after: Place = { at: end + 7, anchor: "start", room: right - end - 7, inside: false };
  const before: Place = { at: start - 7, anchor: "end", room: start - 7 - LABELS, inside: false };
  const on: Place = { at: start + 6, anchor: "start", room: right - start - 6, inside: true };
  const fits = [after, before].find((place) => place.room >= wanted);
  const shortened = [after, before].find((place) => place.room >= ENOUGH);
  return fits ?? shortened ?? [after, before, on].reduce((best, place) => (place.room > best.room ? place : best));
}

function Row({ row, index, x, right }: { row: PhaseRow; index: number; x: X; right: number }) {
  const y = index * ROW + 4;
  const end = Math.max(LABELS, ...row.pieces.map((piece) => x(piece.to)));
  const start = Math.min(right, ...row.pieces.map((piece) => x(piece.from)));
  const place = placeOf(start, end, right, row.words.length * LETTER);
  const letters = Math.floor(place.room / LETTER);
  const words = row.words.length > letters + 1 ? `${row.words.slice(0, Math.max(0, letters - 1))}…` : row.words;
  const bad = row.state === "failed" || row.state === "timed_out";
  const tone = bad ? css.bad : row.state === "abstained" ? css.hollow : row.state === "running" ? css.underWay : css.work;
  return (
    <g className={TONES[row.agent]}>
      <title>{row.words}</title>
      <text x={0} y={y + 9} className={row.state === "waiting" ? css.idle : css.phaseName}>
        {row.phase}
      </text>
      {row.pieces.map((piece, at) => (
        <rect
          key={at}
          className={piece.kind === "work" ? tone : KINDS[piece.kind]}
          x={x(piece.from)}
          y={y + 0.5}
          width={Math.max(3, x(piece.to) - x(piece.from))}
          height={11}
          rx="2"
        />
      ))}
      <text x={place.at} y={y + 9.5} textAnchor={place.anchor} className={place.inside ? css.insideWords : bad ? css.badWords : undefined}>
        {words}
      </text>
    </g>
  );
}

function Axis({ spans, x, bottom, right }: { spans: Spans; x: X; bottom: number; right: number }) {
  const ticks = timeTicks(spans.from, spans.to, right / 150);
  const say = spans.to - spans.from > 20 * 60_000 ? clockMinute : clock;
  return (
    <>
      <path className={css.axis} d={`M${LABELS} ${bottom}H${right}`} />
      {ticks.map((tick) => (
        <g key={tick}>
          <path className={css.tick} d={`M${x(tick)} 0V${bottom}`} />
          <text x={x(tick)} y={bottom + 13} textAnchor={x(tick) > right - 26 ? "end" : x(tick) < LABELS + 26 ? "start" : "middle"}>
            {say(tick)}
          </text>
        </g>
      ))}
    </>
  );
}

/** One row per phase on a time axis: work, waits between attempts, the wait for a person, and what is left if known. */
export function Waterfall({ phases, timeline }: { phases: readonly PhaseView[]; timeline: readonly TimelineEntry[] }) {
  const [ref, width] = useWidth();
  const now = useClock((at) => Math.floor(at / 1000) * 1000) ?? 0;
  const spans = useMemo(() => spansOf(phases, timeline, now), [phases, timeline, now]);
  const bottom = Math.max(1, phases.length) * ROW + 6;
  const right = width - 4;
  if (spans === null) {
    return (
      <div className={css.waterfall} ref={ref}>
        <p className="muted">{phases.length === 0 ? "No agent has begun yet." : "The agents are about to begin."}</p>
      </div>
    );
  }
  const x = scale({ low: spans.from, high: spans.to }, LABELS, right);
  const words = spans.rows.map((row) => `${row.phase}: ${row.words === "" ? "not begun" : row.words}`).join("; ");
  return (
    <div className={css.waterfall}>
      <div ref={ref}>
        <svg width={width} height={bottom + AXIS} role="img" aria-label={`Phases. ${words}`}>
          <defs>
            <pattern id="wait-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect className={css.hatchLine} width="1.6" height="5" />
            </pattern>
            <pattern id="person-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect className={css.personGround} width="6" height="6" />
              <rect className={css.personLine} width="1.6" height="6" />
            </pattern>
          </defs>
          <Axis spans={spans} x={x} bottom={bottom} right={right} />
          {spans.rows.map((row, index) => (
            <Row key={row.phase} row={row} index={index} x={x} right={right} />
          ))}
        </svg>
      </div>
    </div>
  );
}
