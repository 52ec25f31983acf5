"use client";

import type { IncidentDetail, Plan } from "@/lib/api/types";
import { topology, useResource } from "@/lib/api/resource";
import { isEnded, sentence, verificationWords } from "@/lib/board/words";
import { measure, normalRange } from "@/lib/format/number";
import { duration } from "@/lib/format/time";
import { CallGraph } from "../chart/CallGraph";
import { CauseAnswer } from "../findings/CauseAnswer";
import { Hypotheses } from "../findings/Hypotheses";
import { Outlook } from "../findings/Outlook";
import { PlanDiff, PlanFacts, PlanMore } from "../findings/PlanFacts";
import { Actions } from "./Actions";
import { Elsewhere } from "./Elsewhere";
import { goToEvidence } from "./evidence";
import css from "./incident.module.css";

/** The plan where nobody is asked about it: done by policy, only recommended, or already answered. */
function PlanPart({ plan, asked }: { plan: Plan | null; asked: boolean }) {
  if (plan === null || asked) return null;
  return (
    <section>
      <h3>Plan: {sentence(plan.title)}</h3>
      <PlanDiff plan={plan} />
      <PlanFacts plan={plan} />
      <PlanMore plan={plan} />
    </section>
  );
}

function Verification({ detail }: { detail: IncidentDetail }) {
  const { summary, verification } = detail;
  if (verification === null) return null;
  const past = summary.state === "reopened" ? "Before it was opened again: " : "";
  return (
    <section>
      <h3>
        {past}
        {verificationWords(verification)} <span className="muted num">in {duration(verification.took_s)}</span>
      </h3>
      <p className="dim">{verification.says}</p>
      {verification.readings.length === 0 ? null : (
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Reading</th>
              <th scope="col">Value</th>
              <th scope="col">Normal</th>
            </tr>
          </thead>
          <tbody>
            {verification.readings.map((one) => (
              <tr key={one.service + one.series}>
                <th scope="row">
                  {one.service} {one.series}
                </th>
                <td className={one.in_range ? css.goodText : css.badText}>
                  {measure(one.value, one.unit)} {one.value === null ? "" : one.in_range ? "in range" : "out"}
                </td>
                <td>{normalRange(one.normal_low, one.normal_high, one.unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** A schema cannot say that an edge is a caller and a callee; the server sends nothing else. */
function pairs(edges: readonly string[][]): [string, string][] {
  return edges.flatMap(([caller, callee]) => (caller === undefined || callee === undefined ? [] : [[caller, callee] as [string, string]]));
}

function Reach({ detail }: { detail: IncidentDetail }) {
  const { value } = useResource(topology);
  const cause = detail.diagnosis?.hypotheses[0]?.service ?? detail.summary.service;
  const reached = detail.prediction?.blast_services ?? [];
  if (cause === null || detail.prediction === null) return null;
  const own = detail.run_evidence.flatMap((id) => detail.evidence[id]?.edges ?? []);
  const edges = pairs(own.length > 0 ? own : (value?.edges ?? []));
  return (
    <section>
      <h3>Reach</h3>
      {reached.length === 0 ? (
        <p className="muted">No service is known to call {cause}.</p>
      ) : (
        <>
          <CallGraph edges={edges} cause={cause} reached={reached} />
          <p className="unseen">Reached, nearest first: {reached.join(", ")}</p>
        </>
      )}
    </section>
  );
}

function Gaps({ detail }: { detail: IncidentDetail }) {
  if (detail.gaps.length === 0) return null;
  return (
    <section>
      <h3>Not looked at</h3>
      <ul className={css.gaps}>
        {detail.gaps.map((gap) => (
          <li key={gap.source + gap.reason} className="dim">
            <b>{gap.source}</b>: {gap.reason}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Escalation({ detail }: { detail: IncidentDetail }) {
  const { escalation, summary } = detail;
  if (escalation === null) return null;
  return (
    <section className={summary.wants === "take_over" ? css.takeOver : undefined}>
      <h3>{summary.wants === "take_over" ? "Escalated: a person must take over" : "Escalated to a person"}</h3>
      <p>{escalation.reason}</p>
      {escalation.missing.length === 0 ? null : <p className="dim">Lacking: {escalation.missing.join(", ")}.</p>}
    </section>
  );
}

function Cause({ detail }: { detail: IncidentDetail }) {
  if (detail.diagnosis === null) {
    return (
      <section>
        <h3>Hypotheses</h3>
        <p className="muted">Diagnosis has not said anything yet.</p>
        {isEnded(detail.summary) ? <CauseAnswer detail={detail} /> : null}
      </section>
    );
  }
  return (
    <section>
      <h3>Hypotheses</h3>
      <Hypotheses diagnosis={detail.diagnosis} goTo={goToEvidence} />
      <CauseAnswer detail={detail} />
    </section>
  );
}

/** What to decide on: the approval first, then why. */
export function Aside({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const asked = row.wants === "approve" && row.approval?.plan_id === detail.plan?.id;
  return (
    <aside className={`panel live ${css.aside}`} aria-label="Findings and decisions">
      <Escalation detail={detail} />
      <Verification detail={detail} />
      <Actions detail={detail} />
      <Cause detail={detail} />
      <Elsewhere detail={detail} />
      <PlanPart plan={detail.plan} asked={asked} />
      {detail.prediction === null ? null : (
        <section>
          <h3>{isEnded(row) ? "What was forecast" : "If nothing is done"}</h3>
          <Outlook prediction={detail.prediction} />
        </section>
      )}
      <Reach detail={detail} />
      <Gaps detail={detail} />
    </aside>
  );
}
