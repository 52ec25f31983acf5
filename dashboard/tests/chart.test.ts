import { describe, expect, it } from "vitest";
import { frameOf } from "@/components/chart/frame";
import { layersOf } from "@/components/chart/layers";
import { extentOf, linePath, nearest, padded, timeTicks, valueTicks } from "@/components/chart/scale";
import { iso, metric } from "./samples";

const same = (value: number) => value;

describe("scales", () => {
  it("leave out what is no number", () => {
    expect(extentOf([null, 3, Number.NaN, -1])).toEqual({ low: -1, high: 3 });
    expect(extentOf([null])).toBeNull();
  });

  it("begin at zero when the data are near it, else close to the data", () => {
    expect(padded({ low: 1, high: 10 }).low).toBe(0);
    expect(padded({ low: 95, high: 100 }).low).toBeGreaterThan(90);
    expect(padded({ low: 5, high: 5 }).high).toBeGreaterThan(5);
  });

  it("break the line where the source gave nothing", () => {
    expect(linePath([0, 1, 2, 3], [1, null, 2, 3], same, same)).toBe("M0.0 1.0M2.0 2.0L3.0 3.0");
  });

  it.each([
    [[10, 20, 30], 14, 0],
    [[10, 20, 30], 16, 1],
    [[10, 20, 30], 99, 2],
    [[10, 20, 30], -5, 0],
    [[], 5, -1],
  ])("find in %s the time nearest to %d at %d", (times, at, index) => expect(nearest(times, at)).toBe(index));

  it("tick at round moments and round values", () => {
    const from = Date.parse(iso(0));
    for (const tick of timeTicks(from, from + 300_000, 5)) expect(tick % 60_000).toBe(0);
    expect(valueTicks({ low: 0, high: 2.4 })).toEqual([0, 1, 2]);
    expect(valueTicks({ low: 3, high: 3 })).toEqual([]);
  });
});

describe("a metric chart", () => {
  it("draws the limit only when the series comes near it", () => {
    expect(frameOf(metric("E1", [1, 2], { limit: 3 }), 300, 100).limit).toBe(3);
    expect(frameOf(metric("E1", [1, 2], { limit: 900 }), 300, 100).limit).toBeNull();
  });

  it("marks the onset only when it lies within the picture", () => {
    const values = Array.from({ length: 60 }, () => 1);
    expect(frameOf(metric("E1", values, { onset: iso(30) }), 300, 100).onset).not.toBeNull();
    expect(frameOf(metric("E1", values, { onset: iso(-30) }), 300, 100).onset).toBeNull();
  });

  it("does not go below zero for a normal range that does", () => {
    const frame = frameOf(metric("E1", [1, 2], { normal_low: -1, normal_high: 0.5 }), 300, 100);
    expect(frame.yTicks.every((tick) => tick >= 0)).toBe(true);
  });

  it("can be drawn of nothing", () => {
    expect(() => frameOf(metric("E1", []), 300, 100)).not.toThrow();
    expect(() => frameOf(metric("E1", [null, null]), 300, 100)).not.toThrow();
  });
});

describe("the call graph", () => {
  const edges: [string, string][] = [
    ["checkout", "payment"],
    ["edge", "checkout"],
    ["edge", "cart"],
  ];

  it("puts callers in columns by their distance from the cause", () => {
    expect(layersOf(edges, "payment", ["checkout", "edge"])).toEqual([["payment"], ["checkout"], ["edge"]]);
  });

  it("leaves out who is not reached, and ends in a loop", () => {
    expect(layersOf([...edges, ["payment", "edge"]], "payment", ["checkout", "edge"])).toEqual([["payment"], ["checkout"], ["edge"]]);
  });

  it("shows whom no edge leads to in a column of their own", () => {
    expect(layersOf([], "payment", ["mobile"])).toEqual([["payment"], ["mobile"]]);
  });
});
