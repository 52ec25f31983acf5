import { describe, expect, it } from "vitest";
import { counted, measure, normalRange, percent, tickMark } from "@/lib/format/number";
import { age, ahead, clock, clockMs, duration, moment, running } from "@/lib/format/time";
import { forecastWords } from "@/components/findings/Outlook";
import type { Forecast } from "@/lib/api/types";
import { webLink } from "@/lib/url";
import { rateOf } from "@/components/ops/Stream";
import { T0, entry, iso } from "./samples";

describe("times", () => {
  it.each([
    [-3, "0 s"],
    [59.9, "59 s"],
    [61, "1 min"],
    [7199, "119 min"],
    [7200, "2 h"],
    [200_000, "2 d"],
  ])("says an age of %d s as %s", (seconds, words) => expect(age(seconds)).toBe(words));

  it.each([
    [0, "0:00"],
    [9.9, "0:09"],
    [261, "4:21"],
    [3723, "1:02:03"],
  ])("runs at %d s as %s", (seconds, words) => expect(running(seconds)).toBe(words));

  it.each([
    [0.18, "180 ms"],
    [2.44, "2.4 s"],
    [31.4, "31 s"],
    [261, "4:21 min"],
    [3723, "1:02:03 h"],
  ])("says that something took %d s as %s", (seconds, words) => expect(duration(seconds)).toBe(words));

  it.each([
    [40, "40 s"],
    [660, "11 min"],
    [9000, "2.5 h"],
    [400_000, "5 d"],
  ])("looks %d s ahead as %s", (seconds, words) => expect(ahead(seconds)).toBe(words));

  it("is UTC wherever it runs", () => {
    expect(clock("2026-01-02T03:04:05.678Z")).toBe("03:04:05");
    expect(clockMs("2026-01-02T05:04:05.678+02:00")).toBe("03:04:05.678");
    expect(moment("2026-01-02T03:04:05Z")).toBe("2026-01-02 03:04:05 UTC");
  });
});

describe("numbers", () => {
  it.each([
    [null, "s", "–"],
    [Number.NaN, "s", "–"],
    [0.24, "s", "240 ms"],
    [2.4, "s", "2.4 s"],
    [0.0042, "ratio", "0.42 %"],
    [412_000_000, "bytes", "412 MB"],
    [64, "connections", "64 connections"],
    [64, "", "64"],
    [1234.5, "1", "1,235"],
    [0.00001, "", "1.0e-5"],
  ])("shows %s %s as %s", (value, unit, words) => expect(measure(value, unit)).toBe(words));

  it.each([
    [0, "0 %"],
    [0.001, "< 1 %"],
    [0.71, "71 %"],
    [0.999, "> 99 %"],
    [1, "100 %"],
  ])("never rounds the share %d to certainty: %s", (share, words) => expect(percent(share)).toBe(words));

  it("leaves long units off the axis", () => {
    expect(tickMark(40, "connections")).toBe("40");
    expect(tickMark(0.5, "s")).toBe("500 ms");
    expect(tickMark(0, "s")).toBe("0");
  });

  it("names no lower end that cannot be left", () => {
    expect(normalRange(-0.017, 0.063, "s")).toBe("up to 63 ms");
    expect(normalRange(0.18, 0.34, "s")).toBe("180 ms to 340 ms");
  });

  it("counts with the right word", () => {
    expect(counted(1, "alert")).toBe("1 alert");
    expect(counted(2100, "alert")).toBe("2,100 alerts");
  });
});

describe("forecasts", () => {
  const base: Forecast = {
    service: "catalog",
    series: "memory",
    unit: "bytes",
    limit: 1,
    limit_is: "memory limit",
    in_s: 660,
    low_s: 480,
    high_s: 960,
    level: 0.8,
    method: "line",
    made_at: iso(0),
    evidence_id: "E1",
  };

  it.each<[string, Partial<Forecast>, number, string]>([
    ["counts down", {}, 60, "in 10 min (7 min to 15 min, 80 %)"],
    ["is over", { in_s: 0, low_s: 0, high_s: 0 }, 0, "is reached already"],
    ["has passed", {}, 700, "was expected at 03:15 UTC"],
    ["has no upper bound", { high_s: null }, 0, "in 11 min (8 min to no upper bound, 80 %)"],
    ["is not heading there", { in_s: null, low_s: null, high_s: null }, 0, "is not heading there"],
  ])("%s", (_, over, since, words) => expect(forecastWords({ ...base, ...over }, since)).toBe(words));
});

describe("the rate of events", () => {
  it("is taken over ten seconds, or over what is kept when more came", () => {
    const at = (n: number, perSecond: number) => Array.from({ length: n }, (_, i) => entry(i, { at: iso(i / perSecond) }));
    expect(rateOf(at(30, 1), T0 + 29_500)).toBe(1);
    expect(rateOf([], T0)).toBe(0);
    expect(rateOf(at(2_000, 400), T0 + 5_000)).toBe(400);
  });
});

describe("links of payloads", () => {
  it.each([
    ["https://grafana.test/d/1", true],
    ["http://x", true],
    ["javascript:alert(1)", false],
    ["data:text/html,x", false],
    ["//evil", false],
    [null, false],
  ])("follows %s: %s", (link, allowed) => expect(webLink(link) !== null).toBe(allowed));
});
