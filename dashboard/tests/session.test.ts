import { describe, expect, it } from "vitest";
import { CAP_MS, FIRST_MS, backoffMs } from "@/lib/realtime/backoff";
import type { ServerMessage } from "@/lib/realtime/protocol";
import { newSession, step, type Effect, type Input, type Session } from "@/lib/realtime/session";
import { behind, isStale, retryInS, sayStanding, standing } from "@/lib/realtime/standing";

const HELLO: ServerMessage = { type: "hello", version: 1, epoch: "e1", server: "0.1.0", heartbeat_s: 5 };

/** A conversation driven by hand: the clock only moves when told to. */
class Talk {
  session: Session;
  now = 1_000_000;
  chance = 0.5;
  effects: Effect[] = [];

  constructor(...channels: string[]) {
    this.session = newSession(this.now);
    for (const channel of channels) this.give({ type: "subscribe", channel });
  }

  give(input: Input): Effect[] {
    const [next, effects] = step(this.session, input, this.now, this.chance);
    this.session = next;
    this.effects = [...effects];
    return this.effects;
  }

  hear(...messages: ServerMessage[]): Effect[] {
    return this.give({ type: "frame", text: JSON.stringify(messages) });
  }

  wait(ms: number): Effect[] {
    this.now += ms;
    return this.give({ type: "tick" });
  }

  open(): this {
    this.give({ type: "start" });
    this.give({ type: "opened" });
    this.hear(HELLO);
    return this;
  }

  subscribed(channel: string, offset: number, over: Partial<Extract<ServerMessage, { type: "subscribed" }>> = {}): Effect[] {
    return this.hear({ type: "subscribed", channel, epoch: "e1", offset, recovered: false, snapshot: { items: [] }, ...over });
  }

  event(channel: string, offset: number, after?: number): Effect[] {
    const gap = after === undefined ? {} : { after };
    return this.hear({ type: "event", channel, offset, kind: "x", ts: "2026-01-02T03:04:05Z", data: { offset }, ...gap });
  }
}

function live(offset = 10): Talk {
  const talk = new Talk("incidents").open();
  talk.subscribed("incidents", offset);
  return talk;
}

function sent(effects: readonly Effect[]) {
  return effects.flatMap((effect) => (effect.type === "send" ? effect.messages : []));
}

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

  it("lets a refused channel go instead of catching up for ever", () => {
    const talk = live();
    talk.give({ type: "subscribe", channel: "incident:NO" });
    expect(behind(talk.session)).toBe(0);

    talk.hear({ type: "error", code: "not_found", message: "no such channel", channel: "incident:NO" });
    expect(behind(talk.session)).toBeNull();
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

describe("back-off", () => {
  it("tries again within a second the first time", () => {
    expect(backoffMs(1, 0.999999)).toBeLessThan(1_000);
  });

  it.each([1, 2, 3, 4, 5, 9, 40])("stays between nothing and its ceiling after %i failures", (failures) => {
    const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** (failures - 1));
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.999999)).toBeLessThanOrEqual(ceiling);
    expect(backoffMs(failures, 0.5)).toBe(Math.floor(ceiling / 2));
  });

  it("grows while connections fail and starts afresh after one that lasted", () => {
    const talk = new Talk("incidents");
    talk.chance = 0.999999;
    talk.give({ type: "start" });
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      talk.give({ type: "closed", code: 1006, reason: "" });
      waits.push((talk.session.retryAt ?? 0) - talk.now);
      talk.wait(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(new Set(waits).size).toBe(3);

    talk.give({ type: "opened" });
    talk.hear(HELLO);
    talk.now += 11_000;
    talk.give({ type: "closed", code: 4001, reason: "stopping" });
    expect((talk.session.retryAt ?? 0) - talk.now).toBeLessThan(1_000);
  });

  it.each([4500, 4501, 4502, 4503, 4504])("does not try again after close code %i", (code) => {
    const talk = live();
    talk.give({ type: "closed", code, reason: "because" });

    expect(talk.session.retryAt).toBeNull();
    expect(sayStanding(talk.session, talk.now, null)).toBe("Refused: because");
    expect(talk.wait(60_000)).toEqual([]);
  });

  it.each([1000, 1006, 1009, 4001, 4002, 4003])("tries again after close code %i", (code) => {
    const talk = live();
    talk.give({ type: "closed", code, reason: "" });
    expect(talk.session.retryAt).not.toBeNull();
  });

  it("tries at once when a person asks or the network comes back", () => {
    for (const input of [{ type: "retry" }, { type: "online", online: true }] as const) {
      const talk = live();
      talk.chance = 0.9;
      talk.give({ type: "closed", code: 1006, reason: "" });
      expect(talk.give(input)).toEqual([{ type: "connect" }]);
    }
  });

  it("counts the seconds down", () => {
    const talk = live();
    talk.chance = 0.9;
    talk.session = { ...talk.session, failures: 3 };
    talk.now += 1_000;
    talk.give({ type: "closed", code: 1006, reason: "" });

    expect(retryInS(talk.session, talk.now)).toBe(6);
    expect(sayStanding(talk.session, talk.now + 2_000, null)).toBe("Polling every 5 s");
  });
});

