import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Hypotheses } from "@/components/findings/Hypotheses";
import { Phases } from "@/components/marks/Phases";
import { Severity } from "@/components/marks/Severity";
import { SEVERITIES } from "@/lib/board/words";
import { phase } from "./samples";

afterEach(cleanup);

describe("severity", () => {
  it("is a shape of its own beside the text", () => {
    const shapes = SEVERITIES.map((severity) => {
      const { container, unmount } = render(<Severity severity={severity} />);
      expect(container.textContent).toBe(severity);
      const shape = container.querySelector("path")?.getAttribute("d");
      unmount();
      return shape;
    });
    expect(new Set(shapes).size).toBe(SEVERITIES.length);
  });

  it("is still named to screen readers when only the count is shown", () => {
    const { container } = render(<Severity severity="SEV1" count={3} />);
    expect(container.textContent).toBe("SEV1: 3");
  });
});

describe("phases", () => {
  it("say every state in words", () => {
    render(<Phases phases={[phase("detect", "completed"), phase("diagnose", "running"), phase("approve", "waiting")]} />);
    expect(screen.getByRole("img").getAttribute("aria-label")).toBe("detect completed, diagnose running, approve waiting");
  });

  it("draw each state in a way of its own, and a wait for a person in yet another", () => {
    const { container } = render(
      <Phases
        phases={[
          phase("detect", "completed"),
          phase("diagnose", "running"),
          phase("predict", "failed"),
          phase("plan", "abstained"),
          phase("approve", "running"),
          phase("act", "waiting"),
        ]}
      />,
    );
    const looks = [...container.querySelectorAll("i")].map((segment) => segment.className);
    expect(new Set(looks).size).toBe(6);
  });

  it("are a dash when there are none", () => {
    const { container } = render(<Phases phases={[]} />);
    expect(container.textContent).toBe("–");
  });
});

describe("hypotheses", () => {
  const one = {
    id: "H1",
    service: "payment",
    cause: "pool_exhaustion" as const,
    title: "<img src=x onerror=alert(1)>",
    probability: 0.71,
    in_favour: [],
    against: [],
    subject: "",
    score: null,
  };

  it.each([
    [false, true],
    [true, false],
  ])("say that they are uncalibrated when calibrated is %s: %s", (calibrated, said) => {
    const diagnosis = { hypotheses: [{ ...one, calibrated }], none_of_these: 0.29, abstained: false, says: "", evidence: [], gaps: [], calibrated_on: 0, similar: [], elsewhere: [] };
    const { container } = render(<Hypotheses diagnosis={diagnosis} />);
    expect(container.textContent.includes("uncalibrated")).toBe(said);
    expect(container.textContent).toContain("none of these29 %");
  });

  it("show mark-up of a payload as text", () => {
    const diagnosis = { hypotheses: [{ ...one, calibrated: true }], none_of_these: 0.29, abstained: false, says: "", evidence: [], gaps: [], calibrated_on: 0, similar: [], elsewhere: [] };
    const { container } = render(<Hypotheses diagnosis={diagnosis} />);
    expect(container.querySelector("img")).toBeNull();
    expect(container.textContent).toContain("<img src=x onerror=alert(1)>");
  });
});
