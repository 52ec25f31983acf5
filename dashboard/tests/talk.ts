/** A conversation of a client with its server, driven by hand. */
import type { ServerMessage } from "@/lib/realtime/protocol";
import { newSession, step, type Effect, type Input, type Session } from "@/lib/realtime/session";

export const AT = "2026-01-02T03:04:05Z";
export const HELLO = { type: "hello", version: 1, epoch: "e1", server: "0.1.0", heartbeat_s: 5 } satisfies ServerMessage;

/** The clock only moves when told to. */
export class Talk {
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
    return this.hear({ type: "event", channel, offset, kind: "x", ts: AT, data: { offset }, ...gap });
  }
}

export function live(offset = 10): Talk {
  const talk = new Talk("incidents").open();
  talk.subscribed("incidents", offset);
  return talk;
}

export function sent(effects: readonly Effect[]) {
  return effects.flatMap((effect) => (effect.type === "send" ? effect.messages : []));
}
