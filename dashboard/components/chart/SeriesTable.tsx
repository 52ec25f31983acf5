import type { Evidence, Series } from "@/lib/api/types";
import { measure, normalRange } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import css from "./chart.module.css";

const ROWS = 120;

interface Row {
  time: number;
  values: (number | null)[];
}

function rowsOf(series: readonly Series[]): Row[] {
  const rows = new Map<number, (number | null)[]>();
  series.forEach((one, column) => {
    one.times.forEach((time, index) => {
      const row = rows.get(time) ?? series.map(() => null);
      row[column] = one.values[index] ?? null;
      rows.set(time, row);
    });
  });
  return [...rows].map(([time, values]) => ({ time, values })).sort((a, b) => b.time - a.time);
}

/** The same data as a table, newest first. */
export function SeriesTable({ evidence }: { evidence: Evidence }) {
  const rows = rowsOf(evidence.series);
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label={`${evidence.title}, as a table`}>
      <table className={css.table}>
        <caption className="muted">
          {rows.length > ROWS ? `The newest ${ROWS} of ${rows.length} points` : `${rows.length} points`}, UTC
          {evidence.normal_low === null || evidence.normal_high === null ? "" : `; normal is ${normalRange(evidence.normal_low, evidence.normal_high, evidence.unit)}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {evidence.series.map((series, index) => (
              <th key={index} scope="col">
                {series.name || evidence.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS).map((row) => (
            <tr key={row.time}>
              <th scope="row">{clock(row.time * 1000)}</th>
              {row.values.map((value, index) => (
                <td key={index}>{measure(value, evidence.unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
