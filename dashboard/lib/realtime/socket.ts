/** Performs what the session asks for: owns the WebSocket and the timer, decides nothing. */
import { newSession, step, type Effect, type Input, type Session } from "./session";

export interface SocketPorts {
  /** Opens a WebSocket; called for each try, so that a changed token is used. */
  open: () => WebSocket;
  now: () => number;
  chance: () => number;
  onEffect: (effect: Effect, session: Session) => void;
  onSession: (session: Session) => void;
}

/** With the longest first wait, 800 ms, still under a second. */
const TICK_MS = 200;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private current: Session;

  constructor(private readonly ports: SocketPorts) {
    this.current = newSession(ports.now());
  }

  get session(): Session {
    return this.current;
  }

  start(): void {
    this.timer ??= setInterval(() => this.dispatch({ type: "tick" }), TICK_MS);
    this.dispatch({ type: "start" });
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.dispatch({ type: "stop" });
  }

  dispatch(input: Input): void {
    const [next, effects] = step(this.current, input, this.ports.now(), this.ports.chance());
    const changed = next !== this.current;
    this.current = next;
    for (const effect of effects) this.perform(effect);
    if (changed || input.type === "tick") this.ports.onSession(this.current);
  }

  private perform(effect: Effect): void {
    if (effect.type === "connect") this.connect();
    else if (effect.type === "disconnect") this.drop(effect.code);
    else if (effect.type === "send") this.socket?.send(JSON.stringify(effect.messages));
    else this.ports.onEffect(effect, this.current);
  }

  private connect(): void {
    this.drop(1000);
    const socket = this.ports.open();
    this.socket = socket;
    socket.onopen = () => this.dispatch({ type: "opened" });
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") this.dispatch({ type: "frame", text: event.data });
    };
    socket.onclose = (event) => this.dispatch({ type: "closed", code: event.code, reason: event.reason });
  }

  private drop(code: number): void {
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code >= 3000 ? code : 1000);
  }
}
