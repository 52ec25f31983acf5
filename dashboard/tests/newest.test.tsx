import { cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Aside } from "@/components/incident/Aside";
import { leadingEvidence } from "@/components/ops/Selected";
import type { Indicator, Verification } from "@/lib/api/types";
import { verificationWords, who } from "@/lib/board/words";
import { answering, detail, entry, iso, metric, row } from "./samples";

vi.mock("next/navigation", () => ({ useSearchParams: () => new URLSearchParams() }));

beforeEach(() => void answering(200, {}));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function verification(over: Partial<Verification> = {}): Verification {
  return { verdict: "recovered", says: "8 of 8 indicators back", readings: [], took_s: 6, credit: "action", credit_says: "", ...over };
}

describe("verified", () => {
  it.each([
    ["recovered", "action", "Verified: recovered"],
    ["recovered", "none", "Recovered without a change"],
    ["recovered", "unclear", "Not verified: recovered, but not clearly by the action"],
    ["in_part", "action", "Not verified: recovered in part"],
    ["not_recovered", "action", "Not verified: not recovered"],
    ["worse", "action", "Not verified: worse"],
    ["unknown", "action", "Not verified: could not look"],
  ])("is said of %s by %s as it is counted: %s", (verdict, credit, words) => {
    expect(verificationWords({ verdict, credit })).toBe(words);
  });

  it("belongs to the past once the incident was opened again", () => {
    const reopened = detail(row("INC-1", { state: "reopened" }), { verification: verification() });
    const { container } = render(<Aside detail={reopened} />);
    expect(container.textContent).toContain("Before it was opened again: Verified: recovered");
  });
});

describe("the leading chart", () => {
  const indicator = (evidence_id: string): Indicator => ({
    service: "payment",
    series: "p99",
    labels: {},
    unit: "s",
    normal_low: 0,
    normal_high: 1,
    bad_when: "above",
    onset: iso(100),
    worst: 2,
    evidence_id,
  });
  const detected = (indicators: Indicator[]) => ({
    verdict: "confirmed",
    says: "",
    onset: iso(100),
    onset_error_s: 1,
    indicators,
    services: ["payment"],
    evidence: [],
    gaps: [],
  });
  const evidence = {
    E1: metric("E1", [1], { onset: iso(1) }),
    E2: metric("E2", [2], { onset: iso(100) }),
    E3: metric("E3", [3], { onset: iso(101) }),
  };
  const timeline = [
    entry(1, { type: "ResponseStarted" }),
    entry(2, { type: "Detected", evidence_ids: ["E1"] }),
    entry(3, { type: "ResponseStarted" }),
    entry(4, { type: "Detected", evidence_ids: ["E3", "E2"] }),
  ];

  it("is of the newest response, though an earlier one saw the same series", () => {
    const found = leadingEvidence(detail(row("INC-1"), { detection: detected([indicator("E2")]), evidence, timeline }));
    expect(found?.id).toBe("E2");
  });

  it("is the first with an onset that the newest response cites, where no indicator names one", () => {
    expect(leadingEvidence(detail(row("INC-1"), { detection: detected([]), evidence, timeline }))?.id).toBe("E3");
  });

  it("is none as long as the newest response has found nothing", () => {
    expect(leadingEvidence(detail(row("INC-1"), { evidence, timeline: timeline.slice(0, 3) }))).toBeNull();
  });
});

describe("who it was", () => {
  it.each([
    [null, "nobody"],
    ["agent:diagnosis", "diagnosis"],
    ["system:intake", "intake"],
    ["person:operator", "operator"],
    ["person:operator (says: ada)", "operator (says: ada)"],
    ["operator (says: ada)", "operator (says: ada)"],
    ["person:ada", "ada (unproven)"],
  ])("%s is %s", (by, words) => {
    expect(who(by)).toBe(words);
  });
});
