import type { Diagnosis } from "@/lib/api/types";

export function evidenceAnchor(id: string): string {
  return `evidence-${id}`;
}

/** Bring a piece of evidence into view and focus it. */
export function goToEvidence(id: string): void {
  const card = document.getElementById(evidenceAnchor(id));
  card?.scrollIntoView({ block: "center" });
  card?.focus({ preventScroll: true });
}

/** Whether a piece speaks for or against the first hypothesis; null when it does neither. */
export function sideOf(diagnosis: Diagnosis | null, evidenceId: string): "For" | "Against" | null {
  const first = diagnosis?.hypotheses[0];
  if (first === undefined) return null;
  if (first.in_favour.some((one) => one.evidence_id === evidenceId)) return "For";
  return first.against.some((one) => one.evidence_id === evidenceId) ? "Against" : null;
}
