import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Actions } from "@/components/incident/Actions";
import { Elsewhere } from "@/components/incident/Elsewhere";
import { Header } from "@/components/incident/Header";
import type { ConnectionView } from "@/lib/live/client";
import { action, answering, detail, diagnosis, iso, plan, row } from "./samples";

const LOST = "Not now: the connection is lost, and what is shown may be old.";
const connection = vi.hoisted((): { obstacle: string | null } => ({ obstacle: null }));

vi.mock("@/lib/live/hooks", async (original) => ({
  ...(await original<object>()),
  useConnection: (): Partial<ConnectionView> => connection,
  useClock: (make: (now: number) => unknown) => make(Date.parse(iso(100))),
}));

afterEach(() => {
  cleanup();
  connection.obstacle = null;
  vi.unstubAllGlobals();
});

const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });
const press = (name: string) => fireEvent.click(button(name));
const write = (label: RegExp, words: string) => fireEvent.change(screen.getByLabelText(label), { target: { value: words } });
const refusal = { type: "about:blank", title: "Conflict", status: 409, detail: "it was undone already", instance: "", reason: "conflict" };

describe("looking again", () => {
  it.each([
    ["", {}],
    ["a deploy was not recorded", { reason: "a deploy was not recorded" }],
  ])("needs no words, and passes them on: %j", async (words, body) => {
    const sent = answering(200, row("INC-1"));
    render(<Header detail={detail(row("INC-1"))} />);
    press("Look again");
    write(/What should the agents know/, words);
    fireEvent.submit(screen.getByLabelText(/What should the agents know/));

    await vi.waitFor(() => expect(sent).toEqual([["/api/v1/incidents/INC-1/look_again", body]]));
  });

  it("is there once the agents have escalated, and not once it has ended", () => {
    const escalation = { reason: "no cause reaches 60 %", missing: [] };
    const { rerender } = render(<Header detail={detail(row("INC-1", { wants: "take_over", outcome: "escalated" }), { escalation })} />);
    expect(button("Look again").disabled).toBe(false);

    rerender(<Header detail={detail(row("INC-1", { state: "resolved" }))} />);
    expect(screen.queryByRole("button", { name: "Look again" })).toBeNull();
  });

  it("shows why it was refused", async () => {
    answering(409, { ...refusal, detail: "the agents are looking now" });
    render(<Header detail={detail(row("INC-1"))} />);
    press("Look again");
    fireEvent.submit(screen.getByLabelText(/What should the agents know/));

    expect((await screen.findByRole("alert")).textContent).toContain("the agents are looking now");
  });

  it("is not sent from a question that was open when the connection broke", () => {
    const sent = answering(200, row("INC-1"));
    const { rerender } = render(<Header detail={detail(row("INC-1"))} />);
    press("Look again");
    connection.obstacle = LOST;
    rerender(<Header detail={detail(row("INC-1"))} />);
    fireEvent.submit(screen.getByLabelText(/What should the agents know/));

    expect(screen.getAllByText(LOST)).toHaveLength(1);
    expect(sent).toEqual([]);
  });

  it("says when it happens by itself", () => {
    const { rerender } = render(<Header detail={detail(row("INC-1", { next_look_at: iso(142) }))} />);
    expect(screen.getByText("Agents look again").parentElement?.textContent).toContain("0:42");

    rerender(<Header detail={detail(row("INC-1"))} />);
    expect(screen.queryByText("Agents look again")).toBeNull();
  });
});

describe("an incident that somebody has", () => {
  const taken = detail(row("INC-1", { owner: "person:ada", acknowledged_at: iso(20) }));

  it("is taken over only after saying who has it, and that the name is unproven", async () => {
    const sent = answering(200, row("INC-1"));
    render(<Header detail={taken} />);
    press("Take over");
    expect(screen.getByRole("group", { name: "Take over" }).textContent).toContain(
      "ada (unproven) has this incident, acknowledged at 03:04:25 UTC. Take over?",
    );
    expect(sent).toEqual([]);

    press("Yes, take over");
    await vi.waitFor(() => expect(sent).toEqual([["/api/v1/incidents/INC-1/acknowledge", { take_over: true }]]));
  });

  it("is left alone when the person says so", () => {
    const sent = answering(200, row("INC-1"));
    render(<Header detail={taken} />);
    press("Take over");
    press("Leave it");

    expect(screen.queryByRole("group", { name: "Take over" })).toBeNull();
    expect(sent).toEqual([]);
  });

  it("is asked about when the answer says that somebody was faster", async () => {
    const sent = answering(409, { ...refusal, detail: "ada has it" });
    const { rerender } = render(<Header detail={detail(row("INC-1"))} />);
    press("Acknowledge");
    await screen.findByText(/ada has it/);
    expect(sent).toEqual([["/api/v1/incidents/INC-1/acknowledge", {}]]);

    rerender(<Header detail={taken} />);
    expect(screen.getByRole("group", { name: "Take over" }).textContent).toContain("ada (unproven) has this incident");
  });
});

