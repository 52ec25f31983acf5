import { describe, expect, it } from "vitest";
import { behind, sayStanding, standing } from "@/lib/realtime/standing";
import { AT, HELLO, Talk, live, sent } from "./talk";

describe("subscribing", () => {
  it("waits for the greeting before it asks for anything", () => {
    const talk = new Talk("incidents", "agents");
    talk.give({ type: "start" });
    expect(sent(talk.give({ type: "opened" }))).toEqual([]);

    expect(sent(talk.hear(HELLO))).toEqual([
      { type: "subscribe", channel: "incidents" },
      { type: "subscribe", channel: "agents" },
    ]);
  });

  it("hands the snapshot on and then every event in order", () => {
    const talk = live(10);
    expect(talk.effects).toMatchObject([{ type: "snapshot", channel: "incidents", offset: 10 }]);

    expect(talk.event("incidents", 11)).toMatchObject([{ type: "event", event: { offset: 11 } }]);
    expect(talk.session.channels.incidents?.cursor).toEqual({ epoch: "e1", offset: 11 });
  });

  it("drops an event that it has had already", () => {
    const talk = live(10);
    talk.event("incidents", 11);

    expect(talk.event("incidents", 11)).toEqual([]);
    expect(talk.event("incidents", 4)).toEqual([]);
  });

  it("ignores events of a channel that was left", () => {
    const talk = live(10);
    expect(sent(talk.give({ type: "unsubscribe", channel: "incidents" }))).toEqual([{ type: "unsubscribe", channel: "incidents" }]);

    expect(talk.event("incidents", 11)).toEqual([]);
  });

  it("asks for a channel at once when the connection is open", () => {
    const talk = live();
    expect(sent(talk.give({ type: "subscribe", channel: "incident:INC-1" }))).toEqual([
      { type: "subscribe", channel: "incident:INC-1" },
    ]);
  });

  it("lets a refused channel go", () => {
    const talk = live();
    talk.give({ type: "subscribe", channel: "incident:NO" });

    expect(talk.hear({ type: "error", code: "not_found", message: "no such channel", channel: "incident:NO" })).toMatchObject([
      { type: "trouble", channel: "incident:NO" },
    ]);
    expect(Object.keys(talk.session.channels)).toEqual(["incidents"]);
  });

  it("is connecting until something can be shown, and live while one more channel is opened", () => {
    const talk = new Talk("incidents", "agents").open();
    expect(sayStanding(talk.session, talk.now, null)).toBe("Connecting");

    talk.subscribed("incidents", 10);
    talk.give({ type: "subscribe", channel: "incident:INC-1" });
    expect(sayStanding(talk.session, talk.now, null)).toBe("Live");
  });

  it("takes a frame that holds several channels, message by message", () => {
    const talk = new Talk("incidents", "events").open();
    const effects = talk.hear(
      { type: "subscribed", channel: "incidents", epoch: "log", offset: 7, recovered: false, snapshot: { items: [] } },
      { type: "subscribed", channel: "events", epoch: "log", offset: 40, recovered: false, snapshot: { items: [] } },
      { type: "event", channel: "events", offset: 44, after: 40, kind: "entry", ts: AT, data: {} },
      { type: "event", channel: "incidents", offset: 44, after: 7, kind: "incident", ts: AT, data: {} },
      { type: "ping", ts: AT },
    );

    expect(effects.map(({ type }) => type)).toEqual(["snapshot", "snapshot", "event", "event", "send"]);
    expect(Object.values(talk.session.channels).map(({ cursor }) => cursor?.offset)).toEqual([44, 44]);
  });

  it("counts the offsets of each channel in the epoch of that channel", () => {
    const talk = new Talk("incidents", "agents").open();
    talk.subscribed("incidents", 10, { epoch: "log" });
    talk.subscribed("agents", 3, { epoch: "process" });
    talk.event("agents", 4);
    talk.give({ type: "closed", code: 4001, reason: "stopping" });
    talk.give({ type: "opened" });

    expect(sent(talk.hear({ ...HELLO, epoch: "another" }))).toEqual([
      { type: "subscribe", channel: "incidents", since: { epoch: "log", offset: 10 } },
      { type: "subscribe", channel: "agents", since: { epoch: "process", offset: 4 } },
    ]);
  });
});

describe("gaps", () => {
  it("asks again from where it stands when an offset is missing", () => {
    const talk = live(10);
    expect(sent(talk.event("incidents", 13))).toEqual([
      { type: "subscribe", channel: "incidents", since: { epoch: "e1", offset: 10 } },
    ]);
  });

  it("takes no event between the gap and the answer", () => {
    const talk = live(10);
    talk.event("incidents", 13);
    expect(talk.event("incidents", 14)).toEqual([]);

    talk.subscribed("incidents", 14, { recovered: true, snapshot: undefined });
    expect(talk.event("incidents", 11)).toMatchObject([{ type: "event" }]);
  });

  it.each([
    ["joins on", 10, true],
    ["starts before", 8, true],
    ["starts after", 12, false],
  ])("takes a thinned-out event whose `after` %s what it has", (_, after, taken) => {
    const talk = live(10);
    expect(talk.event("incidents", 15, after)[0]?.type).toBe(taken ? "event" : "send");
  });

  it("starts over without a cursor after a reset", () => {
    const talk = live(10);
    const effects = talk.hear({ type: "reset", channel: "incidents", epoch: "e1", offset: 900 });

    expect(sent(effects)).toEqual([{ type: "subscribe", channel: "incidents" }]);
  });
});

