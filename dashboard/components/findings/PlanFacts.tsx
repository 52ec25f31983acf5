import type { Plan } from "@/lib/api/types";
import { changesOf, type PlanChange } from "@/lib/board/plan";
import { counted } from "@/lib/format/number";
import { Fold } from "../kit/Fold";
import css from "./findings.module.css";

/** How often the action helped before, said without a percentage. */
export function recordWords(plan: Plan): string {
  const { helped, tried } = plan.record;
  return tried === 0 ? "Not tried here before." : `Helped ${helped} of ${counted(tried, "time")} here.`;
}

function Side({ sign, said, words }: { sign: string; said: string; words: string }) {
  return (
    <>
      <span aria-hidden="true">{sign}</span>
      <span>
        <span className="unseen">{said}: </span>
        {words}
      </span>
    </>
  );
}

function Changed({ change, where }: { change: PlanChange; where: string }) {
  return (
    <li>
      {change.where === "" || change.where === where ? null : <b>{change.where}</b>}
      {change.before === null ? (
        <span>{change.after}</span>
      ) : (
        <>
          <del>
            <Side sign="−" said="before" words={change.before} />
          </del>
          <ins>
            <Side sign="+" said="after" words={change.after} />
          </ins>
        </>
      )}
    </li>
  );
}

/** The change as a diff, and each HTTP call that makes it. */
export function PlanDiff({ plan }: { plan: Plan }) {
  const changes = changesOf(plan);
  const calls = plan.calls;
  return (
    <ul className={css.diff} aria-label="What will change">
      {changes.map((change, index) => (
        <Changed key={index} change={change} where={changes[index - 1]?.where ?? ""} />
      ))}
      {calls.map((call) => (
        <li key={call} className={css.call}>
          {call}
        </li>
      ))}
    </ul>
  );
}

/** What to expect of a plan and what it may do besides; `brief` leaves out what its page shows elsewhere. */
export function PlanFacts({ plan, brief = false }: { plan: Plan; brief?: boolean }) {
  return (
    <dl className={css.facts}>
      {brief ? null : <Fact name="Expected" words={plan.expected} />}
      <Fact name="Risk" words={plan.risk} />
      <Fact name="Undo" words={plan.undo || "It cannot be taken back."} />
      {brief ? null : <Fact name="Record" words={recordWords(plan)} />}
    </dl>
  );
}

/** What is needed only to check how the plan came about, with its internal numbers. */
export function PlanMore({ plan }: { plan: Plan }) {
  return (
    <Fold summary="How this plan was chosen">
      <dl className={css.facts}>
        <Fact name="Reaches" words={plan.reaches.length === 0 ? `${plan.target} only` : plan.reaches.join(", ")} />
        <Fact name="Checked by" words={plan.verified_by} />
        {plan.runbook === "" ? null : (
          <>
            <Fact name="Runbook" words={`${plan.runbook}, version ${plan.runbook_version}`} mono />
            <Fact name="Chosen" words={plan.choice} />
          </>
        )}
        <Fact name="Policy" words={`${plan.autonomy}: ${plan.autonomy_reason}`} />
        <Fact name="Plan" words={plan.id.slice(0, 12)} mono />
      </dl>
    </Fold>
  );
}

function Fact({ name, words, mono = false }: { name: string; words: string; mono?: boolean }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className={mono ? "mono" : undefined}>{words === "" ? "–" : words}</dd>
    </>
  );
}
