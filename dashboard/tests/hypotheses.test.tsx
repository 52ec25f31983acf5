import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { Hypotheses } from "@/components/findings/Hypotheses";
import { diagnosis } from "./samples";

afterEach(cleanup);

it.each([
  [0.5, "(weak)", "Makes the odds of this cause 1.65 times higher"],
  [1.5, "(moderate)", "Makes the odds of this cause 4.48 times higher"],
  [2.5, "(strong)", "Makes the odds of this cause 12.2 times higher"],
])("says how much an argument of log-odds %d counts in a word, and the odds in the tooltip", (weight, word, title) => {
  const found = diagnosis();
  const [best] = found.hypotheses;
  if (best === undefined) throw new Error("the sample has no hypothesis");
  const argued = { ...best, in_favour: [{ evidence_id: "E1", says: "errors rose", weight }], against: [] };
  const { container } = render(<Hypotheses diagnosis={{ ...found, hypotheses: [argued] }} goTo={() => undefined} />);

  expect(screen.getByText(word).title).toBe(title);
  expect(container.textContent).not.toContain(`+${weight}`);
});
