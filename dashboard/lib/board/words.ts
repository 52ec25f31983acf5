/** The words for what the server names with a code. */
import type { Cause, IncidentSummary, Phase, PhaseState, PhaseView, Severity, State, Verification } from "@/lib/api/types";

export const SEVERITIES: readonly Severity[] = ["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"];

export const STATE_WORDS: Readonly<Record<State, string>> = {
  triggered: "Triggered",
  acknowledged: "Acknowledged",
  investigating: "Investigating",
  identified: "Identified",
  monitoring: "Monitoring",
  resolved: "Resolved",
  closed: "Closed",
  reopened: "Reopened",
  merged: "Merged",
};

export const PHASE_STATE_WORDS: Readonly<Record<PhaseState, string>> = {
  waiting: "waiting",
  running: "running",
  completed: "completed",
  failed: "failed",
  timed_out: "timed out",
  abstained: "abstained",
};

const ENDED: ReadonlySet<State> = new Set<State>(["resolved", "closed", "merged"]);

export function isEnded(row: IncidentSummary): boolean {
  return ENDED.has(row.state);
}

/** What a person is wanted for, or null. */
export function wantsWords(row: IncidentSummary): string | null {
  if (row.wants === null) return null;
  return row.wants === "approve" ? "Wants approval" : row.wants === "take_over" ? "Escalated" : row.wants;
}

/** How it stands, said in one or two words. */
export function stateWords(row: IncidentSummary): string {
  if (row.state === "merged" && row.merged_into !== null) return `Merged into ${row.merged_into}`;
  return STATE_WORDS[row.state];
}

/** Whether the phase waits for a person, which is drawn in yellow. */
export function waitsForPerson(phase: PhaseView): boolean {
  return phase.phase === "approve" && phase.state === "running";
}

export function phaseWords(phase: PhaseView): string {
  if (waitsForPerson(phase)) return "approve: waits for a person";
  const progress = phase.state === "running" && phase.done !== null && phase.total !== null ? ` ${phase.done} of ${phase.total}` : "";
  return `${phase.phase} ${PHASE_STATE_WORDS[phase.state]}${progress}`;
}

/** The phase to speak of: the one that runs, else the last that did anything. */
export function currentPhase(phases: readonly PhaseView[]): PhaseView | null {
  return phases.find((phase) => phase.state === "running") ?? phases.findLast((phase) => phase.state !== "waiting") ?? null;
}

/** What stands under the segments of a row. */
export function phaseNote(row: IncidentSummary): string {
  if (row.phases.length === 0) return "agents have not begun";
  const phase = currentPhase(row.phases);
  if (phase === null) return row.responding ? "starting" : "agents have not begun";
  if (waitsForPerson(phase)) return "waits for a person";
  if (phase.state === "running") {
    return phase.done !== null && phase.total !== null ? `${phase.phase} ${phase.done} of ${phase.total}` : phase.phase;
  }
  if (row.outcome !== null) return spoken(row.outcome);
  return phase.state === "completed" ? `${phase.phase} done` : `${phase.phase} ${PHASE_STATE_WORDS[phase.state]}`;
}

/** The one principal behind the access token; any other name of a person was only typed. */
const OPERATOR = "operator";

/** `agent:diagnosis` → `diagnosis`, `person:operator` → `operator`, and what somebody typed as a name: `ada (unproven)`. */
export function who(by: string | null): string {
  if (by === null || by === "") return "nobody";
  const name = by.replace(/^[a-z]+:/, "");
  const typed = by.startsWith("person:") && name !== OPERATOR && !name.startsWith(`${OPERATOR} (`);
  return typed ? `${name} (unproven)` : name;
}

/**
 * What verification found. "Verified" is said only of a recovery that the action brought, as the figures count it; another
 * is called a recovery, and anything else is said to be not verified, and why.
 */
export function verificationWords({ verdict, credit }: Pick<Verification, "verdict" | "credit">): string {
  if (verdict === "recovered") {
    if (credit === "action") return "Verified: recovered";
    return credit === "none" ? "Recovered without a change" : "Not verified: recovered, but not clearly by the action";
  }
  if (verdict === "in_part") return "Not verified: recovered in part";
  return verdict === "unknown" ? "Not verified: could not look" : `Not verified: ${spoken(verdict)}`;
}

/** `restart orders` → `Restart orders`. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const PHASE_ORDER: readonly Phase[] = ["detect", "diagnose", "predict", "plan", "approve", "act", "verify", "undo"];

const CAUSE_ORDER: Readonly<Record<Cause, true>> = {
  bad_release: true,
  bad_config: true,
  slow_dependency: true,
  pool_exhaustion: true,
  memory_leak: true,
  crash_loop: true,
  traffic_surge: true,
  cpu_saturation: true,
  lock_contention: true,
  cache_stampede: true,
  disk_full: true,
  noisy_neighbour: true,
  retry_storm: true,
  unknown: true,
};

/** What about a service can be wrong; a cause that the server learns fails to compile until it is here. */
export const CAUSES: readonly Cause[] = (Object.keys(CAUSE_ORDER) as Cause[]).filter((cause) => cause !== "unknown");

/** `pool_exhaustion` → `pool exhaustion`. */
export function spoken(code: string): string {
  return code.replaceAll("_", " ");
}
