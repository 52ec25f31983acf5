"use client";

import Link from "next/link";
import { useMemo, useState, type PointerEvent } from "react";
import type { Loaded } from "@/lib/api/resource";
import { count, counted } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import { exportHref } from "@/lib/outcomes/data";
import { dotNear, drawingOf, type Drawing, type Placed } from "@/lib/outcomes/drawing";
import type { Dot, Origin, TrendReport } from "@/lib/outcomes/types";
import { turned } from "@/lib/outcomes/view";
import { dayWords, dotWords } from "@/lib/outcomes/words";
import { incidentHref, setParam } from "@/lib/url";
import { useWidth } from "../chart/useWidth";
import { Fold } from "../kit/Fold";
import { Failed } from "../kit/Notice";
import { CsvLink } from "./CsvLink";
import { DotTable } from "./DotTable";
import css from "./outcomes.module.css";

const HEIGHT = 230;

function Ground({ drawing }: { drawing: Drawing }) {
  const { box, axis, y } = drawing;
  return (
    <>
      {axis.marks.map(([seconds, words]) => (
        <g key={seconds}>
          <path className={css.axis} d={`M${box.left} ${y(seconds)}H${box.right}`} />
          <text x={box.left - 7} y={y(seconds) + 4} textAnchor="end">
            {words}
          </text>
        </g>
      ))}
      {drawing.labels.map((label) => (
        <text key={label.anchor} x={label.at} y={box.bottom + 16} textAnchor={label.anchor}>
          {label.words}
        </text>
      ))}
    </>
  );
}

function Dots({ dots, chosen }: { dots: readonly Placed[]; chosen: Placed | null }) {
  return (
    <>
      {dots.map(({ dot, x, y }) => (
        <circle key={dot.id} className={dot.open ? css.dotOpen : css.dot} cx={x.toFixed(1)} cy={y.toFixed(1)} r={dot.open ? 3 : 2.3} />
      ))}
      {chosen === null ? null : <circle className={css.dotChosen} cx={chosen.x} cy={chosen.y} r="5" />}
    </>
  );
}

function Readout({ dot, trend }: { dot: Dot | null; trend: TrendReport }) {
  if (dot === null) {
    return (
      <p className={`${css.readout} muted`}>
        Point at an incident, or step through them with the arrow keys. {trend.dots.some((one) => one.open) ? "Hollow ones are still open." : ""}
      </p>
    );
  }
  return (
    <p className={css.readout}>
      {dot.imported ? (
        <b className="clip">{dot.title}</b>
      ) : (
        <Link href={incidentHref(dot.id)} prefetch={false} className="clip">
          {dot.title}
        </Link>
      )}{" "}
      <span className="dim num">
        {dotWords(dot, trend.as_of)}
        {dot.imported ? " · imported" : ""}
      </span>
    </p>
  );
}

interface StepsProps {
  dots: readonly Placed[];
  at: number;
  choose: (index: number) => void;
  asOf: string;
}

/** The way through the dots without a pointer: arrows, Home and End. */
function Steps({ dots, at, choose, asOf }: StepsProps) {
  const dot = dots[at]?.dot;
  return (
    <input
      type="range"
      className={css.steps}
      aria-label="Step through the incidents"
      min={0}
      max={Math.max(0, dots.length - 1)}
      value={Math.max(0, at)}
      aria-valuetext={dot === undefined ? "none chosen" : `${dot.title}, ${dotWords(dot, asOf)}`}
      onFocus={() => at < 0 && choose(dots.length - 1)}
      onChange={(event) => choose(Number(event.target.value))}
    />
  );
}

