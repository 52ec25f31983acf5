/** What a plan changes, as a diff: pure. */
import type { Diagnosis, Hypothesis, Plan } from "@/lib/api/types";

const ARROW = " → ";

/** One line of a plan: a value before and after, or, where the step names no values, the step as it is. */
export interface PlanChange {
  /** The service that the step names; empty when it names none. */
  where: string;
  before: string | null;
  /** The value after, or the whole step when `before` is null. */
  after: string;
}

/** The words before the old value, to be repeated before the new one: `flag provider ` of `flag provider a`. */
function labelOf(left: string, plan: Plan): string {
  const known = Object.values(plan.params).find((value) => value !== "" && left.endsWith(` ${value}`));
  if (known !== undefined) return left.slice(0, -known.length);
  const words = left.split(" ");
  return words.length === 2 ? `${words[0] ?? ""} ` : "";
}

function changeOf(where: string, words: string, plan: Plan): PlanChange {
  const [left = "", after, ...more] = words.split(ARROW);
  if (after === undefined || more.length > 0 || left === "") return { where, before: null, after: words };
  return { where, before: left, after: labelOf(left, plan) + after };
}

/** The changes of a plan in the order of its steps; a step may hold several, separated by commas. */
export function changesOf(plan: Plan): PlanChange[] {
  return plan.steps.flatMap((step) => {
    const at = step.indexOf(": ");
    const named = at > 0 && !step.slice(0, at).includes(" ");
    const where = named ? step.slice(0, at) : "";
    const words = named ? step.slice(at + 2) : step;
    const parts = words.split(", ");
    const each = parts.every((part) => part.includes(ARROW)) ? parts : [words];
    return each.map((part) => changeOf(where, part, plan));
  });
}

/** The cause that a plan is for; null when diagnosis names none. */
export function causeOf(plan: Plan, diagnosis: Diagnosis | null): Hypothesis | null {
  return diagnosis?.hypotheses.find((one) => one.id === plan.hypothesis_id) ?? null;
}
