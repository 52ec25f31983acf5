/** The form of assumptions: what is typed, and what it says when it cannot be. */
import type { NewAssumptions } from "./data";
import type { Assumptions } from "./types";

export const SEVERITIES = ["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** As typed; empty is not given. Targets are minutes. */
export interface Draft {
  low: string;
  high: string;
  currency: string;
  running: string;
  cap: string;
  targets: Readonly<Record<Severity, string>>;
  reason: string;
}

const typed = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));

export function draftOf(from: Assumptions): Draft {
  const target = (severity: Severity) => {
    const seconds = from.target_s?.[severity];
    return seconds === undefined ? "" : String(seconds / 60);
  };
  return {
    low: typed(from.cost_per_minute_low),
    high: typed(from.cost_per_minute_high),
    currency: from.currency,
    running: typed(from.running_cost_month),
    cap: typed(from.cost_cap),
    targets: { SEV1: target("SEV1"), SEV2: target("SEV2"), SEV3: target("SEV3"), SEV4: target("SEV4"), SEV5: target("SEV5") },
    reason: "",
  };
}

/** The number of a text; null when it is empty; NaN when it is none. */
function numberOf(text: string): number | null {
  const bare = text.trim().replaceAll(",", "");
  return bare === "" ? null : Number(bare);
}

const isBad = (value: number | null, least: number) => value !== null && !(Number.isFinite(value) && value >= least);

/** What is wrong, in words; null when nothing is. */
function fault(body: Omit<NewAssumptions, "target_s">, targets: readonly (number | null)[]): string | null {
  const { cost_per_minute_low: low, cost_per_minute_high: high } = body;
  if ((low === null) !== (high === null)) return "The cost per minute is a range: give both ends, or neither.";
  if (low !== null && high !== null && !(low > 0 && low <= high && Number.isFinite(high))) {
    return "The cost per minute goes from above zero up.";
  }
  if (!/^[A-Z]{3}$/.test(body.currency)) return "A currency is three capital letters, such as USD.";
  if (isBad(body.running_cost_month, 0) || isBad(body.cost_cap, 0)) return "A cost is a number, not below zero.";
  if (targets.some((target) => isBad(target, 0) || target === 0)) return "A target is a number of minutes above zero.";
  return body.reason === "" ? "Say why: it is kept with the change." : null;
}

/** What to send; or what is wrong, in words. */
export function bodyOf(draft: Draft, basedOn: Assumptions): NewAssumptions | string {
  const targets = SEVERITIES.map((severity) => [severity, numberOf(draft.targets[severity])] as const);
  const body = {
    cost_per_minute_low: numberOf(draft.low),
    cost_per_minute_high: numberOf(draft.high),
    currency: draft.currency.trim(),
    running_cost_month: numberOf(draft.running),
    cost_cap: numberOf(draft.cap),
    reason: draft.reason.trim(),
    based_on: basedOn.version,
  };
  const wrong = fault(body, targets.map(([, minutes]) => minutes));
  if (wrong !== null) return wrong;
  const given = targets.flatMap(([severity, minutes]) => (minutes === null ? [] : [[severity, minutes * 60] as const]));
  return { ...body, target_s: Object.fromEntries(given) };
}

/** What changed from one version to the next, in words. */
export function changed(before: Assumptions | undefined, after: Assumptions): string[] {
  const rows: readonly (readonly [string, (from: Assumptions) => string])[] = [
    ["cost per minute", (from) => (from.cost_per_minute_low === null ? "" : `${from.cost_per_minute_low} to ${from.cost_per_minute_high ?? ""} ${from.currency}`)],
    ["running cost a month", (from) => (from.running_cost_month === null ? "" : `${from.running_cost_month} ${from.currency}`)],
    ["cost cap of a run", (from) => (from.cost_cap === null ? "" : `${from.cost_cap} USD`)],
    ["targets", (from) => Object.entries(from.target_s ?? {}).sort().map(([name, seconds]) => `${name} ${seconds / 60} min`).join(", ")],
  ];
  return rows.flatMap(([name, say]) => {
    const [old, now] = [before === undefined ? "" : say(before), say(after)];
    if (old === now) return [];
    return [`${name}: ${old === "" ? "not given" : old} → ${now === "" ? "not given" : now}`];
  });
}
