import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApprovalCard } from "@/components/findings/ApprovalCard";
import type { ConnectionView } from "@/lib/live/client";
import { answering, asking, diagnosis, iso, plan, row } from "./samples";

const LOST = "Not now: the connection is lost, and what is shown may be old.";
const connection = vi.hoisted((): { obstacle: string | null } => ({ obstacle: null }));

vi.mock("@/lib/live/hooks", async (original) => ({
  ...(await original<object>()),
  useConnection: (): Partial<ConnectionView> => connection,
  useClock: (make: (now: number) => unknown) => make(Date.parse(iso(0))),
}));

afterEach(() => {
  cleanup();
  connection.obstacle = null;
  vi.unstubAllGlobals();
});

function answered(answer: string, by: string | null): string {
  const asked = row("INC-1", asking(900));
  if (asked.approval === null) throw new Error("nothing was asked");
  const approval = { ...asked.approval, answer, by, answered_at: iso(60) };
  return renderToStaticMarkup(<ApprovalCard row={{ ...asked, wants: null, approval }} plan={null} diagnosis={null} />);
}

describe("a question that was answered", () => {
  it.each([
    ["approved", "person:operator", "<b>Approved</b> by operator at "],
    ["approved", "person:operator (says: ada)", "<b>Approved</b> by operator (says: ada) at "],
    ["rejected", "person:ada", "<b>Rejected</b> by ada (unproven) at "],
    ["expired", null, "<b>Nobody answered in time</b> at "],
    ["withdrawn", null, "<b>No answer needed any more</b> at "],
  ])("says that it was %s by %s, and has no button", (answer, by, says) => {
    const page = answered(answer, by);

    expect(page).toContain(says);
    expect(page).not.toContain("<button");
  });
});

function card(shown = plan()) {
  return <ApprovalCard row={row("INC-1", asking(900, "p1"))} plan={shown} diagnosis={diagnosis()} />;
}

const approve = () => screen.getByRole<HTMLButtonElement>("button", { name: "Approve" });

describe("a question that waits", () => {
  it("shows cause and probability, the change, risk, undo and expiry at once", () => {
    render(card());
    const shown = screen.getByRole("region", { name: "Approval" }).textContent;

    expect(shown).toContain("Approve? Restart payment");
    expect(shown).toContain("payment: memory leak");
    expect(shown).toContain("probability 83 %");
    expect(shown).toContain("before: process 7");
    expect(shown).toContain("requests in flight fail");
    expect(shown).toContain("A restart cannot be taken back.");
    expect(shown).toContain("expires in 15:00");
    expect(approve().disabled).toBe(false);
  });

  it("shows no weight and no score outside of what is folded", () => {
    const { container } = render(card());
    container.querySelector("details")?.remove();

    expect(container.textContent).not.toMatch(/scores|0\.28|2\.03/);
  });

  it("says so when diagnosis names no cause for it", () => {
    render(<ApprovalCard row={row("INC-1", asking(900, "p1"))} plan={plan({ hypothesis_id: "H9" })} diagnosis={diagnosis()} />);
    expect(screen.getByText("Diagnosis names no cause that this plan is for.")).toBeTruthy();
  });

  it("cannot be answered while the page is not known to be live, and says why", () => {
    connection.obstacle = LOST;
    render(card());

    expect(approve().disabled).toBe(true);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Reject" }).disabled).toBe(true);
    expect(screen.getByText(LOST)).toBeTruthy();
  });

  it("keeps a reason that is typed, and sends nothing, while the connection is lost", () => {
    const { rerender } = render(card());
    fireEvent.click(screen.getByRole("button", { name: "Reject" }));
    fireEvent.change(screen.getByLabelText("Why not?"), { target: { value: "a release runs" } });

    const sent = answering(200, row("INC-1"));
    connection.obstacle = LOST;
    rerender(card());
    fireEvent.submit(screen.getByLabelText("Why not?"));
    expect(screen.getByLabelText<HTMLInputElement>("Why not?").value).toBe("a release runs");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Reject" }).disabled).toBe(true);
    expect(screen.getByText(LOST)).toBeTruthy();
    expect(sent).toEqual([]);

    connection.obstacle = null;
    rerender(card());
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Reject" }).disabled).toBe(false);
  });

  it("says that it is not known what became of a press without an answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    render(card());
    fireEvent.click(approve());

    expect((await screen.findByRole("alert")).textContent).toContain("It is not known whether this was done");
  });

  it("sends the plan that was shown", async () => {
    const sent = answering(200, row("INC-1"));
    render(card());
    fireEvent.click(approve());

    await vi.waitFor(() => expect(sent).toEqual([["/api/v1/incidents/INC-1/approve", { plan_id: "p1" }]]));
  });
});