function Chart({ trend }: { trend: TrendReport }) {
  const [ref, width] = useWidth();
  const [at, setAt] = useState<string | null>(null);
  const drawing = useMemo(() => (width > 0 ? drawingOf(trend, width, HEIGHT, (day) => dayWords(day, trend.as_of)) : null), [trend, width]);
  const dots = drawing?.dots ?? [];
  const index = at === null ? -1 : dots.findIndex(({ dot }) => dot.id === at);
  const choose = (next: number) => setAt(dots[next]?.dot.id ?? null);
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const near = dotNear(dots, event.clientX - box.left, event.clientY - box.top);
    if (near >= 0) choose(near);
  };
  const open = trend.dots.filter((dot) => dot.open).length;
  const words = `Time to restore of ${counted(trend.dots.length, "incident")} in 90 days, on a logarithmic axis${open > 0 ? `; ${count(open)} still open` : ""}. The table below has each of them.`;
  return (
    <>
      <div ref={ref} className={css.plot}>
        {drawing === null ? null : (
          <svg width={width} height={HEIGHT} role="img" aria-label={words} onPointerMove={point} onPointerDown={point}>
            <Ground drawing={drawing} />
            <path className={css.lineBand} d={drawing.band} />
            <Dots dots={drawing.dots} chosen={drawing.dots[index] ?? null} />
            <path className={css.line} d={drawing.line} />
            {trend.dots.length > 0 ? null : (
              <text x={width / 2} y={HEIGHT / 2} textAnchor="middle" className={css.none}>
                No incidents {isToday(trend) ? "in the last 90 days" : "in these 90 days"}
              </text>
            )}
          </svg>
        )}
        {dots.length > 0 ? <Steps dots={dots} at={index} choose={choose} asOf={trend.as_of} /> : null}
      </div>
      {dots.length > 0 ? <Readout dot={dots[index]?.dot ?? null} trend={trend} /> : null}
    </>
  );
}

const isToday = (trend: TrendReport) => trend.until === trend.as_of;

/** Turns the picture back and forth; where there is nothing on it, to the last incident. */
function Turns({ trend }: { trend: TrendReport }) {
  const last = trend.did[0]?.at.slice(0, 10);
  const turn = (day: string | null) => setParam("until", day);
  return (
    <span className={css.turns}>
      {trend.dots.length === 0 && last !== undefined ? (
        <button type="button" className="button small" onClick={() => turn(last)}>
          To the last one, {dayWords(last, trend.as_of)}
        </button>
      ) : null}
      <button type="button" className="button small" onClick={() => turn(turned(trend, -1))}>
        Earlier
      </button>
      {isToday(trend) ? null : (
        <button type="button" className="button small" onClick={() => turn(turned(trend, 1))}>
          Later
        </button>
      )}
    </span>
  );
}

interface PanelProps {
  trend: Loaded<TrendReport>;
  kind: Origin;
  retry: () => void;
}

/** 90 days: every incident as a dot, and the line through them, which is drawn and never tested. */
export function TrendPanel({ trend, kind, retry }: PanelProps) {
  const { value, error } = trend;
  const upTo = value === null || isToday(value) ? "" : ` to ${dayWords(value.until, value.as_of)}`;
  return (
    <section className="panel live" aria-labelledby="trend-title">
      <header className="panelHead">
        <h2 id="trend-title">90 days{upTo}, every incident</h2>
        <span className="muted">time to restore, log scale · line: 7-day geometric mean with band · drawn, never tested</span>
        <span className="spring" />
        <span className="muted num">{value === null ? "" : `as of ${clock(value.as_of)} UTC`}</span>
        {value === null ? null : <Turns trend={value} />}
        <CsvLink href={exportHref(kind)} />
      </header>
      {error === null ? null : (
        <div className={css.inset}>
          <Failed words={error} retry={retry} />
        </div>
      )}
      {value === null ? (
        <div className={css.plotRoom} />
      ) : (
        <>
          <Chart trend={value} />
          {value.dots.length > 0 ? (
            <div className={css.inset}>
              <Fold summary="As a table">
                <DotTable trend={value} />
              </Fold>
            </div>
          ) : null}
        </>
      )}
    </section>
  );
}
