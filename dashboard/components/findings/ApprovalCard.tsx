"use client";

import { useId, useState, type ReactNode } from "react";
import type { ApprovalView, Diagnosis, IncidentSummary, Plan } from "@/lib/api/types";
import { causeOf } from "@/lib/board/plan";
import { sentence, who } from "@/lib/board/words";
import { percent } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import { useClock } from "@/lib/live/hooks";
import { Countdown } from "../marks/Clocks";
import { Bar } from "./Hypotheses";
import { PlanDiff, PlanFacts, PlanMore } from "./PlanFacts";
import { Reason } from "./Reason";
import { useCommand, type Commanding } from "./useCommand";
import css from "./findings.module.css";

export const APPROVAL_ID = "approval";

/** Bring the approval into view and focus it; it never approves. */
export function focusApproval(): void {
  const card = document.getElementById(APPROVAL_ID);
  card?.scrollIntoView({ block: "nearest" });
  card?.focus();
}

/** Whether a person is asked about a plan and nobody has answered yet. */
export function isAsked(row: IncidentSummary): boolean {
  return row.wants === "approve" && row.approval !== null && row.approval.answer === null;
}

interface ApprovalCardProps {
  row: IncidentSummary;
  plan: Plan | null;
  diagnosis: Diagnosis | null;
  /** Leaves out what the incident's page has room for. */
  brief?: boolean;
}

/** Why the question itself cannot be answered as it is shown, or null. */
function closedBecause(over: boolean, known: boolean, fresh: boolean): string | null {
  if (!known) return "The plan itself has not arrived yet.";
  if (over) return "The time to answer is over.";
  return fresh ? null : "Plan changed, review it first.";
}

/** The question to a person, with everything that is needed to answer it, and the two answers. */
export function ApprovalCard({ row, plan, diagnosis, brief = false }: ApprovalCardProps) {
  const { approval } = row;
  const asked = isAsked(row) && approval !== null;
  const shape = brief ? "" : `panel ${asked ? css.alone : ""}`;
  return (
    <section id={APPROVAL_ID} tabIndex={-1} className={`${asked ? css.approval : css.answered} ${shape}`} aria-label="Approval">
      {asked ? (
        <Question key={row.id} row={row} approval={approval} plan={plan} diagnosis={diagnosis} brief={brief} />
      ) : (
        <Answer approval={approval} />
      )}
    </section>
  );
}

interface QuestionProps extends ApprovalCardProps {
  approval: ApprovalView;
}

function Question({ row, approval, plan, diagnosis, brief = false }: QuestionProps) {
  const commanding = useCommand(row.id);
  const [reviewed, setReviewed] = useState(approval.plan_id);
  const over = useClock((now) => Date.parse(approval.expires_at) <= now) ?? false;
  const known = plan?.id === approval.plan_id;
  const fresh = reviewed === approval.plan_id;
  const review = () => {
    setReviewed(approval.plan_id);
    commanding.clear();
  };
  return (
    <>
      <div className={brief ? css.question : `${css.question} live`} tabIndex={0} role="region" aria-label="What is asked">
        <h3 className={css.wanted}>Approve? {sentence(approval.title)}</h3>
        {known ? (
          <>
            <Because plan={plan} diagnosis={diagnosis} />
            <PlanDiff plan={plan} />
            <PlanFacts plan={plan} brief={brief} />
            {brief ? null : <PlanMore plan={plan} />}
          </>
        ) : (
          <p>{approval.reason}</p>
        )}
      </div>
      <div className={brief ? css.answerBar : `${css.answerBar} ${css.atEdge}`}>
        {fresh ? null : (
          <p className={css.changed} role="alert">
            Plan changed, review.{" "}
            <button type="button" className="button small" onClick={review}>
              I have reviewed it
            </button>
          </p>
        )}
        {commanding.error === null ? null : <p role="alert">{commanding.error}</p>}
        <Answers approval={approval} commanding={commanding} closed={closedBecause(over, known, fresh)} />
      </div>
    </>
  );
}

/** The cause that the plan is for, how likely it is, and what speaks for it most. */
function Because({ plan, diagnosis }: { plan: Plan; diagnosis: Diagnosis | null }) {
  const cause = causeOf(plan, diagnosis);
  if (cause === null) return <p className={css.because}>Diagnosis names no cause that this plan is for.</p>;
  const first = cause.in_favour.reduce<(typeof cause.in_favour)[number] | null>(
    (most, one) => (most === null || one.weight > most.weight ? one : most),
    null,
  );
  return (
    <div className={css.because}>
      <div className={css.head}>
        <span className={css.leading}>{cause.title}</span>
        <span className={`${css.leading} num`}>
          <span className="unseen">probability </span>
          {percent(cause.probability)}
        </span>
      </div>
      <Bar share={cause.probability} first />
      <p className="dim">
        {first === null ? "Nothing speaks for it by itself." : `${sentence(first.says)}.`}{" "}
        {cause.calibrated ? null : (
          <span className="tag" title="Too few ended incidents to say how often such a number was right">
            uncalibrated
          </span>
        )}
      </p>
    </div>
  );
}

interface AnswersProps {
  approval: ApprovalView;
  commanding: Commanding;
  /** Why the question cannot be answered, or null. */
  closed: string | null;
}

function Answers({ approval, commanding: { busy, obstacle, run }, closed }: AnswersProps) {
  const [rejecting, setRejecting] = useState(false);
  const hint = useId();
  const why = obstacle ?? closed;
  const disabled = why !== null || busy;
  if (rejecting && closed === null) {
    return (
      <Reason
        label="Why not?"
        action="Reject"
        busy={busy}
        obstacle={obstacle}
        onCancel={() => setRejecting(false)}
        onSubmit={(reason) => void run({ name: "reject", plan_id: approval.plan_id, reason })}
      />
    );
  }
  return (
    <div className={css.answers}>
      <button
        type="button"
        className="button primary"
        disabled={disabled}
        aria-describedby={hint}
        onClick={() => void run({ name: "approve", plan_id: approval.plan_id })}
      >
        {busy ? "Sending" : "Approve"}
      </button>
      <button type="button" className="button" disabled={disabled} onClick={() => setRejecting(true)}>
        Reject
      </button>
      <span className="spring" />
      <span className={`${css.expiry} num`} id={hint}>
        {why ?? <Expiry at={approval.expires_at} />}
      </span>
    </div>
  );
}

function Expiry({ at }: { at: string }): ReactNode {
  return (
    <>
      expires in <Countdown until={at} over="0:00" />
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
      {approval.answered_at === null ? "" : ` at ${clock(approval.answered_at)} UTC`}: {sentence(approval.title)}
    </p>
  );
}
