import { describe, expect, it } from "vitest";
import { UNKNOWN_SKEW, heardEvent, heardPing, heardPong, skewMs } from "@/lib/realtime/clock";
import { readFrame, readTs } from "@/lib/realtime/protocol";

describe("the server's clock", () => {
  it("is taken to be ours while nothing is known", () => {
    expect(skewMs(UNKNOWN_SKEW)).toBe(0);
  });

  it("is found from the fastest ping and half the round trip", () => {
    let skew = UNKNOWN_SKEW;
    for (const delay of [40, 25, 90]) skew = heardPing(skew, 1_000_000, 1_000_000 + 60_000 + delay);
    skew = heardPong(heardPong(skew, 80), 50);

    expect(skewMs(skew)).toBe(60_000);
  });

  it("learns from an event that came quicker than the ping before it", () => {
    const late = heardPing(UNKNOWN_SKEW, 0, 5_200);
    expect(skewMs(heardEvent(late, 1_000, 6_010))).toBe(5_010);
    expect(skewMs(heardEvent(late, 1_000, 9_000))).toBe(5_200);
  });

  it("counts as ours when it is closer than can be told", () => {
    expect(skewMs(heardPing(UNKNOWN_SKEW, 0, 60))).toBe(0);
    expect(skewMs(heardPing(UNKNOWN_SKEW, 0, -60))).toBe(0);
  });

  it("follows the last pings only", () => {
    let skew = heardPing(UNKNOWN_SKEW, 0, 5);
    for (let n = 0; n < 12; n += 1) skew = heardPing(skew, 0, 500);
    expect(skewMs(skew)).toBe(500);
  });
});

describe("frames", () => {
  it.each([
    ['{"type":"ping","ts":"x"}', 1],
    ['[{"type":"ping","ts":"x"},{"type":"pong"}]', 2],
    ['[{"type":"something-new"},{"no":"type"},7,null]', 0],
  ])("reads %s as %i messages", (text, count) => {
    expect(readFrame(text)).toHaveLength(count);
  });

  it("says when text is no JSON", () => {
    expect(readFrame("<html>")).toBeNull();
  });

  it.each([
    ["2026-01-02T03:04:05Z", 1767323045000],
    [1767323045, 1767323045000],
    [1767323045000, 1767323045000],
    ["soon", null],
    [undefined, null],
  ])("reads the time %s", (ts, ms) => {
    expect(readTs(ts)).toBe(ms);
  });
});
