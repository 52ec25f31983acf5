import { afterEach, describe, expect, it, vi } from "vitest";
import { foldAll } from "@/lib/live/fold";
import { NOTHING } from "@/lib/live/state";
import { bodyOf, changed, draftOf } from "@/lib/outcomes/assume";
import { axisOf, shareAt } from "@/lib/outcomes/axis";
import { dotNear, drawingOf, runsOf } from "@/lib/outcomes/drawing";
import { money, normalQuantile, prices } from "@/lib/outcomes/money";
import { atMost } from "@/lib/outcomes/pace";
import { moved, priceAt, stepOf, STEPS } from "@/lib/outcomes/price";
import type { Assumptions, Estimate } from "@/lib/outcomes/types";
import { kindToShow, readDay, readWindow, turned } from "@/lib/outcomes/view";
import { amount, amountRange, intervalWords, spanBetween, spanWords, valueWords, whenWords } from "@/lib/outcomes/words";
import { report, rollingDay, trend, dot } from "./outcomes.samples";

/** The minutes for which `quell.outcomes.money` gave the figures below. */
const MINUTES = Array.from({ length: 401 }, (_, i) => -300 + (i + 0.5) * 7.25 + 0.01 * i * i);

describe("money", () => {
  it.each([
    [20, 500, 412, [124292.27250232764, -22.621183852928255, 673600.3277957139, -28781.84298550664, 1456307.8502870097, 0.8998844352533301]],
    [1, 1, 0, [1553.625, 9.625, 3609.625, -222.875, 4052.125, 0.9027431421446384]],
    [300, 90_000, 25_000, [5525988.605554953, -15236.782844517435, 76951510.1016763, -2221555.9681958905, 277489440.80637985, 0.8964783164041117]],
  ])("at %d to %d a minute is what the server computes", (low, high, cost, expected) => {
    const found = money(MINUTES, low, high, cost);

    const values = [found.middle, found.low80, found.high80, found.low95, found.high95, found.p_positive];
    values.forEach((value, index) => expect(value / (expected[index] ?? 0)).toBeCloseTo(1, 8));
  });

  it("takes the quantiles of a normal distribution as scipy does", () => {
    const shares = [0.5 / 41, 0.1, 0.5, 0.95, 40.5 / 41];

    expect(shares.map(normalQuantile).map((x) => x.toFixed(12))).toEqual(
      [-2.2509256965027937, -1.2815515655446004, 0, 1.6448536269514722, 2.2509256965027937].map((x) => x.toFixed(12)),
    );
  });

  it("puts the middle price at the geometric mean of its ends", () => {
    const found = prices(20, 500);

    expect(found[20]).toBeCloseTo(100, 9);
    expect(found[0]).toBeCloseTo(11.05308615, 7);
    expect(found[40]).toBeCloseTo(904.72469547, 6);
  });
});

describe("a slider of prices", () => {
  it("comes back to the step at which it stands", () => {
    for (let step = 0; step <= STEPS; step += 1) expect(Math.abs(stepOf(priceAt(step)) - step)).toBeLessThanOrEqual(2);
  });

  it("takes the other end along instead of passing it", () => {
    expect(moved({ low: 10, high: 100 }, "low", stepOf(1_000))).toEqual({ low: 1_000, high: 1_000 });
    expect(moved({ low: 10, high: 100 }, "high", stepOf(1))).toEqual({ low: 1, high: 1 });
  });
});

