"use client";

import { useMemo, useState, type PointerEvent } from "react";
import type { Evidence } from "@/lib/api/types";
import { measure, tickMark } from "@/lib/format/number";
import { clock, clockMinute } from "@/lib/format/time";
import { frameOf, type ChartFrame } from "./frame";
import { linePath, nearest } from "./scale";
import { useWidth } from "./useWidth";
import css from "./chart.module.css";

export const SERIES_SHOWN = 4;

const LINES = [css.line1, css.line2, css.line3, css.line4];
const KEYS = [css.key1, css.key2, css.key3, css.key4];

function Ground({ frame, evidence }: { frame: ChartFrame; evidence: Evidence }) {
  const { x, y, box, onset } = frame;
  const { normal_low: low, normal_high: high } = evidence;
  return (
    <>
      {onset === null ? null : (
        <rect className={css.shade} x={x(onset)} y={box.top} width={Math.max(0, box.right - x(onset))} height={box.bottom - box.top} />
      )}
      {low === null || high === null ? null : (
        <rect className={css.normal} x={box.left} y={y(high)} width={box.right - box.left} height={Math.max(2, y(low) - y(high))} />
      )}
      <path className={css.axis} d={`M${box.left} ${box.bottom}H${box.right}`} />
      {frame.yTicks.map((tick) => (
        <g key={tick}>
          <path className={css.grid} d={`M${box.left} ${y(tick)}H${box.right}`} />
          <text x={box.left - 6} y={y(tick) + 4} textAnchor="end">
            {tickMark(tick, evidence.unit)}
          </text>
        </g>
      ))}
    </>
  );
}

function Marks({ frame, evidence }: { frame: ChartFrame; evidence: Evidence }) {
  const { x, y, box, onset, limit } = frame;
  return (
    <>
      {limit === null ? null : (
        <>
          <path className={css.limit} d={`M${box.left} ${y(limit)}H${box.right}`} />
          <text x={box.left + 4} y={y(limit) < box.top + 16 ? y(limit) + 13 : y(limit) - 4} className={css.limitWords}>
            limit {tickMark(limit, evidence.unit)}
          </text>
        </>
      )}
      {onset === null ? null : <path className={css.onset} d={`M${x(onset)} ${box.top}V${box.bottom}`} />}
      {frame.labels.map((label) => (
        <text key={label.at} x={x(label.at)} y={box.bottom + 14} textAnchor={label.anchor}>
          {label.words}
        </text>
      ))}
    </>
  );
}

function Hover({ frame, evidence, at }: { frame: ChartFrame; evidence: Evidence; at: number }) {
  const { x, y, box } = frame;
  return (
    <g>
      <path className={css.cursor} d={`M${x(at)} ${box.top}V${box.bottom}`} />
      {evidence.series.slice(0, SERIES_SHOWN).map((series, index) => {
        const value = series.values[nearest(series.times, at)] ?? null;
        return value === null ? null : <circle key={index} className={LINES[index]} cx={x(at)} cy={y(value)} r="3" />;
      })}
    </g>
  );
}

/** Which line is which, with the value under the pointer or the last one. */
function Legend({ evidence, at }: { evidence: Evidence; at: number | null }) {
  const many = evidence.series.length > 1;
  return (
    <ul className={css.legend}>
      {evidence.series.slice(0, SERIES_SHOWN).map((series, index) => {
        const value = at === null ? series.values.findLast((one) => one !== null) : series.values[nearest(series.times, at)];
        return (
          <li key={index}>
            <i className={KEYS[index]} aria-hidden="true" />
            <span className="clip">{many || series.name !== "" ? series.name : evidence.title}</span>
            <b className="num">{measure(value ?? null, evidence.unit)}</b>
          </li>
        );
      })}
      {evidence.series.length > SERIES_SHOWN ? <li className="muted">{evidence.series.length - SERIES_SHOWN} more in the table</li> : null}
      <li className="muted num">{at === null ? "last" : clock(at * 1000)}</li>
    </ul>
  );
}

/** Series over time with their normal range, the onset and a limit. */
export function MetricChart({ evidence, height = 108 }: { evidence: Evidence; height?: number }) {
  const [ref, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const frame = useMemo(() => (width > 0 ? frameOf(evidence, width, height) : null), [evidence, width, height]);
  const point = (event: PointerEvent<SVGSVGElement>) => {
    if (frame === null) return;
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const time = frame.timeAt(px);
    const times = evidence.series[0]?.times ?? [];
    setAt(times[nearest(times, time)] ?? null);
  };
  const window = `${clockMinute(evidence.window.start)} to ${clockMinute(evidence.window.end)} UTC`;
  return (
    <div ref={ref} className={css.chart}>
      <Legend evidence={evidence} at={at} />
      <div className={css.plot} data-height={height}>
        {frame === null ? null : (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={`${evidence.title}, ${window}. ${evidence.says}`}
            onPointerMove={point}
            onPointerLeave={() => setAt(null)}
          >
            <Ground frame={frame} evidence={evidence} />
            {evidence.series.slice(0, SERIES_SHOWN).map((series, index) => (
              <path key={index} className={LINES[index]} d={linePath(series.times, series.values, frame.x, frame.y)} />
            ))}
            <Marks frame={frame} evidence={evidence} />
            {at === null ? null : <Hover frame={frame} evidence={evidence} at={at} />}
          </svg>
        )}
      </div>
    </div>
  );
}
