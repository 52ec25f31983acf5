import type { ReliabilityBin } from "@/lib/api/types";
import { percent } from "@/lib/format/number";
import css from "./chart.module.css";

const WIDTH = 320;
const HEIGHT = 250;
const LEFT = 40;
const RIGHT = WIDTH - 10;
const TOP = 24;
const BOTTOM = HEIGHT - 40;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const x = (share: number) => LEFT + share * (RIGHT - LEFT);
const y = (share: number) => BOTTOM - share * (BOTTOM - TOP);
const px = (value: number) => Number(value.toFixed(1));

function Axes() {
  return (
    <>
      {TICKS.map((tick) => (
        <g key={tick}>
          <line className={css.squares} x1={LEFT} x2={RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {Math.round(tick * 100)}
          </text>
          <text x={x(tick)} y={BOTTOM + 15} textAnchor="middle">
            {Math.round(tick * 100)}
          </text>
        </g>
      ))}
      <text x={LEFT - 6} y={12} textAnchor="end">
        n
      </text>
      <text x={(LEFT + RIGHT) / 2} y={HEIGHT - 6} textAnchor="middle">
        said, %
      </text>
      <text transform={`translate(11 ${(TOP + BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        was right, %
      </text>
      <line className={css.perfect} x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
    </>
  );
}

/** A bin in words: what was said, how often it was right, out of how many. */
function words(bin: ReliabilityBin): string {
  return `said ${percent(bin.mean_probability)}, right ${percent(bin.share_right)} of ${bin.count} (95 %: ${percent(bin.low95)} to ${percent(bin.high95)})`;
}

/** How often stated probabilities came true: on the line, they mean what they say. Above each point stands how many there were. */
export function Reliability({ bins }: { bins: readonly ReliabilityBin[] }) {
  return (
    <svg
      className={css.reliability}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Reliability of the stated probabilities: ${bins.map(words).join("; ")}`}
    >
      <Axes />
      <polyline className={css.curve} points={bins.map((bin) => `${px(x(bin.mean_probability))},${px(y(bin.share_right))}`).join(" ")} />
      {bins.map((bin) => {
        const at = px(x(bin.mean_probability));
        return (
          <g key={bin.low}>
            <title>{words(bin)}</title>
            <line className={css.whisker} x1={at} x2={at} y1={px(y(bin.low95))} y2={px(y(bin.high95))} />
            <circle className={css.point} cx={at} cy={px(y(bin.share_right))} r={Math.min(7, 2.5 + Math.sqrt(bin.count) * 0.6)} />
            <text className={css.pointCount} x={px(x((bin.low + bin.high) / 2))} y={12} textAnchor="middle">
              {bin.count}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
