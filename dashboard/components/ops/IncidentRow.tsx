import Link from "next/link";
import { memo } from "react";
import type { IncidentSummary } from "@/lib/api/types";
import { isEnded, phaseNote, stateWords, wantsWords } from "@/lib/board/words";
import { count } from "@/lib/format/number";
import { incidentHref } from "@/lib/url";
import { Age, Countdown } from "../marks/Clocks";
import { Phases } from "../marks/Phases";
import { Severity } from "../marks/Severity";
import css from "./ops.module.css";

interface IncidentRowProps {
  row: IncidentSummary;
  selected: boolean;
  choose: (id: string) => void;
}

function Standing({ row }: { row: IncidentSummary }) {
  const wants = wantsWords(row);
  if (wants === null) return <span className="dim">{stateWords(row)}</span>;
  return (
    <>
      <span className={css.wanted}>{wants}</span>
      <span className={css.under}>
        {row.wants === "approve" && row.approval !== null ? (
          <>
            expires in <Countdown until={row.approval.expires_at} over="0:00" />
          </>
        ) : (
          stateWords(row)
        )}
      </span>
    </>
  );
}

/** One incident. Clicking selects it; its title opens it. */
export const IncidentRow = memo(function IncidentRow({ row, selected, choose }: IncidentRowProps) {
  const ended = isEnded(row);
  return (
    // The title is the way in for keyboards; a click elsewhere in the row only selects.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      id={`row-${row.id}`}
      className={`${css.row} ${ended ? css.ended : ""}`}
      aria-current={selected ? "true" : undefined}
      onClick={() => choose(row.id)}
    >
      <span role="cell" className={css.cellSeverity}>
        <Severity severity={row.severity} />
      </span>
      <span role="cell" className={css.cellTitle}>
        <Link href={incidentHref(row.id)} prefetch={false} className={css.title}>
          {row.title}
        </Link>
        <span className={css.why}>
          {row.summary === "" ? row.id : row.summary}
          {row.missing.length > 0 ? ` · missing: ${row.missing.join(", ")}` : ""}
        </span>
      </span>
      <span role="cell" className={css.cellState}>
        <Standing row={row} />
      </span>
      <span role="cell" className={css.cellPhases}>
        <Phases phases={row.phases} />
        <span className={css.under}>{phaseNote(row)}</span>
      </span>
      <span role="cell" className={`${css.cellAlerts} num`}>
        {count(row.alerts.total)}
        <span className={css.phoneWord}> {row.alerts.total === 1 ? "alert" : "alerts"}</span>
      </span>
      <span role="cell" className={`${css.cellAge} num`}>
        <Age since={ended ? (row.resolved_at ?? row.updated_at) : row.open_since} />
        {ended ? <span className={css.under}>ago</span> : null}
      </span>
    </div>
  );
});
