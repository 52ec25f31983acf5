"use client";

import { useState } from "react";
import type { Elsewhere as Trouble, IncidentDetail } from "@/lib/api/types";
import { isEnded } from "@/lib/board/words";
import { incidentHref } from "@/lib/url";
import { Reason } from "../findings/Reason";
import { useCommand, type Commanding } from "../findings/useCommand";
import { Obstacle } from "../kit/Obstacle";
import css from "./incident.module.css";

interface OneProps {
  trouble: Trouble;
  incidentId: string;
  commanding: Commanding;
  /** This incident may still become part of another. */
  open: boolean;
}

function One({ trouble: { service, says, incident_id: other }, incidentId, commanding, open }: OneProps) {
  const [asking, setAsking] = useState(false);
  const merge = async (reason: string) => {
    if (other !== null && (await commanding.run({ name: "merge", into: other, reason }))) setAsking(false);
  };
  return (
    <li>
      <p>
        <b>{service}</b>: <span className="dim">{says}</span>
      </p>
      {other === null ? null : (
        <div className="row">
          <a className="button small" href={incidentHref(other)}>
            Open {other}
          </a>
          {open && !asking ? (
            <button type="button" className="button small" disabled={commanding.busy || commanding.obstacle !== null} onClick={() => setAsking(true)}>
              Merge into {other}
            </button>
          ) : null}
          {open && !asking ? <Obstacle says={commanding.obstacle} /> : null}
        </div>
      )}
      {asking ? (
        <div className={css.confirm}>
          <p>
            {incidentId} becomes part of {other}: its alerts move there and the agents stop working on it here.
          </p>
          <Reason
            label="Why do they belong together?"
            action={`Merge into ${other ?? ""}`}
            busy={commanding.busy}
            obstacle={commanding.obstacle}
            onCancel={() => setAsking(false)}
            onSubmit={(reason) => void merge(reason)}
          />
        </div>
      ) : null}
    </li>
  );
}

/** Other trouble at the same time that nothing links to this incident: never its cause, but perhaps the same incident. */
export function Elsewhere({ detail }: { detail: IncidentDetail }) {
  const { summary, diagnosis } = detail;
  const commanding = useCommand(summary.id);
  const found = diagnosis?.elsewhere ?? [];
  if (found.length === 0) return null;
  return (
    <section>
      <h3>Other trouble at the same time</h3>
      <p className="muted">Nothing that was looked at links it to this incident.</p>
      <ul className={css.actions}>
        {found.map((trouble) => (
          <One
            key={`${trouble.service} ${trouble.incident_id ?? ""} ${trouble.says}`}
            trouble={trouble}
            incidentId={summary.id}
            commanding={commanding}
            open={!isEnded(summary)}
          />
        ))}
      </ul>
      {commanding.error === null ? null : <p role="alert">{commanding.error}</p>}
    </section>
  );
}
