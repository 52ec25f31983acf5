import { describe, expect, it } from "vitest";
import { CAP_MS, FIRST_MS, backoffMs } from "@/lib/realtime/backoff";
import { isFromMemory, isStale, mayRetry, obstacleOf, retryInS, sayStanding, standing } from "@/lib/realtime/standing";
import { AT, HELLO, Talk, live, sent } from "./talk";

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
    expect(sayStanding(talk.session, talk.now + 2_000, null)).toBe("Reconnecting in 4 s");
  });

  it("can be hurried while it waits or tries again, and not at its first try or once it is open", () => {
    const talk = new Talk("incidents");
    talk.give({ type: "start" });
    expect(mayRetry(talk.session)).toBe(false);
    talk.give({ type: "opened" });
    expect(mayRetry(talk.session)).toBe(false);
    talk.give({ type: "closed", code: 1006, reason: "" });
    expect(mayRetry(talk.session)).toBe(true);

    expect(talk.give({ type: "retry" })).toEqual([{ type: "connect" }]);
    expect(mayRetry(talk.session)).toBe(true);
    expect(talk.give({ type: "retry" })).toEqual([{ type: "connect" }]);
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
    expect(sent(talk.hear({ type: "ping", ts: AT }))).toMatchObject([{ type: "ping" }]);
  });

  it("stays live on a hidden page, whose timer comes once a minute", () => {
    const talk = live();
    for (let ping = 0; ping < 11; ping += 1) {
      talk.now += 5_000;
      expect(sent(talk.hear({ type: "ping", ts: AT }))).toHaveLength(1);
    }

    expect(talk.wait(5_000)).toEqual([]);
    expect(standing(talk.session, talk.now)).toBe("live");
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

  it("is not said to be going on before an answer came, nor after they stop", () => {
    const talk = failing();
    talk.session = { ...talk.session, heardAt: talk.now };
    expect(standing(talk.session, talk.now)).toBe("reconnecting");
    talk.give({ type: "polled", ok: true });
    expect(standing(talk.session, talk.now)).toBe("polling");

    talk.give({ type: "polled", ok: false });
    expect(standing(talk.session, talk.now)).toBe("reconnecting");
  });

  it("does not make a page fresh once the socket is open again", () => {
    const talk = failing();
    talk.give({ type: "retry" });
    talk.give({ type: "opened" });
    const heardAt = talk.session.heardAt;

    talk.give({ type: "polled", ok: true });
    expect(talk.session.heardAt).toBe(heardAt);
  });

  it("ends when the socket is back", () => {
    const talk = failing();
    talk.give({ type: "retry" });
    talk.give({ type: "opened" });
    talk.hear(HELLO);
    talk.subscribed("incidents", 1);
    expect(standing(talk.session, talk.now)).toBe("live");
    expect(talk.session.polling).toBe("off");
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

describe("what is shown from memory", () => {
  it("is nothing while the connection was lost only just now", () => {
    const talk = live();
    talk.give({ type: "closed", code: 1006, reason: "" });
    expect(isFromMemory(talk.session, talk.now)).toBe(false);
  });

  it("is everything once nothing was heard for too long, the browser is offline, or the server refuses", () => {
    const silent = live();
    silent.give({ type: "closed", code: 1006, reason: "" });
    expect(isFromMemory(silent.session, silent.now + 16_000)).toBe(true);

    const offline = live();
    offline.give({ type: "online", online: false });
    offline.give({ type: "closed", code: 1006, reason: "" });
    expect(isFromMemory(offline.session, offline.now)).toBe(true);

    const refused = live();
    refused.give({ type: "closed", code: 4500, reason: "reload" });
    expect(isFromMemory(refused.session, refused.now)).toBe(true);
  });
});

describe("acting on what is shown", () => {
  it("is possible on a live page, and not from the moment on at which its connection breaks", () => {
    const talk = live();
    expect(obstacleOf(talk.session, talk.now)).toBeNull();

    talk.give({ type: "closed", code: 1006, reason: "" });
    expect(obstacleOf(talk.session, talk.now)).toContain("the connection is lost");
  });

  it("waits for a connection that breaks without a word once a whole heartbeat is missing", () => {
    const talk = live();
    talk.wait(10_000);
    expect(standing(talk.session, talk.now)).toBe("live");

    talk.wait(1_000);
    expect(sayStanding(talk.session, talk.now, null)).toBe("Not heard for 11 s");
    expect(obstacleOf(talk.session, talk.now)).toContain("has not been heard");
  });

  it("waits until what was missed has arrived", () => {
    const talk = live(10);
    talk.give({ type: "closed", code: 1006, reason: "" });
    talk.give({ type: "retry" });
    talk.give({ type: "opened" });
    expect(obstacleOf(talk.session, talk.now)).toContain("catching up");
  });

  it("is possible while polls are answered", () => {
    const talk = live();
    talk.session = { ...talk.session, link: "waiting", polling: "answered", failures: 3 };
    expect(obstacleOf(talk.session, talk.now)).toBeNull();
  });
});