describe("resuming", () => {
  function cut(talk: Talk): void {
    talk.event("incidents", 11);
    talk.give({ type: "closed", code: 1006, reason: "" });
    talk.wait(1_000);
    talk.give({ type: "opened" });
  }

  it("asks with the epoch and offset of the last event it took in", () => {
    const talk = live(10);
    cut(talk);

    expect(sent(talk.hear(HELLO))).toEqual([{ type: "subscribe", channel: "incidents", since: { epoch: "e1", offset: 11 } }]);
  });

  it("says how many events are still to come, as the server counts them and not by their offsets", () => {
    const talk = live(10);
    cut(talk);
    talk.hear(HELLO);
    talk.subscribed("incidents", 90, { recovered: true, behind: 3, snapshot: undefined });
    expect(sayStanding(talk.session, talk.now, null)).toBe("Catching up, 3 to go");

    talk.event("incidents", 40, 11);
    talk.event("incidents", 41);
    expect(sayStanding(talk.session, talk.now, null)).toBe("Catching up, 1 to go");
    talk.event("incidents", 90, 41);
    expect(sayStanding(talk.session, talk.now, null)).toBe("Live");
  });

  it("is catching up without a number when the server does not count", () => {
    const talk = live(10);
    cut(talk);
    talk.hear(HELLO);
    talk.subscribed("incidents", 12, { recovered: true, snapshot: undefined });
    expect(sayStanding(talk.session, talk.now, null)).toBe("Catching up");

    talk.event("incidents", 12);
    expect(sayStanding(talk.session, talk.now, null)).toBe("Live");
  });

  it("is catching up from the moment it is let in again until every channel is there", () => {
    const talk = new Talk("incidents", "agents").open();
    for (const channel of ["incidents", "agents"]) talk.subscribed(channel, 10);
    talk.give({ type: "closed", code: 1006, reason: "" });
    talk.give({ type: "opened" });
    expect(standing(talk.session, talk.now)).toBe("catching_up");
    talk.hear(HELLO);
    talk.subscribed("incidents", 2_000, { recovered: true, behind: 1_240, snapshot: undefined });
    expect(sayStanding(talk.session, talk.now, null)).toBe("Catching up, 1,240 to go");

    talk.subscribed("agents", 3, { epoch: "e2" });
    expect(behind(talk.session)).toBe(1_240);
  });

  it("adds up what channels have to go, and one that is up to date has nothing", () => {
    const talk = new Talk("incidents", "events").open();
    for (const channel of ["incidents", "events"]) talk.subscribed(channel, 10);
    talk.give({ type: "closed", code: 1006, reason: "" });
    talk.give({ type: "opened" });
    talk.hear(HELLO);
    talk.subscribed("incidents", 10, { recovered: true, behind: 0, snapshot: undefined });
    expect(behind(talk.session)).toBe(0);
    talk.subscribed("events", 30, { recovered: true, behind: 2, snapshot: undefined });
    expect(behind(talk.session)).toBe(2);

    talk.event("events", 20, 10);
    talk.event("events", 30, 20);
    expect(behind(talk.session)).toBeNull();
  });

  it("does not count below what is still missing when more is said than was announced", () => {
    const talk = live(10);
    cut(talk);
    talk.hear(HELLO);
    talk.subscribed("incidents", 14, { recovered: true, behind: 1, snapshot: undefined });
    talk.event("incidents", 12);
    talk.event("incidents", 13);

    expect(sayStanding(talk.session, talk.now, null)).toBe("Catching up");
  });

  it("tells what was missed from news", () => {
    const talk = live(10);
    cut(talk);
    talk.hear(HELLO);
    talk.subscribed("incidents", 12, { recovered: true, behind: 1, snapshot: undefined });

    expect(talk.event("incidents", 12)).toMatchObject([{ type: "event", late: true }]);
    expect(talk.event("incidents", 13)).toMatchObject([{ type: "event", late: false }]);
  });

  it("takes the snapshot of a server that began a new epoch", () => {
    const talk = live(10);
    cut(talk);
    talk.hear({ ...HELLO, epoch: "e2" });
    const effects = talk.subscribed("incidents", 3, { epoch: "e2" });

    expect(effects).toMatchObject([{ type: "snapshot", offset: 3 }]);
    expect(talk.session.channels.incidents?.cursor).toEqual({ epoch: "e2", offset: 3 });
  });
});
