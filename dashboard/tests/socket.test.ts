import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerMessage } from "@/lib/realtime/protocol";
import type { Session } from "@/lib/realtime/session";
import { LiveSocket } from "@/lib/realtime/socket";

const AT = "2026-01-02T03:04:05Z";

/** The part of a WebSocket that is used, driven by hand. */
class Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: unknown[] = [];
  closedWith: number | null = null;

  send(text: string): void {
    this.sent.push(...(JSON.parse(text) as unknown[]));
  }

  close(code: number): void {
    this.closedWith = code;
  }

  hear(...messages: ServerMessage[]): void {
    this.onmessage?.({ data: JSON.stringify(messages) });
  }
}

class Page {
  wires: Wire[] = [];
  sessions: Session[] = [];
  effects: string[] = [];
  readonly socket = new LiveSocket({
    open: () => {
      const wire = new Wire();
      this.wires.push(wire);
      return wire as unknown as WebSocket;
    },
    now: () => Date.now(),
    chance: () => 0.999999,
    onEffect: (effect) => void this.effects.push(effect.type),
    onSession: (session) => void this.sessions.push(session),
  });

  get wire(): Wire {
    const last = this.wires.at(-1);
    if (last === undefined) throw new Error("nothing was opened");
    return last;
  }

  start(): this {
    this.socket.dispatch({ type: "subscribe", channel: "events" });
    this.socket.start();
    this.wire.onopen?.();
    this.wire.hear({ type: "hello", version: 1, epoch: "e1", server: "0.1.0", heartbeat_s: 5 });
    return this;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("socket", () => {
  it("answers a heartbeat as it arrives, while no timer runs", () => {
    const page = new Page().start();
    page.wire.sent = [];
    page.wire.hear({ type: "ping", ts: AT });

    expect(page.wire.sent).toMatchObject([{ type: "ping" }]);
  });

  it("tells of a frame once, however many events it holds", () => {
    const page = new Page().start();
    page.wire.hear({ type: "subscribed", channel: "events", epoch: "e1", offset: 0, recovered: false, snapshot: {} });
    page.sessions = [];
    page.effects = [];
    const many = Array.from({ length: 5_000 }, (_, n): ServerMessage => ({
      type: "event",
      channel: "events",
      offset: n + 1,
      kind: "entry",
      ts: AT,
      data: {},
    }));
    page.wire.hear(...many);

    expect(page.effects).toHaveLength(5_000);
    expect(page.sessions).toHaveLength(1);
  });

  it("tries again within a second after the first break, by a socket of its own", () => {
    const page = new Page().start();
    page.wire.onclose?.({ code: 1006, reason: "" });
    expect(page.wires).toHaveLength(1);
    vi.advanceTimersByTime(1_000);

    expect(page.wires).toHaveLength(2);
  });

  it("hears nothing more from a socket that it gave up", () => {
    const page = new Page().start();
    const [old] = page.wires;
    page.socket.dispatch({ type: "closed", code: 1006, reason: "" });
    page.socket.dispatch({ type: "retry" });

    expect(old?.onmessage).toBeNull();
    expect(old?.closedWith).toBe(1000);
  });

  it("has neither timer nor socket after it was stopped", () => {
    const page = new Page().start();
    page.socket.stop();

    expect(page.wire.closedWith).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
