"use client";

import { useId, useState } from "react";
import type { ApprovalView, IncidentSummary, Plan } from "@/lib/api/types";
import { who } from "@/lib/board/words";
import { clock } from "@/lib/format/time";
import { useClock, useConnection } from "@/lib/live/hooks";
import { Countdown } from "../marks/Clocks";
import { PlanFacts } from "./PlanFacts";
import { Reason } from "./Reason";
import { useCommand } from "./useCommand";
import css from "./findings.module.css";

export const APPROVAL_ID = "approval";

/** Bring the approval into view and focus it; it never approves. */
export function focusApproval(): void {
  const card = document.getElementById(APPROVAL_ID);
  card?.scrollIntoView({ block: "nearest" });
  card?.focus();
}

interface ApprovalCardProps {
  row: IncidentSummary;
  plan: Plan | null;
  /** Leaves out what the incident's page has room for. */
  brief?: boolean;
}

/** Why the buttons cannot be pressed, or null. */
function obstacle(stale: boolean, over: boolean, known: boolean, fresh: boolean): string | null {
  if (!known) return "The plan itself has not arrived yet.";
  if (stale) return "Not while what is shown is stale.";
  if (over) return "The time to answer is over.";
  return fresh ? null : "Plan changed, review it first.";
}

/** The question to a person: what will change, why, what to expect, and the two answers. */
export function ApprovalCard({ row, plan, brief = false }: ApprovalCardProps) {
  const approval = row.approval;
  const waits = row.wants === "approve" && approval !== null && approval.answer === null;
  return (
    <section id={APPROVAL_ID} tabIndex={-1} className={waits ? css.approval : css.answered} aria-label="Approval">
      {waits ? <Question key={row.id} row={row} approval={approval} plan={plan} brief={brief} /> : <Answer approval={approval} />}
    </section>
  );
}

function Question({ row, approval, plan, brief }: { row: IncidentSummary; approval: ApprovalView; plan: Plan | null; brief: boolean }) {
  const { stale } = useConnection();
  const { busy, error, run, clear } = useCommand(row.id);
  const [reviewed, setReviewed] = useState(approval.plan_id);
  const [rejecting, setRejecting] = useState(false);
  const over = useClock((now) => Date.parse(approval.expires_at) <= now) ?? false;
  const hint = useId();
  const known = plan?.id === approval.plan_id;
  const fresh = reviewed === approval.plan_id;
  const why = obstacle(stale, over, known, fresh);
  const review = () => {
    setReviewed(approval.plan_id);
    clear();
  };
  return (
    <>
      <h3 className={css.wanted}>Approve? {approval.title}</h3>
      {known ? <PlanFacts plan={plan} brief={brief} /> : <p>{approval.reason}</p>}
      {fresh ? null : (
        <p className={css.changed} role="alert">
          Plan changed, review.{" "}
          <button type="button" className="button small" onClick={review}>
            I have reviewed it
          </button>
        </p>
      )}
      {error === null ? null : <p role="alert">{error}</p>}
      {rejecting ? (
        <Reason
          label="Why not?"
          action="Reject"
          busy={busy}
          onCancel={() => setRejecting(false)}
          onSubmit={(reason) => void run({ name: "reject", plan_id: approval.plan_id, reason })}
        />
      ) : (
        <div className={css.answers}>
          <button
            type="button"
            className="button primary"
            disabled={why !== null || busy}
            aria-describedby={hint}
            onClick={() => void run({ name: "approve", plan_id: approval.plan_id })}
          >
            {busy ? "Sending" : "Approve"}
          </button>
          <button type="button" className="button" disabled={why !== null || busy} onClick={() => setRejecting(true)}>
            Reject
          </button>
          <span className="spring" />
          <span className={`${css.expiry} num`} id={hint}>
            {why ?? (
              <>
                expires in <Countdown until={approval.expires_at} over="0:00" />
              </>
            )}
          </span>
        </div>
      )}
    </>
  );
}

const ANSWERS: Readonly<Record<string, string>> = { approved: "Approved", rejected: "Rejected", expired: "Nobody answered in time", withdrawn: "No answer needed any more" };

function Answer({ approval }: { approval: ApprovalView | null }) {
  if (approval?.answer == null) return null;
  return (
    <p className="dim">
      <b>{ANSWERS[approval.answer] ?? approval.answer}</b>
      {approval.by === null ? "" : ` by ${who(approval.by)}`}
      {approval.answered_at === null ? "" : ` at ${clock(approval.answered_at)} UTC`}: {approval.title}
    </p>
  );
}
