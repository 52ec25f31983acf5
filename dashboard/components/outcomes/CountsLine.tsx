"use client";

import { NOTHING_KNOWN, count } from "@/lib/format/number";
import { useConnection } from "@/lib/live/hooks";
import type { Report } from "@/lib/outcomes/types";
import css from "./outcomes.module.css";

/** What became of the incidents of the window, in numbers. */
export function CountsLine({ report }: { report: Report }) {
  const { counts } = report;
  const { stale } = useConnection();
  const rows: readonly (readonly [string, number, string])[] = [
    ["Handled", counts.handled, "Ended; false alarms and merged ones are not among them"],
    ["Open", counts.open, "Still open"],
    ["Prevented", counts.prevented, "Forecast breaches, acted upon before they were due, that turned back"],
    ["Reopened", counts.reopened, "Came back after they were resolved"],
    ["False alarms", counts.false_alarms, "A person said that nothing was wrong; in no other figure"],
  ];
  return (
    <section className="panel live" aria-label="Counts">
      <dl className={css.counts}>
        {rows.map(([name, n, why]) => (
          <div key={name} title={why}>
            <dt className="muted">{name}</dt>
            <dd className="num">
              <b>{stale && n === 0 && name === "Open" ? NOTHING_KNOWN : count(n)}</b>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
