import { describe, expect, it } from "vitest";
import { boardOf, byNeed, readSeverities, servicesOf, totalsOf, type Filter } from "@/lib/board/rows";
import { spansOf } from "@/lib/board/phases";
import { cellsOf } from "@/lib/board/timeline";
import { phaseNote, phaseWords } from "@/lib/board/words";
import type { IncidentSummary } from "@/lib/api/types";
import { T0, asking, entry, iso, phase, row } from "./samples";

const EVERYTHING: Filter = { show: "all", severities: new Set(), service: null };

function keyed(...rows: IncidentSummary[]): Record<string, IncidentSummary> {
  return Object.fromEntries(rows.map((one) => [one.id, one]));
}

describe("the order of the list", () => {
  it("is who needs a person first, then severity, then age", () => {
    const rows = [
      row("old-sev3", { opened_at: iso(-900) }),
      row("new-sev1", { severity: "SEV1" }),
      row("old-sev1", { severity: "SEV1", opened_at: iso(-60) }),
      row("take-over", { severity: "SEV4", wants: "take_over" }),
      row("later", { severity: "SEV1", ...asking(900) }),
      row("sooner", { severity: "SEV3", ...asking(60) }),
    ];

    expect(rows.sort(byNeed).map((one) => one.id)).toEqual(["sooner", "later", "take-over", "old-sev1", "new-sev1", "old-sev3"]);
  });

  it("puts what has ended apart, newest first", () => {
    const board = boardOf(
      keyed(row("a"), row("b", { state: "resolved", resolved_at: iso(5) }), row("c", { state: "closed", resolved_at: iso(9) })),
      EVERYTHING,
    );
    expect(board.open.map((one) => one.id)).toEqual(["a"]);
    expect(board.ended.map((one) => one.id)).toEqual(["c", "b"]);
  });

  it.each<[string, Partial<Filter>, string[]]>([
    ["severity", { severities: new Set(["SEV1"] as const) }, ["a"]],
    ["service, also one that it only touches", { service: "cart" }, ["b"]],
    ["what has ended", { show: "ended" }, ["c"]],
  ])("can be filtered by %s", (_, over, ids) => {
    const incidents = keyed(row("a", { severity: "SEV1" }), row("b", { services: ["edge", "cart"] }), row("c", { state: "resolved" }));
    const board = boardOf(incidents, { ...EVERYTHING, ...over });
    expect([...board.open, ...board.ended].map((one) => one.id)).toEqual(ids);
  });

  it("reads severities from an address and leaves nonsense out", () => {
    expect([...readSeverities("SEV3,nonsense,SEV1")]).toEqual(["SEV1", "SEV3"]);
    expect(readSeverities(null).size).toBe(0);
  });
});

describe("the totals", () => {
  it("count what is open, who is wanted, and the soonest expiry", () => {
    const totals = totalsOf(
      keyed(
        row("a", { severity: "SEV1", ...asking(300) }),
        row("b", { severity: "SEV1", ...asking(60), opened_at: iso(-300), open_since: iso(-30) }),
        row("c", { wants: "take_over" }),
        row("d", { state: "resolved", opened_at: iso(-999) }),
      ),
    );
    expect(totals).toMatchObject({ open: 3, ended: 1, wanted: 3, oldestAt: T0 - 30_000, nextExpiryAt: T0 + 60_000 });
    expect(totals.bySeverity).toMatchObject({ SEV1: 2, SEV3: 1 });
  });

  it("know no oldest when nothing is open", () => {
    expect(totalsOf({})).toMatchObject({ open: 0, oldestAt: null, nextExpiryAt: null });
  });

  it("name each service once", () => {
    expect(servicesOf(keyed(row("a", { service: "edge", services: ["edge", "cart"] }), row("b")))).toEqual(["cart", "edge"]);
  });
});

