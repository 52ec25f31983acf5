"use client";

import { layersOf } from "./layers";
import { useWidth } from "./useWidth";
import css from "./chart.module.css";

interface CallGraphProps {
  /** (caller, callee). */
  edges: readonly (readonly [string, string])[];
  /** Where the calls end: the suspected service. */
  cause: string;
  /** Who calls it, directly or through others. */
  reached: readonly string[];
}

const ROW = 32;
const BOX = 24;

/** Who waits for whom: the cause on the left, its callers to the right, nearest first. */
export function CallGraph({ edges, cause, reached }: CallGraphProps) {
  const [ref, width] = useWidth();
  const layers = layersOf(edges, cause, reached);
  const column = layers.length === 0 ? 0 : width / layers.length;
  const boxWidth = Math.min(96, column - 18);
  const tall = Math.max(1, ...layers.map((layer) => layer.length)) * ROW;
  const places = new Map<string, { x: number; y: number }>();
  layers.forEach((layer, index) =>
    layer.forEach((name, row) => places.set(name, { x: index * column + 1, y: (tall - layer.length * ROW) / 2 + row * ROW + ROW / 2 })),
  );
  const lines = edges.flatMap(([caller, callee]) => {
    const from = places.get(callee);
    const to = places.get(caller);
    return from && to && to.x > from.x ? [{ from, to }] : [];
  });
  const words = reached.length === 0 ? `Nothing is known to call ${cause}` : `${cause} is called by ${reached.join(", ")}, nearest first`;
  return (
    <div ref={ref}>
      {width === 0 ? null : (
        <svg width={width} height={tall} role="img" aria-label={words}>
          {lines.map(({ from, to }, index) => (
            <path key={index} className={css.call} d={`M${from.x + boxWidth} ${from.y}C${from.x + boxWidth + 14} ${from.y} ${to.x - 14} ${to.y} ${to.x} ${to.y}`} />
          ))}
          {[...places].map(([name, { x, y }]) => (
            <g key={name}>
              <title>{name}</title>
              <rect className={name === cause ? css.cause : css.caller} x={x} y={y - BOX / 2} width={boxWidth} height={BOX} rx="5" />
              <text className={name === cause ? css.causeName : css.callerName} x={x + boxWidth / 2} y={y + 4} textAnchor="middle">
                {name.length * 6.4 > boxWidth - 8 ? `${name.slice(0, Math.max(1, Math.floor((boxWidth - 8) / 6.4) - 1))}…` : name}
              </text>
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}
