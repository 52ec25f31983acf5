import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { PlanDiff, PlanFacts, PlanMore } from "@/components/findings/PlanFacts";
import { changesOf } from "@/lib/board/plan";
import { plan as samplePlan } from "./samples";

const plan = samplePlan();

describe("the facts of a plan", () => {
  it("name the runbook, its version and why it was chosen", () => {
    const page = renderToStaticMarkup(<PlanMore plan={plan} />);

    expect(page).toContain("restart-leaking-memory, version 3");
    expect(page).toContain("scores 0.28");
  });

  it("leave the runbook out of a plan from before there were any", () => {
    const page = renderToStaticMarkup(<PlanMore plan={{ ...plan, runbook: "", runbook_version: "", choice: "" }} />);

    expect(page).not.toContain("Runbook");
    expect(page).not.toContain("Chosen");
  });
});

function text(markup: string): string {
  return markup.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
}

describe("the change of a plan", () => {
  it.each<[string, string, Record<string, string>, [string | null, string][]]>([
    ["a flag", "payment: flag provider a → b", { name: "provider", from: "a", value: "b" }, [["flag provider a", "flag provider b"]]],
    ["a size with its unit", "payment: pool of 5 → 20 connections", { from: "5", size: "20" }, [["pool of 5", "pool of 20 connections"]]],
    ["a process", "payment: process 7 → a new one", { pid: "7" }, [["process 7", "process a new one"]]],
    ["a value without a name", "payment: 412 MB on its disk → what it needs", {}, [["412 MB on its disk", "what it needs"]]],
    [
      "several values",
      "cart: timeout_s 5 → 0.5, retries 3 → 1",
      {},
      [
        ["timeout_s 5", "timeout_s 0.5"],
        ["retries 3", "retries 1"],
      ],
    ],
    ["no values", "payment: restart one instance, then the other", {}, [[null, "restart one instance, then the other"]]],
  ])("of %s is read from its step", (_, step, params, expected) => {
    const found = changesOf({ ...plan, steps: [step], params });

    expect(found.map((one) => [one.before, one.after])).toEqual(expected);
    expect(new Set(found.map((one) => one.where))).toEqual(new Set([step.split(":")[0]]));
  });

  it("names no service where its step names none", () => {
    expect(changesOf({ ...plan, steps: ["POST to the hook: restarts it"] })).toEqual([
      { where: "", before: null, after: "POST to the hook: restarts it" },
    ]);
  });

  it("is shown before and after, with each call whole", () => {
    const call = "POST https://hooks.example/restart?service=payment";
    const page = text(renderToStaticMarkup(<PlanDiff plan={{ ...plan, params: { pid: "7" }, calls: [call] }} />));

    expect(page).toContain("before: process 7");
    expect(page).toContain("after: process a new one");
    expect(page).toContain(call);
  });

  it("is shown without calls for a plan from before they were kept", () => {
    expect(renderToStaticMarkup(<PlanDiff plan={plan} />)).not.toContain("POST");
  });

  it("comes with risk and undo, and with no internal score", () => {
    const page = text(renderToStaticMarkup(<PlanFacts plan={plan} />));

    expect(page).toContain("requests in flight fail");
    expect(page).toContain("A restart cannot be taken back.");
    expect(page).not.toContain("scores");
  });
});