describe("words of a figure", () => {
  it.each([
    [76.5 * 60, "76 min"],
    [12.5 * 60, "12 min"],
    [89.9, "90 s"],
    [90, "1.5 min"],
    [5_400, "1.5 h"],
    [11_700, "3.2 h"],
    [194_400, "2.2 d"],
    [0.4, "0.4 s"],
  ])("round %d s as the sentence of the server does", (seconds, words) => {
    expect(spanWords(seconds)).toBe(words);
  });

  it("give an amount two figures and keep its sign", () => {
    expect([18_400, 0, -2_960, 1_234_567, 96].map((one) => amount(one, "USD"))).toEqual(["$18k", "$0", "−$3k", "$1.2M", "$96"]);
    expect(amountRange(-3_000, 64_000, "CHF")).toBe("−CHF 3k to CHF 64k");
  });

  it("do not turn an unknown upper bound into a number", () => {
    const open: Estimate = { value: 4_560, low: 4_080, high: null, unit: "s", n: 9, open: 3, level: 0.95, method: "m", says: "" };

    expect(intervalWords(open)).toBe("95 %: 68 or more");
    expect(valueWords({ ...open, value: null, low: null })).toBeNull();
    expect(intervalWords({ ...open, value: null, low: null })).toBeNull();
  });

  it("write two ends in the unit of the larger one", () => {
    expect(spanBetween(-1_200 * 60, 3_400 * 60)).toBe("−0.83 to 2.4 days");
  });

  it("name a day by its distance in UTC days", () => {
    const now = "2026-11-26T08:00:00Z";

    expect(whenWords("2026-11-26T00:10:00Z", now)).toBe("today 00:10");
    expect(whenWords("2026-11-25T23:50:00Z", now)).toBe("yesterday");
    expect(whenWords("2025-11-21T12:00:00Z", now)).toBe("21 Nov 2025");
  });
});

describe("the kind to show", () => {
  it("is drills only beside a lab, with nothing real, and when none is asked for", () => {
    expect(kindToShow(null, true, 0)).toBe("drill");
    expect(kindToShow(null, true, 1)).toBe("real");
    expect(kindToShow(null, false, null)).toBe("real");
    expect(kindToShow("real", true, 0)).toBe("real");
    expect(kindToShow(null, true, null)).toBeNull();
    expect(kindToShow(null, null, null)).toBeNull();
  });

  it("comes with 28 days when the address asks for something else", () => {
    expect([readWindow(null), readWindow("1000d"), readWindow("all")]).toEqual(["28d", "28d", "all"]);
  });
});

describe("the days of the picture", () => {
  const ending = (until: string) => trend({ as_of: "2026-11-26T12:00:00Z", until });

  it("are turned back and forth, and end today", () => {
    expect(turned(ending("2026-11-26T12:00:00Z"), -1)).toBe("2026-08-28");
    expect(turned(ending("2026-05-30T23:59:59.999999Z"), 1)).toBe("2026-08-28");
    expect(turned(ending("2026-08-28T23:59:59.999999Z"), 1)).toBeNull();
  });

  it("are read from the address only when they are a day", () => {
    expect(readDay("2026-08-21")).toBe("2026-08-21");
    expect(readDay("2026-13-41")).toBeNull();
    expect(readDay("yesterday")).toBeNull();
    expect(readDay(null)).toBeNull();
  });
});

describe("the axis of durations", () => {
  it("holds both ends and rises", () => {
    const axis = axisOf(400, 70_000);

    expect(axis.low).toBeLessThan(400);
    expect(axis.high).toBeGreaterThan(70_000);
    expect(shareAt(axis, 400)).toBeLessThan(shareAt(axis, 500));
  });

  it("keeps what is off it at its ends", () => {
    const axis = axisOf(60, 600);

    expect(shareAt(axis, 1e-9)).toBe(0);
    expect(shareAt(axis, 1e12)).toBe(1);
  });
});

