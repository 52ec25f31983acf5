import Link from "next/link";
import { count } from "@/lib/format/number";
import { moment } from "@/lib/format/time";
import type { TrendReport } from "@/lib/outcomes/types";
import { RESTORED, spanWords } from "@/lib/outcomes/words";
import { incidentHref } from "@/lib/url";
import css from "./outcomes.module.css";

const ROWS = 200;

/** The dots as rows, newest first. */
export function DotTable({ trend }: { trend: TrendReport }) {
  const rows = trend.dots.slice(-ROWS).reverse();
  const left = trend.dots.length - rows.length + trend.dots_left_out;
  return (
    <>
      <div className={css.tableBox} tabIndex={0} role="region" aria-label="Incidents of 90 days">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Incident</th>
              <th scope="col">Service</th>
              <th scope="col">Severity</th>
              <th scope="col">Began</th>
              <th scope="col">Lasted</th>
              <th scope="col">Restored</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((dot) => (
              <tr key={dot.id}>
                <th scope="row">
                  {dot.imported ? dot.title : (
                    <Link href={incidentHref(dot.id)} prefetch={false}>
                      {dot.title}
                    </Link>
                  )}
                </th>
                <td>{dot.service === "" ? "not known" : dot.service}</td>
                <td>{dot.severity === "" ? "not known" : dot.severity}</td>
                <td className="num">{moment(dot.began_at)}</td>
                <td className="num">{spanWords(dot.lasted_s)}{dot.open ? " so far" : ""}</td>
                <td>{dot.open ? "open" : RESTORED[dot.restored_by]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 ? <p className="muted num">{count(left)} older ones are in the CSV.</p> : null}
    </>
  );
}