describe("phases in words", () => {
  it.each([
    [phase("detect", "completed"), "detect completed"],
    [phase("diagnose", "running", { done: 3, total: 7 }), "diagnose running 3 of 7"],
    [phase("approve", "running"), "approve: waits for a person"],
    [phase("verify", "timed_out"), "verify timed out"],
  ])("%#", (one, words) => expect(phaseWords(one)).toBe(words));

  it.each<[string, Partial<IncidentSummary>]>([
    ["agents have not begun", {}],
    ["diagnose 3 of 7", { phases: [phase("detect", "completed"), phase("diagnose", "running", { done: 3, total: 7 })] }],
    ["waits for a person", { phases: [phase("approve", "running")] }],
    ["escalated", { phases: [phase("diagnose", "abstained")], outcome: "escalated" }],
    ["detect failed", { phases: [phase("detect", "failed"), phase("diagnose", "waiting")] }],
    ["helped in part", { phases: [phase("verify", "completed")], outcome: "helped_in_part" }],
  ])("notes %s", (words, over) => expect(phaseNote(row("a", over))).toBe(words));
});

describe("the waterfall", () => {
  it("is nothing while no phase has begun", () => {
    expect(spansOf([phase("detect", "waiting")], [], T0)).toBeNull();
  });

  it("cuts a phase at its retries, of the last response only", () => {
    const diagnose = phase("diagnose", "completed", { started_at: iso(10), ended_at: iso(40), attempts: 2 });
    const timeline = [
      entry(1, { type: "PhaseRetrying", phase: "diagnose", at: iso(12) }),
      entry(2, { type: "ResponseStarted", at: iso(9) }),
      entry(3, { type: "PhaseStarted", phase: "diagnose", at: iso(10) }),
      entry(4, { type: "PhaseRetrying", phase: "diagnose", at: iso(20) }),
      entry(5, { type: "PhaseStarted", phase: "diagnose", at: iso(26) }),
    ];
    const pieces = spansOf([diagnose], timeline, T0 + 90_000)?.rows[0]?.pieces.map((piece) => [
      piece.kind,
      (piece.from - T0) / 1000,
      (piece.to - T0) / 1000,
    ]);
    expect(pieces).toEqual([
      ["work", 10, 20],
      ["wait", 20, 26],
      ["work", 26, 40],
    ]);
  });

  it("estimates what is left only when past runs tell", () => {
    const running = { started_at: iso(0), done: 2, total: 5, what: "sources" };
    const known = spansOf([phase("diagnose", "running", { ...running, expected_s: 40 })], [], T0 + 10_000)?.rows[0];
    expect(known?.words).toBe("10 s, 2 of 5: sources, about 30 s left");
    expect(known?.pieces.at(-1)).toEqual({ kind: "left", from: T0 + 10_000, to: T0 + 40_000 });

    const unknown = spansOf([phase("diagnose", "running", running)], [], T0 + 10_000)?.rows[0];
    expect(unknown?.words).toBe("10 s, 2 of 5: sources");
    expect(unknown?.pieces).toHaveLength(1);
  });

  it("says when a phase takes longer than usual", () => {
    const rows = spansOf([phase("verify", "running", { started_at: iso(0), expected_s: 20 })], [], T0 + 50_000)?.rows;
    expect(rows?.[0]?.words).toBe("50 s, longer than usual (20 s)");
  });

  it("is yellow only while a person is waited for", () => {
    const kind = (one: ReturnType<typeof phase>) => spansOf([one], [], T0 + 5_000)?.rows[0]?.pieces[0]?.kind;
    expect(kind(phase("approve", "running", { started_at: iso(0) }))).toBe("person");
    expect(kind(phase("approve", "completed", { started_at: iso(0), ended_at: iso(3) }))).toBe("wait");
  });
});

describe("the timeline", () => {
  it("makes one cell of a crowd of the same kind", () => {
    const cells = cellsOf([1, 2, 3].map((n) => entry(n, { type: "AlertGrouped" })).concat(entry(4)), "story");
    expect(cells.map((cell) => cell.entries.length)).toEqual([3, 1]);
  });

  it("leaves steps out of the story unless they went wrong", () => {
    const timeline = [
      entry(1, { type: "PhaseStarted" }),
      entry(2, { type: "PhaseEnded", level: "error" }),
      entry(3, { type: "Diagnosed" }),
    ];
    expect(cellsOf(timeline, "story").map((cell) => cell.key)).toEqual([2, 3]);
    expect(cellsOf(timeline, "all")).toHaveLength(3);
    expect(cellsOf(timeline, "trouble").map((cell) => cell.key)).toEqual([2]);
  });

  it("shows what people did and were asked", () => {
    const timeline = [entry(1), entry(2, { by: "person:ada" }), entry(3, { level: "wants" })];
    expect(cellsOf(timeline, "people").map((cell) => cell.key)).toEqual([2, 3]);
  });
});
