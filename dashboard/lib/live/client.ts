/** The one live connection of this page: socket, store, and polling when no socket can be had. */
import { get } from "@/lib/api/request";
import { subprotocols, token, tokenRefused } from "@/lib/api/token";
import { skewMs } from "@/lib/realtime/clock";
import { readTs } from "@/lib/realtime/protocol";
import type { Effect, Session } from "@/lib/realtime/session";
import { LiveSocket } from "@/lib/realtime/socket";
import { isFromMemory, mayRetry, obstacleOf, sayStanding, standing, type Standing } from "@/lib/realtime/standing";
import { DETAIL_PREFIX, type News } from "./fold";
import { median } from "./quantile";
import { LiveStore } from "./store";
import { watchVisibility } from "./visibility";

export interface ConnectionView {
  standing: Standing;
  words: string;
  /** Nothing arrives any more: what is shown is from memory. */
  stale: boolean;
  /** Why nobody may act on what is shown, as a sentence; null while it is known to be up to date. */
  obstacle: string | null;
  /** The server's clock when it was last heard, Unix milliseconds; null when it never was. */
  heardAt: number | null;
  mayRetry: boolean;
}

const UNAUTHENTICATED = 4501;
const LINGER_MS = 1_000;

const POLLED: Readonly<Record<string, string>> = {
  incidents: "/api/v1/incidents?state=all&limit=200",
  agents: "/api/v1/agents",
  intake: "/api/v1/intake",
  health: "/dashboard/health/detailed",
};

const STARTING: ConnectionView = {
  standing: "connecting",
  words: "Connecting",
  stale: false,
  obstacle: "Not yet: the page is not connected.",
  heardAt: null,
  mayRetry: false,
};

class LiveClient {
  readonly store = new LiveStore({
    now: () => Date.now(),
    later: (call, ms) => void setTimeout(call, ms),
    painted: (call) => void requestAnimationFrame(() => setTimeout(call, 0)),
    visibleSince: watchVisibility(document, () => Date.now()),
  });
  private view = STARTING;
  private readonly listeners = new Set<() => void>();
  private readonly users = new Map<string, number>();
  private tokenUsed: string | null = null;
  private readonly socket: LiveSocket;

  constructor() {
    this.socket = new LiveSocket({
      open: () => {
        this.tokenUsed = token();
        return new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")), subprotocols());
      },
      now: () => Date.now(),
      chance: () => Math.random(),
      onEffect: (effect, session) => this.perform(effect, session),
      onSession: (session) => this.tell(session),
    });
  }

  readonly getView = (): ConnectionView => this.view;

  readonly onView = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The server's clock now, Unix milliseconds, as well as pings tell. */
  serverNow(): number {
    return Date.now() - skewMs(this.socket.session.skew);
  }

  start(): () => void {
    const online = () => this.socket.dispatch({ type: "online", online: navigator.onLine });
    addEventListener("online", online);
    addEventListener("offline", online);
    this.socket.start();
    return () => {
      removeEventListener("online", online);
      removeEventListener("offline", online);
      this.socket.stop();
    };
  }

  retry(): void {
    this.socket.dispatch({ type: "retry" });
  }

  /** Keep a channel subscribed until the returned function is called. */
  use(channel: string): () => void {
    this.users.set(channel, (this.users.get(channel) ?? 0) + 1);
    this.socket.dispatch({ type: "subscribe", channel });
    return () => {
      this.users.set(channel, (this.users.get(channel) ?? 1) - 1);
      setTimeout(() => this.release(channel), LINGER_MS);
    };
  }

  /** Put in what REST answered, as if a channel had said it. */
  put(news: News): void {
    this.store.take(news, null);
  }

  private release(channel: string): void {
    if (this.users.get(channel) !== 0) return;
    this.users.delete(channel);
    this.socket.dispatch({ type: "unsubscribe", channel });
  }

  private perform(effect: Effect, session: Session): void {
    if (effect.type === "snapshot") {
      this.store.take({ kind: "snapshot", channel: effect.channel, data: effect.data }, null);
    } else if (effect.type === "event") {
      const { channel, data, ts } = effect.event;
      // What came late because the connection was lost says nothing of the way to the screen.
      const at = effect.late ? null : readTs(ts);
      this.store.take({ kind: "event", channel, data }, at === null ? null : at + skewMs(session.skew));
    } else if (effect.type === "poll") {
      void this.poll();
    }
  }

  private async poll(): Promise<void> {
    const channels = [...this.users].filter(([, count]) => count > 0).map(([channel]) => channel);
    const answers = await Promise.allSettled(channels.map((channel) => this.pollChannel(channel)));
    this.socket.dispatch({ type: "polled", ok: answers.some((answer) => answer.status === "fulfilled" && answer.value) });
  }

  private async pollChannel(channel: string): Promise<boolean> {
    const path = channel.startsWith(DETAIL_PREFIX)
      ? `/api/v1/incidents/${encodeURIComponent(channel.slice(DETAIL_PREFIX.length))}`
      : POLLED[channel];
    if (path === undefined) return false;
    const body = await get<Record<string, unknown>>(path);
    this.put({ kind: "snapshot", channel, data: channel === "health" ? { items: body.components } : body });
    return true;
  }

  private tell(session: Session): void {
    if (session.refusal?.code === UNAUTHENTICATED) tokenRefused(this.tokenUsed);
    const now = Date.now();
    const view: ConnectionView = {
      standing: standing(session, now),
      words: sayStanding(session, now, median(this.store.getState().delaysMs)),
      stale: isFromMemory(session, now),
      obstacle: obstacleOf(session, now),
      heardAt: session.heardAt === null ? null : session.heardAt - skewMs(session.skew),
      mayRetry: mayRetry(session),
    };
    const old = this.view;
    if (old.words === view.words && old.stale === view.stale && old.obstacle === view.obstacle && old.mayRetry === view.mayRetry) return;
    this.view = view;
    for (const listener of [...this.listeners]) listener();
  }
}

export type { LiveClient };
export { STARTING };

let client: LiveClient | null = null;

/** The client of this page, made at first use; browser only. */
export function live(): LiveClient {
  client ??= new LiveClient();
  return client;
}