describe("silence", () => {
  it("hangs up and reconnects when no heartbeat comes", () => {
    const talk = live();
    expect(talk.wait(14_000)).toEqual([]);

    expect(talk.wait(1_500)).toMatchObject([{ type: "disconnect", code: 4003 }]);
    expect(talk.session.link).toBe("waiting");
  });

  it("answers each heartbeat when it arrives", () => {
    const talk = live();
    expect(sent(talk.hear({ type: "ping", ts: "2026-01-02T03:04:05Z" }))).toMatchObject([{ type: "ping" }]);
  });

  it("is stale after fifteen seconds without news, and says how old", () => {
    const talk = live();
    talk.give({ type: "closed", code: 1006, reason: "" });
    talk.session = { ...talk.session, retryAt: talk.now + 17_000 };
    expect(isStale(talk.session, talk.now + 15_000)).toBe(false);

    expect(isStale(talk.session, talk.now + 15_001)).toBe(true);
    expect(sayStanding(talk.session, talk.now + 16_000, null)).toBe("Stale, 16 s old, next try in 1 s");
  });

  it("gives a connection up that never opens", () => {
    const talk = new Talk("incidents");
    talk.give({ type: "start" });
    expect(talk.wait(8_001)).toMatchObject([{ type: "disconnect" }]);
    expect(talk.session.link).toBe("waiting");
  });

  it("hangs up on a frame that cannot be read", () => {
    const talk = live();
    expect(talk.give({ type: "frame", text: "{" })).toMatchObject([{ type: "disconnect" }]);
  });

  it("refuses a server whose protocol it does not speak", () => {
    const talk = new Talk("incidents");
    talk.give({ type: "start" });
    talk.give({ type: "opened" });
    talk.hear({ ...HELLO, version: 2 });
    expect(sayStanding(talk.session, talk.now, null)).toContain("reload");
  });
});

describe("polling", () => {
  function failing(): Talk {
    const talk = live();
    for (let round = 0; round < 3; round += 1) {
      talk.give({ type: "closed", code: 1006, reason: "" });
      if (round < 2) talk.wait(20_000);
    }
    return talk;
  }

  it("begins after three failures and stays fresh by it", () => {
    const talk = failing();
    talk.session = { ...talk.session, retryAt: talk.now + 60_000 };
    expect(talk.wait(1)).toEqual([{ type: "poll" }]);
    talk.give({ type: "polled", ok: true });

    expect(standing(talk.session, talk.now)).toBe("polling");
    expect(talk.wait(4_000)).toEqual([]);
    expect(talk.wait(1_000)).toEqual([{ type: "poll" }]);
  });

  it("does not count as fresh when no answer came", () => {
    const talk = failing();
    talk.give({ type: "polled", ok: false });
    expect(standing(talk.session, talk.now)).toBe("stale");
  });

  it("ends when the socket is back", () => {
    const talk = failing();
    talk.give({ type: "retry" });
    talk.give({ type: "opened" });
    talk.hear(HELLO);
    talk.subscribed("incidents", 1);
    expect(standing(talk.session, talk.now)).toBe("live");
    expect(talk.session.polling).toBe(false);
  });
});

describe("words", () => {
  it.each([
    [null, "Live"],
    [6, "Live, 0.1 s behind"],
    [340, "Live, 0.4 s behind"],
  ])("says a delay of %s ms as %s", (delay, words) => {
    const talk = live();
    expect(sayStanding(talk.session, talk.now, delay)).toBe(words);
  });

  it("says that it is offline when the browser is", () => {
    const talk = live();
    talk.give({ type: "online", online: false });
    talk.give({ type: "closed", code: 1006, reason: "" });
    expect(sayStanding(talk.session, talk.now, null)).toBe("Offline, 0 s old");
  });
});