describe("taking an action back", () => {
  const undoable = action({ can_take_back: true, take_back_says: "The flag is set back to a." });

  it("asks first, with the service and what undoing does, and wants a reason", async () => {
    const sent = answering(200, row("INC-1"));
    render(<Actions detail={detail(row("INC-1"), { actions: [undoable], plan: plan({ undo: "The flag is set back to the value it had." }) })} />);
    press("Take it back");
    expect(screen.getByText("Take back switch flag on payment?").parentElement?.textContent).toContain(
      "The flag is set back to the value it had.",
    );
    expect(button("Take it back on payment").disabled).toBe(true);
    expect(sent).toEqual([]);

    write(/Why is it taken back/, "it charges twice");
    press("Take it back on payment");
    await vi.waitFor(() =>
      expect(sent).toEqual([["/api/v1/incidents/INC-1/take_back", { plan_id: "p1", reason: "it charges twice" }]]),
    );
  });

  it("says what it does in the server's words when the plan is of an earlier response", () => {
    render(<Actions detail={detail(row("INC-1"), { actions: [undoable], plan: plan({ id: "p2", undo: "something else" }) })} />);
    press("Take it back");

    expect(screen.getByText("Take back switch flag on payment?").parentElement?.textContent).toContain("The flag is set back to a.");
  });

  it("shows why it was refused, and can be left", async () => {
    answering(409, refusal);
    render(<Actions detail={detail(row("INC-1"), { actions: [undoable] })} />);
    press("Take it back");
    write(/Why is it taken back/, "it charges twice");
    press("Take it back on payment");
    expect((await screen.findByRole("alert")).textContent).toContain("it was undone already");

    press("Cancel");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it.each([
    [{ can_take_back: false, take_back_says: "Somebody changed the flag since." }, "Somebody changed the flag since."],
    [{}, ""],
  ])("is not offered where it does not apply, and says why where the server does", (over, says) => {
    const { container } = render(<Actions detail={detail(row("INC-1"), { actions: [action(over)] })} />);

    expect(screen.queryByRole("button", { name: "Take it back" })).toBeNull();
    expect(container.textContent).toContain(says);
  });

  it("cannot be begun, and says why, while the page is not known to be live", () => {
    connection.obstacle = LOST;
    render(<Actions detail={detail(row("INC-1"), { actions: [undoable] })} />);
    expect(button("Take it back").disabled).toBe(true);
    expect(screen.getByText(LOST)).toBeTruthy();
  });
});

describe("other trouble at the same time", () => {
  const elsewhere = [
    { service: "orders", says: "INC-1 is open on orders", incident_id: "INC-1" },
    { service: "search", says: "fails more than before", incident_id: null },
  ];
  const found = detail(row("INC-2"), { diagnosis: diagnosis({ elsewhere }) });

  it("is named, and never as the cause", () => {
    const { container } = render(<Elsewhere detail={found} />);

    expect(container.textContent).toContain("Nothing that was looked at links it to this incident.");
    expect(screen.getByRole("link", { name: "Open INC-1" }).getAttribute("href")).toBe("/incident/?id=INC-1");
    expect(screen.getAllByRole("button").map((one) => one.textContent)).toEqual(["Merge into INC-1"]);
  });

  it("is merged only after asking", async () => {
    const sent = answering(200, row("INC-2"));
    render(<Elsewhere detail={found} />);
    press("Merge into INC-1");
    expect(screen.getByText(/INC-2 becomes part of INC-1/)).toBeTruthy();
    expect(sent).toEqual([]);

    write(/Why do they belong together/, "same database");
    press("Merge into INC-1");
    await vi.waitFor(() => expect(sent).toEqual([["/api/v1/incidents/INC-2/merge", { into: "INC-1", reason: "same database" }]]));
  });

  it("is not offered for an incident that has ended, and nothing is there where there is none", () => {
    const { rerender, container } = render(<Elsewhere detail={{ ...found, summary: row("INC-2", { state: "resolved" }) }} />);
    expect(screen.queryByRole("button")).toBeNull();

    rerender(<Elsewhere detail={detail(row("INC-2"), { diagnosis: diagnosis() })} />);
    expect(container.textContent).toBe("");
  });
});
