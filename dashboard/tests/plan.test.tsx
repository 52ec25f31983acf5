import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { PlanFacts } from "@/components/findings/PlanFacts";
import type { Plan } from "@/lib/api/types";

const plan: Plan = {
  id: "0123456789abcdef",
  hypothesis_id: "H1",
  action: "restart",
  target: "payment",
  params: {},
  title: "restart payment",
  steps: ["payment: process 7 → a new one"],
  expected: "memory falls",
  risk: "requests in flight fail",
  undo: "A restart cannot be taken back.",
  reversible: false,
  reaches: ["payment"],
  verified_by: "the alerts of the incident",
  autonomy: "approve",
  autonomy_reason: "no rule matches",
  record: { helped: 0, tried: 0 },
  runbook: "restart-leaking-memory",
  runbook_version: "3",
  choice: "restart-leaking-memory scores 0.28. Nothing else fits.",
  checks: null,
  held_out: false,
};

describe("the facts of a plan", () => {
  it("name the runbook, its version and why it was chosen", () => {
    const page = renderToStaticMarkup(<PlanFacts plan={plan} />);

    expect(page).toContain("restart-leaking-memory, version 3");
    expect(page).toContain("scores 0.28");
  });

  it("leave the runbook out of a plan from before there were any", () => {
    const page = renderToStaticMarkup(<PlanFacts plan={{ ...plan, runbook: "", runbook_version: "", choice: "" }} />);

    expect(page).not.toContain("Runbook");
    expect(page).not.toContain("Chosen");
  });
});
