import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StaleBanner } from "@/components/frame/StaleBanner";
import { AsOf } from "@/components/marks/AsOf";
import { Incidents } from "@/components/ops/Incidents";
import { Strip } from "@/components/ops/Strip";
import type { ConnectionView } from "@/lib/live/client";
import { NOTHING, type LiveState } from "@/lib/live/state";
import { T0, answering, row } from "./samples";

const LIVE: ConnectionView = { standing: "live", words: "Live", stale: false, obstacle: null, heardAt: T0, mayRetry: false };
const STALE: ConnectionView = { standing: "stale", words: "Stale, 16 s old", stale: true, obstacle: "Not while what is shown is stale.", heardAt: T0, mayRetry: true };

const shown = vi.hoisted((): { connection?: unknown; state?: unknown } => ({}));

vi.mock("next/navigation", () => ({ useSearchParams: () => new URLSearchParams() }));
vi.mock("@/lib/live/hooks", async (original) => ({
  ...(await original<object>()),
  useConnection: () => shown.connection,
  useLive: (select: (state: LiveState) => unknown) => select(shown.state as LiveState),
}));

function given(connection: ConnectionView, ...rows: ReturnType<typeof row>[]): void {
  shown.connection = connection;
  shown.state = { ...NOTHING, incidents: Object.fromEntries(rows.map((one) => [one.id, one])) };
}

beforeEach(() => void answering(200, {}));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the banner of a page that is not live", () => {
  it("says from when everything is, and that nothing can be done with it", () => {
    render(<StaleBanner connection={STALE} />);

    expect(screen.getByRole("alert").textContent).toBe(
      "Not live. Quell is not heard any more. Everything below is as of 03:04:05 UTC and cannot be acted on.",
    );
    expect(screen.getByRole("button", { name: "Try again now" })).toBeTruthy();
  });

  it.each([
    [{ ...STALE, standing: "offline" as const }, "This browser is offline."],
    [{ ...STALE, standing: "refused" as const, words: "Refused: reload it", mayRetry: false }, "Refused: reload it."],
    [{ ...STALE, heardAt: null }, "Nothing has been read yet."],
  ])("names the reason", (connection, words) => {
    render(<StaleBanner connection={connection} />);
    expect(screen.getByRole("alert").textContent).toContain(words);
  });

  it("marks the title, also one that the page sets later, until the page is live again", async () => {
    document.title = "Payment fails · Quell";
    const { rerender } = render(<StaleBanner connection={STALE} />);
    expect(document.title).toBe("Not live · Payment fails · Quell");
    document.title = "Quell";
    await vi.waitFor(() => expect(document.title).toBe("Not live · Quell"));

    rerender(<StaleBanner connection={LIVE} />);
    expect(document.title).toBe("Quell");
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("figures from memory", () => {
  it("have their time beside them, which live ones have not", () => {
    given(STALE);
    const { container, rerender } = render(<AsOf />);
    expect(container.textContent).toBe("as of 03:04:05 UTC");

    given(LIVE);
    rerender(<AsOf />);
    expect(container.textContent).toBe("");
  });

  it("never say that nothing is open", () => {
    given(STALE, row("INC-1", { state: "closed" }));
    const strip = render(<Strip />).container.textContent;
    expect(strip).toContain("As of03:04:05 UTC");
    expect(strip).toContain("Open– none when last heard");
    expect(strip).toContain("Wants a person– none when last heard");
    cleanup();

    given(STALE);
    const list = render(<Incidents board={{ open: [], ended: [] }} selectedId={null} choose={() => undefined} />).container.textContent;
    expect(list).toContain("What is open now is not known");
    expect(list).not.toContain("No incident is open");
    expect(list).not.toMatch(/Open 0/);
  });

  it("say so when the page is live", () => {
    given(LIVE);
    expect(render(<Strip />).container.textContent).toContain("Open0");
    cleanup();

    const list = render(<Incidents board={{ open: [], ended: [] }} selectedId={null} choose={() => undefined} />).container.textContent;
    expect(list).toContain("No incident is open, and none ended in the last 24 hours");
    expect(list).toContain("Open 0");
  });
});
