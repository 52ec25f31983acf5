import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Reliability } from "@/components/chart/Reliability";
import { CauseAnswer, servicesToName } from "@/components/findings/CauseAnswer";
import { TabPanel, Tabs } from "@/components/kit/Tabs";
import { AgentCard } from "@/components/ops/AgentsTab";
import type { Accuracy, AgentHealth } from "@/lib/api/types";
import { CAUSES } from "@/lib/board/words";
import type { ConnectionView } from "@/lib/live/client";
import { detail, row } from "./samples";

vi.mock("@/lib/live/hooks", async (original) => ({
  ...(await original<object>()),
  useConnection: (): Partial<ConnectionView> => ({ obstacle: null }),
}));

afterEach(cleanup);

function accuracy(over: Partial<Accuracy> = {}): Accuracy {
  return {
    of: "real",
    resolved: 0,
    n: 0,
    right: 0,
    wrong: 0,
    abstained: 0,
    unknown: 0,
    by_person: 0,
    precision: null,
    recall: null,
    share_right: null,
    low95: null,
    high95: null,
    coverage: null,
    calibrated: false,
    needed: 30,
    pairs: 0,
    brier: null,
    ece: null,
    in_interval: null,
    bins: [],
    says: "unknown: no resolved incident has a known truth",
    ...over,
  };
}

function agent(...accuracies: Accuracy[]): AgentHealth {
  return {
    agent: "diagnosis",
    state: "healthy",
    running: [],
    completed: 9,
    failed: 0,
    timed_out: 0,
    abstained: 0,
    last_ended_at: null,
    last_error: null,
    median_s: 9.4,
    p95_s: 14.1,
    says: "",
    accuracy: accuracies,
  };
}

function show(one: AgentHealth, group: Accuracy["of"] = "real"): string {
  return render(<AgentCard agent={one} group={group} />).container.textContent;
}

const BINS = [
  { low: 0.5, high: 0.6, count: 4, mean_probability: 0.55, share_right: 0.5, low95: 0.15, high95: 0.85 },
  { low: 0.9, high: 1, count: 20, mean_probability: 0.95, share_right: 0.95, low95: 0.76, high95: 0.99 },
];
const MEASURED = accuracy({ n: 24, right: 21, wrong: 3, by_person: 5, share_right: 0.875, low95: 0.69, high95: 0.957, bins: BINS, brier: 0.1, ece: 0.03 });

describe("agents", () => {
  it("are unknown, and nothing is drawn, while no truth is known", () => {
    const text = show(agent(accuracy()));
    expect(text).toContain("unknown: no resolved incident has a known truth");
    expect(text).toContain("there is no curve");
    expect(document.querySelector("figure")).toBeNull();
  });

  it("are called uncalibrated below thirty, with how many there are", () => {
    const text = show(agent(MEASURED));
    expect(text).toContain("uncalibrated");
    expect(text).toContain("24 resolved incidents with known truth, 5 told by a person");
    expect(text).toContain("88 % right 21 of 24, 95 % interval 69 % to 96 %");
    expect(text).toContain("median 9.4 s, p95 14 s");
  });

  it("are not called uncalibrated from thirty on", () => {
    expect(show(agent(accuracy({ ...MEASURED, n: 30, calibrated: true })))).not.toContain("uncalibrated");
  });

  it("show drills apart from real incidents", () => {
    const text = show(agent(MEASURED, accuracy({ of: "drills", right: 77 })), "drills");
    expect(text).toContain("77");
    expect(text).not.toContain("21 of 24");
  });
});

describe("the reliability curve", () => {
  it("says every point in words, and draws its count", () => {
    render(<Reliability bins={BINS} />);
    const label = screen.getByRole("img").getAttribute("aria-label");
    expect(label).toContain("said 55 %, right 50 % of 4");
    expect([...document.querySelectorAll("text")].map((one) => one.textContent)).toEqual(expect.arrayContaining(["4", "20"]));
  });

  it("puts a point that means what it says on the line", () => {
    const { container } = render(<Reliability bins={BINS.slice(1)} />);
    const point = container.querySelector("circle");
    const line = container.querySelector("line[stroke-dasharray], line:last-of-type");
    expect(line).not.toBeNull();
    const x = (Number(point?.getAttribute("cx")) - 40) / 270;
    const y = (210 - Number(point?.getAttribute("cy"))) / 186;
    expect(Math.abs(x - y)).toBeLessThan(0.01);
  });
});

function Three() {
  const [value, setValue] = useState("a");
  const options = ["a", "b", "c"].map((name) => ({ value: name, label: name }));
  return (
    <>
      <Tabs label="Which" id="t" options={options} value={value} onChange={setValue} />
      <TabPanel id="t" value={value}>
        panel {value}
      </TabPanel>
    </>
  );
}

describe("tabs", () => {
  it("are one stop for Tab, and arrows go round", () => {
    render(<Three />);
    const [first] = screen.getAllByRole("tab");
    if (first === undefined) throw new Error("no tab");
    fireEvent.keyDown(first, { key: "ArrowLeft" });
    expect(screen.getByRole("tab", { selected: true }).textContent).toBe("c");
    expect(document.activeElement?.textContent).toBe("c");
    expect(screen.getAllByRole("tab").map((tab) => tab.tabIndex)).toEqual([-1, -1, 0]);
    expect(screen.getByRole("tabpanel").getAttribute("aria-labelledby")).toBe(screen.getByRole("tab", { selected: true }).id);
  });
});

describe("the question what it was", () => {
  const best = {
    id: "H1",
    service: "payment",
    cause: "pool_exhaustion" as const,
    title: "payment: connection pool full",
    probability: 0.7,
    calibrated: false,
    in_favour: [],
    against: [],
    subject: "",
    score: null,
  };
  const diagnosis = { hypotheses: [best], none_of_these: 0.3, abstained: false, says: "", evidence: [], gaps: [], calibrated_on: 0, similar: [], elsewhere: [] };
  const asked = detail(row("INC-1", { services: ["cart", "payment"], service: "edge" }), { diagnosis });

  it("offers the first hypothesis, another cause, or none", () => {
    render(<CauseAnswer detail={asked} />);
    expect(screen.getByRole("heading").textContent).toBe("Was this the cause? payment: connection pool full");
    expect(screen.getAllByRole("button").map((button) => button.textContent)).toEqual(["Yes", "Another", "None of these"]);
  });

  it("shows what was said, and lets it be changed", () => {
    render(<CauseAnswer detail={{ ...asked, cause_confirmed: { service: "cart", cause: "memory_leak", by: "person:ada", typed_name: "" } }} />);
    expect(screen.getByText(/ada \(unproven\) said what it was: cart, memory leak/)).toBeTruthy();
    fireEvent.click(screen.getByText("Change"));
    expect(screen.getByText("Yes")).toBeTruthy();
  });

  it("asks for service and cause when it was another", () => {
    render(<CauseAnswer detail={asked} />);
    fireEvent.click(screen.getByText("Another"));
    expect(screen.getByRole("combobox", { name: "Which service was at fault?" })).toBeTruthy();
    expect(screen.getByText<HTMLButtonElement>("Save").disabled).toBe(true);
  });

  it("names services once, those of diagnosis first, and never the cause unknown", () => {
    expect(servicesToName(asked)).toEqual(["payment", "cart", "edge"]);
    expect(CAUSES).not.toContain("unknown");
  });
});
