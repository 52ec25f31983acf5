import type { Plan } from "@/lib/api/types";
import css from "./findings.module.css";

/** How often the action helped before, said without a percentage. */
export function recordWords(plan: Plan): string {
  const { helped, tried } = plan.record;
  return tried === 0 ? "Not tried here before." : `Helped ${helped} of ${tried} times here.`;
}

/** What will be done, and everything needed to judge it. */
export function PlanFacts({ plan, brief = false }: { plan: Plan; brief?: boolean }) {
  return (
    <>
      {brief ? null : (
        <ol className={css.steps}>
          {plan.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      <dl className={css.facts}>
        <Fact name="Expected" words={plan.expected} />
        {brief ? <Fact name="Record" words={recordWords(plan)} /> : <Fact name="Risk" words={plan.risk} />}
        <Fact name="Undo" words={plan.reversible ? plan.undo : `Cannot be undone. ${plan.undo}`} />
        {brief ? null : (
          <>
            <Fact name="Reaches" words={plan.reaches.length === 0 ? `${plan.target} only` : plan.reaches.join(", ")} />
            <Fact name="Record" words={recordWords(plan)} />
            <Fact name="Verified by" words={plan.verified_by} />
            {plan.runbook === "" ? null : (
              <>
                <Fact name="Runbook" words={`${plan.runbook}, version ${plan.runbook_version}`} mono />
                <Fact name="Chosen" words={plan.choice} />
              </>
            )}
            <Fact name="Policy" words={`${plan.autonomy}: ${plan.autonomy_reason}`} />
            <Fact name="Plan" words={plan.id.slice(0, 12)} mono />
          </>
        )}
      </dl>
    </>
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
