import type { Change, LogPattern } from "@/lib/api/types";
import { count } from "@/lib/format/number";
import { age, clock } from "@/lib/format/time";
import css from "./incident.module.css";

/** Log templates with how often each was seen before and after the onset. */
export function LogList({ patterns }: { patterns: readonly LogPattern[] }) {
  return (
    <div className={css.sideways} tabIndex={0} role="region" aria-label="Log lines">
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {patterns.map((one) => (
            <tr key={one.service + one.template}>
              <th scope="row" title={`For example: ${one.example}`}>
                <code className={css.template}>{one.template}</code>
                <span className="muted">
                  {one.service}, {one.level}
                  {one.count_before === 0 ? `, new since ${clock(one.first_seen)}` : ""}
                </span>
              </th>
              <td>{count(one.count_before)}</td>
              <td>
                <b>{count(one.count_after)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function distance(change: Change, onset: string | null): string {
  if (onset === null) return "";
  const seconds = (Date.parse(onset) - Date.parse(change.at)) / 1000;
  return `${age(Math.abs(seconds))} ${seconds >= 0 ? "before" : "after"} onset`;
}

/** Recorded changes, with their distance from the onset. */
export function ChangeList({ changes, onset }: { changes: readonly Change[]; onset: string | null }) {
  return (
    <div className={css.sideways} tabIndex={0} role="region" aria-label="Changes">
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Change</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((one) => (
            <tr key={one.at + one.service + one.what}>
              <th scope="row">
                {one.service} {one.kind}: {one.what}{" "}
                <code className={css.template}>
                  {one.before || "–"} → {one.after || "–"}
                </code>
                {one.by === "" ? null : <span className="muted">by {one.by}</span>}
              </th>
              <td>
                {clock(one.at)}
                <span className={css.below}>{distance(one, onset)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