describe("the picture of 90 days", () => {
  it("breaks the line where a day has too few incidents", () => {
    const line = [rollingDay(1, 600), rollingDay(2, 700), rollingDay(3, null), rollingDay(4, 800)];

    expect(runsOf(line).map((run) => run.length)).toEqual([2, 1]);
  });

  it("keeps every dot inside its box, a later one further right, a longer one higher", () => {
    const drawing = drawingOf(trend({ dots: [dot("a", 1, 600), dot("b", 3, 60_000), dot("c", 4, 2)] }), 800, 230, String);
    const [a, b, c] = drawing.dots;

    for (const { x, y } of drawing.dots) {
      expect(x).toBeGreaterThanOrEqual(drawing.box.left);
      expect(x).toBeLessThanOrEqual(drawing.box.right);
      expect(y).toBeGreaterThanOrEqual(drawing.box.top);
      expect(y).toBeLessThanOrEqual(drawing.box.bottom);
    }
    expect(b?.x).toBeGreaterThan(a?.x ?? Infinity);
    expect(b?.y).toBeLessThan(a?.y ?? -Infinity);
    expect(c?.y).toBeGreaterThan(a?.y ?? Infinity);
  });

  it("means no dot when the pointer is far from all of them", () => {
    const placed = [{ dot: dot("a", 1, 600), x: 100, y: 100 }];

    expect(dotNear(placed, 105, 100)).toBe(0);
    expect(dotNear(placed, 300, 100)).toBe(-1);
  });
});

const given: Assumptions = {
  version: 3,
  cost_per_minute_low: 20,
  cost_per_minute_high: 500,
  currency: "USD",
  running_cost_month: null,
  target_s: { SEV1: 1_800 },
  cost_cap: null,
  set_by: "ana",
  set_at: "2026-11-01T00:00:00Z",
  reason: "first",
};

describe("the form of assumptions", () => {
  it("sends what stands there, based on what was seen", () => {
    const draft = { ...draftOf(given), running: "1,000", reason: "the bill came" };

    expect(bodyOf(draft, given)).toEqual({
      cost_per_minute_low: 20,
      cost_per_minute_high: 500,
      currency: "USD",
      running_cost_month: 1_000,
      target_s: { SEV1: 1_800 },
      cost_cap: null,
      reason: "the bill came",
      based_on: 3,
    });
  });

  it.each([
    [{ low: "" }, /both ends/],
    [{ low: "0" }, /above zero/],
    [{ low: "900" }, /above zero/],
    [{ high: "many" }, /above zero/],
    [{ running: "-1" }, /below zero/],
    [{ currency: "dollars" }, /three capital letters/],
    [{ targets: { ...draftOf(given).targets, SEV2: "0" } }, /minutes above zero/],
    [{ reason: " " }, /Say why/],
  ])("says what is wrong with %o", (part, words) => {
    expect(bodyOf({ ...draftOf(given), reason: "because", ...part }, given)).toMatch(words);
  });

  it("tells what changed from one version to the next and nothing else", () => {
    expect(changed(given, { ...given, version: 4, running_cost_month: 900, cost_per_minute_low: null, cost_per_minute_high: null })).toEqual([
      "cost per minute: 20 to 500 USD → not given",
      "running cost a month: not given → 900 USD",
    ]);
  });
});

describe("a pace", () => {
  afterEach(() => vi.useRealTimers());

  it("makes one call of many within its time, and none is lost", () => {
    vi.useFakeTimers();
    const call = vi.fn();
    const paced = atMost(call, 2_000);

    for (let i = 0; i < 5; i += 1) paced();
    expect(call).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2_000);
    expect(call).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(10_000);
    expect(call).toHaveBeenCalledTimes(2);
  });
});

describe("the live channel of metrics", () => {
  it("brings the report, and a figure of another kind does not take it away", () => {
    const first = foldAll(NOTHING, [{ kind: "snapshot", channel: "metrics", data: { items: [], outcomes: report() } }], 1);
    const second = foldAll(first, [{ kind: "event", channel: "metrics", data: { key: "events_per_s", value: 3 } }], 2);
    const third = foldAll(second, [{ kind: "event", channel: "metrics", data: report({ assumptions_version: 7 }) }], 3);

    expect(second.outcomes).toBe(first.outcomes);
    expect(third.outcomes?.assumptions_version).toBe(7);
  });
});
