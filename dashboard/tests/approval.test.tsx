import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ApprovalCard } from "@/components/findings/ApprovalCard";
import { asking, iso, row } from "./samples";

function answered(answer: string, by: string | null): string {
  const asked = row("INC-1", asking(900));
  if (asked.approval === null) throw new Error("nothing was asked");
  const approval = { ...asked.approval, answer, by, answered_at: iso(60) };
  return renderToStaticMarkup(<ApprovalCard row={{ ...asked, wants: null, approval }} plan={null} />);
}

describe("a question that was answered", () => {
  it.each([
    ["approved", "person:ada", "<b>Approved</b> by ada at "],
    ["rejected", "person:ada", "<b>Rejected</b> by ada at "],
    ["expired", null, "<b>Nobody answered in time</b> at "],
    ["withdrawn", null, "<b>No answer needed any more</b> at "],
  ])("says that it was %s, and has no button", (answer, by, says) => {
    const page = answered(answer, by);

    expect(page).toContain(says);
    expect(page).not.toContain("<button");
  });
});
