import { describe, expect, it } from "vitest";
import { foldAll, type News } from "@/lib/live/fold";
import { quantile } from "@/lib/live/quantile";
import { DETAILS_KEPT, EVENTS_KEPT, NOTHING, TIMELINE_KEPT, type LiveState } from "@/lib/live/state";
import { BATCH_MOST, FLUSH_MS, LiveStore } from "@/lib/live/store";
import { watchVisibility } from "@/lib/live/visibility";
import { detail, entry, metric, row } from "./samples";

function snapshot(channel: string, data: unknown): News {
  return { kind: "snapshot", channel, data };
}

function event(channel: string, data: unknown): News {
  return { kind: "event", channel, data };
}

function fold(...news: News[]): LiveState {
  return foldAll(NOTHING, news, 1);
}

describe("folding", () => {
  it("replaces rows by key and keeps the others as they are", () => {
    const before = fold(snapshot("incidents", { items: [row("INC-1"), row("INC-2")] }));
    const after = foldAll(before, [event("incidents", row("INC-1", { title: "new" }))], 2);

    expect(after.incidents?.["INC-1"]?.title).toBe("new");
    expect(after.incidents?.["INC-2"]).toBe(before.incidents?.["INC-2"]);
    expect(after.asOf.incidents).toBe(2);
  });

  it("forgets rows that a later snapshot does not have", () => {
    const state = fold(snapshot("incidents", { items: [row("INC-1")] }), snapshot("incidents", { items: [row("INC-2")] }));
    expect(Object.keys(state.incidents ?? {})).toEqual(["INC-2"]);
  });

  it("does not touch the state it was given", () => {
    const before = fold(snapshot("events", { items: [entry(1)] }));
    const copy = structuredClone(before);
    foldAll(before, [event("events", entry(2))], 2);
    expect(before).toEqual(copy);
  });

  it("keeps at most the newest events and still counts them all", () => {
    const many = Array.from({ length: EVENTS_KEPT + 50 }, (_, i) => event("events", entry(i + 1)));
    const state = fold(...many);

    expect(state.events).toHaveLength(EVENTS_KEPT);
    expect(state.events?.at(-1)?.position).toBe(EVENTS_KEPT + 50);
    expect(state.eventsSeen).toBe(EVENTS_KEPT + 50);
  });

  it("puts an entry told anew in the place of the old one", () => {
    const state = fold(
      snapshot("events", { items: [entry(1), entry(2), entry(3)] }),
      event("events", entry(2, { title: "5 alerts joined" })),
    );
    expect(state.events?.map((one) => one.title)).toEqual(["Entry 1", "5 alerts joined", "Entry 3"]);
    expect(state.eventsSeen).toBe(0);
  });

  it("does not take events from before a snapshot twice", () => {
    const state = fold(event("events", entry(4)), snapshot("events", { items: [entry(3), entry(4)] }), event("events", entry(5)));
    expect(state.events?.map((one) => one.position)).toEqual([3, 4, 5]);
  });

  it("merges changes of an incident, its evidence by id, and adds the entry", () => {
    const first = detail(row("INC-1"), { evidence: { E1: metric("E1", [1]) }, timeline: [entry(1)] });
    const news = { entry: entry(2), changes: { gaps: [{ source: "logs", reason: "down" }], evidence: { E2: metric("E2", [2]) } } };
    const state = fold(snapshot("incident:INC-1", first), event("incident:INC-1", news));

    const got = state.details["INC-1"];
    expect(Object.keys(got?.evidence ?? {})).toEqual(["E1", "E2"]);
    expect(got?.timeline.map((one) => one.position)).toEqual([1, 2]);
    expect(got?.gaps).toEqual([{ source: "logs", reason: "down" }]);
    expect(got?.summary).toBe(first.summary);
  });

  it("leaves changes of an incident alone that it has no snapshot of", () => {
    expect(fold(event("incident:INC-9", { entry: entry(1), changes: {} })).details).toEqual({});
  });

  it("does not let an older answer of REST undo what the channel has told", () => {
    const newer = detail(row("INC-1", { title: "newer" }), { offset: 9 });
    const older = detail(row("INC-1", { title: "older" }), { offset: 8 });
    const state = fold(snapshot("incident:INC-1", newer), { kind: "read", channel: "incident:INC-1", data: older });
    expect(state.details["INC-1"]?.summary.title).toBe("newer");
  });

  it("bounds the timeline and the number of incidents it remembers", () => {
    const long = detail(row("INC-0"), { timeline: Array.from({ length: TIMELINE_KEPT }, (_, i) => entry(i + 1)) });
    let state = fold(snapshot("incident:INC-0", long), event("incident:INC-0", { entry: entry(TIMELINE_KEPT + 1), changes: {} }));
    expect(state.details["INC-0"]?.timeline).toHaveLength(TIMELINE_KEPT);

    for (let n = 1; n <= DETAILS_KEPT; n += 1) state = foldAll(state, [snapshot(`incident:INC-${n}`, detail(row(`INC-${n}`)))], n);
    expect(Object.keys(state.details)).toHaveLength(DETAILS_KEPT);
    expect(state.details["INC-0"]).toBeUndefined();
  });

  it("takes intake as it is or as the only item of a list", () => {
    const intake = { received: 3 };
    expect(fold(snapshot("intake", intake)).intake).toEqual(intake);
    expect(fold(snapshot("intake", { items: [intake] })).intake).toEqual(intake);
  });
});

