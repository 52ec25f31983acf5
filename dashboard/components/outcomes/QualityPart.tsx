import { count } from "@/lib/format/number";
import type { QualityView } from "@/lib/outcomes/types";
import { QUALITY } from "@/lib/outcomes/words";
import { Part } from "./Part";
import css from "./outcomes.module.css";

/** How good the records are, part by part. */
export function QualityPart({ quality }: { quality: QualityView }) {
  return (
    <Part title="Quality of the records">
      <p className="num">
        <b>{quality.value === null ? "Not known" : quality.value.toFixed(2)}</b>
        {quality.value === null ? "" : " of 1"}
        <span className="dim">{quality.worst === "" ? "" : ` · ${quality.worst}`}</span>
      </p>
      <table className={css.shares}>
        <tbody>
          {quality.shares.map(({ name, k, n }) => (
            <tr key={name}>
              <th scope="row">{QUALITY[name] ?? name}</th>
              <td>
                {n === 0 ? null : (
                  <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                    <rect className={css.shareAll} width="100" height="6" />
                    <rect className={css.measured} width={(100 * k) / n} height="6" />
                  </svg>
                )}
              </td>
              <td className="num">{n === 0 ? <span className="muted">not judged</span> : `${count(k)} of ${count(n)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {quality.says === "" ? null : <p className="muted">{quality.says}</p>}
    </Part>
  );
}
