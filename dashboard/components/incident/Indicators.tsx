import type { Detection } from "@/lib/api/types";
import { measure, normalRange } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import css from "./incident.module.css";

/** The indicators out of range, earliest first. */
export function Indicators({ detection }: { detection: Detection }) {
  if (detection.indicators.length === 0) return null;
  return (
    <div className={css.sideways} tabIndex={0} role="region" aria-label="Indicators out of range">
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Indicator out of range</th>
            <th scope="col">Since</th>
            <th scope="col">Worst</th>
            <th scope="col">Normal</th>
          </tr>
        </thead>
        <tbody>
          {detection.indicators.map((one) => (
            <tr key={`${one.service} ${one.series} ${JSON.stringify(one.labels)}`}>
              <th scope="row">
                {one.service} {one.series} <span className="muted">{one.bad_when} normal</span>
              </th>
              <td>{clock(one.onset)}</td>
              <td>{measure(one.worst, one.unit)}</td>
              <td>{normalRange(one.normal_low, one.normal_high, one.unit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
