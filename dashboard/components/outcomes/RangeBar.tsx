import { axisOf, shareAt } from "@/lib/outcomes/axis";
import type { Estimate } from "@/lib/outcomes/types";
import css from "./outcomes.module.css";

const WIDE = 250;

interface Place {
  at: (value: number) => number;
  from: string;
  to: string;
}

function placeOf(estimate: Estimate, value: number, low: number): Place {
  if (estimate.unit === "share") return { at: (one) => Math.min(1, Math.max(0, one)) * WIDE, from: "0", to: "100 %" };
  const axis = axisOf(Math.min(low, value), Math.max(estimate.high ?? value, value));
  return { at: (one) => shareAt(axis, one) * WIDE, from: axis.marks[0]?.[1] ?? "", to: axis.marks.at(-1)?.[1] ?? "" };
}

/** A value and its interval on an axis: of shares from 0 to 1, of times by powers. Nothing without a value. */
export function RangeBar({ estimate, words }: { estimate: Estimate; words: string }) {
  const { value, low, high } = estimate;
  if (value === null) return null;
  const place = placeOf(estimate, value, low ?? value);
  const [from, to] = [low === null ? null : place.at(low), high === null ? WIDE : place.at(high)];
  return (
    <div className={css.barRoom}>
      <svg viewBox={`0 0 ${WIDE} 18`} preserveAspectRatio="none" className={css.bar} role="img" aria-label={words}>
        <path className={css.axis} d={`M0 9H${WIDE}`} />
        {from === null ? null : (
          <>
            <rect className={css.reach} x={from} y="4" width={Math.max(1, to - from)} height="10" />
            <path className={css.end} d={`M${from} 2V16${high === null ? "" : `M${to} 2V16`}`} />
          </>
        )}
        <path className={css.middle} d={`M${place.at(value)} 9h0.01`} />
      </svg>
      <span className={css.barEnds} aria-hidden="true">
        <span>{place.from}</span>
        <span>{place.to}</span>
      </span>
    </div>
  );
}