class Times {
  now = 1_000;
  waits: { call: () => void; ms: number }[] = [];
  paints: (() => void)[] = [];
  visibleSince = -Infinity;
  readonly store = new LiveStore({
    now: () => this.now,
    later: (call, ms) => void this.waits.push({ call, ms }),
    painted: (call) => void this.paints.push(call),
    visibleSince: () => this.visibleSince,
  });

  /** Let the planned flush happen, at its time. */
  flush(): void {
    const next = this.waits.shift();
    if (next === undefined) throw new Error("nothing is planned");
    this.now += next.ms;
    next.call();
  }
}

describe("batching", () => {
  it("flushes the first news at once and what follows at most eight times a second", () => {
    const times = new Times();
    times.store.take(event("events", entry(1)), null);
    expect(times.waits[0]?.ms).toBe(0);
    times.flush();

    times.now += 25;
    times.store.take(event("events", entry(2)), null);
    times.store.take(event("events", entry(3)), null);
    expect(times.waits.map((wait) => wait.ms)).toEqual([FLUSH_MS - 25]);
  });

  it("tells its listeners once for many news", () => {
    const times = new Times();
    let told = 0;
    times.store.subscribe(() => (told += 1));
    for (let n = 1; n <= 400; n += 1) times.store.take(event("events", entry(n)), null);
    times.flush();

    expect(told).toBe(1);
    expect(times.store.getState().events).toHaveLength(400);
  });

  it("takes a storm in without its timer once there is too much of it, and again from there", () => {
    const times = new Times();
    let told = 0;
    times.store.subscribe(() => (told += 1));
    for (let n = 1; n <= 2 * BATCH_MOST + 1; n += 1) times.store.take(event("events", entry(n)), null);
    expect(told).toBe(2);
    expect(times.waits).toHaveLength(1);
    times.flush();

    expect(told).toBe(3);
    expect(times.store.getState().eventsSeen).toBe(2 * BATCH_MOST + 1);
  });

  it("measures from the event to what was painted", () => {
    const times = new Times();
    times.store.take(event("events", entry(1)), 900);
    times.flush();
    times.now += 16;
    times.paints.shift()?.();

    expect(times.store.getState().delaysMs).toEqual([116]);
  });

  it.each([
    ["was hidden before it was painted", 950, []],
    ["is hidden", Infinity, []],
    ["was shown again before it happened", 850, [116]],
  ])("measures an event only when the page was visible all the way: the page %s", (_, visibleSince, measured) => {
    const times = new Times();
    times.store.take(event("events", entry(1)), 900);
    times.flush();
    times.now += 16;
    times.visibleSince = visibleSince;
    times.paints.shift()?.();

    expect(times.store.getState().delaysMs).toEqual(measured);
  });

  it("stops telling who does not listen any more", () => {
    const times = new Times();
    let told = 0;
    times.store.subscribe(() => (told += 1))();
    times.store.take(event("events", entry(1)), null);
    times.flush();
    expect(told).toBe(0);
  });
});

describe("visibility", () => {
  function pageThatIs(hidden: boolean) {
    const listeners: (() => void)[] = [];
    return {
      hidden,
      change: () => listeners.forEach((listener) => listener()),
      addEventListener: (_: string, listener: () => void) => void listeners.push(listener),
    };
  }

  it("counts from the last time that the page was shown", () => {
    const page = pageThatIs(false);
    let now = 5;
    const since = watchVisibility(page, () => now);
    expect(since()).toBe(-Infinity);

    page.hidden = true;
    expect(since()).toBe(Infinity);
    page.change();
    expect(since()).toBe(Infinity);

    now = 9;
    page.hidden = false;
    page.change();
    now = 20;
    expect(since()).toBe(9);
  });

  it("of a page that was opened in the background begins when it is shown", () => {
    const page = pageThatIs(true);
    const since = watchVisibility(page, () => 7);
    page.hidden = false;
    expect(since()).toBe(Infinity);

    page.change();
    expect(since()).toBe(7);
  });
});

describe("quantiles", () => {
  it.each([
    [[], 0.5, null],
    [[7], 0.99, 7],
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 1, 4],
    [[1, 2, 3, 4], 0, 1],
  ])("of %s at %s is %s", (values, share, found) => {
    expect(quantile(values, share)).toBe(found);
  });
});

