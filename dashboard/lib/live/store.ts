/** Holds the live state and hands it to React in batches, at most eight a second. */
import { foldAll, type News } from "./fold";
import { DELAYS_KEPT, NOTHING, type LiveState } from "./state";

export const FLUSH_MS = 125;

/** News taken in at once however soon the last were: timers of hidden pages come up to a minute late. */
export const BATCH_MOST = 16_000;

export interface StorePorts {
  now: () => number;
  /** Calls back once, later. */
  later: (call: () => void, ms: number) => void;
  /** Calls back once what was flushed is on the screen. */
  painted: (call: () => void) => void;
  /** Since when the page has been visible without a break, in the milliseconds of `now`; Infinity while it is hidden. */
  visibleSince: () => number;
}

export class LiveStore {
  private state: LiveState = NOTHING;
  private readonly listeners = new Set<() => void>();
  private batch: News[] = [];
  private sentMs: number[] = [];
  private flushedAt = Number.NEGATIVE_INFINITY;
  private planned = false;

  constructor(private readonly ports: StorePorts) {}

  readonly getState = (): LiveState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /**
   * Take news in.
   *
   * @param sentAtMs when it happened, in browser time; null when that is not known or it is no single event.
   */
  take(news: News, sentAtMs: number | null): void {
    this.batch.push(news);
    if (sentAtMs !== null) this.sentMs.push(sentAtMs);
    if (this.batch.length >= BATCH_MOST) this.hand();
    if (this.planned) return;
    this.planned = true;
    const wait = Math.max(0, this.flushedAt + FLUSH_MS - this.ports.now());
    this.ports.later(() => this.flush(), wait);
  }

  private flush(): void {
    this.planned = false;
    if (this.batch.length > 0) this.hand();
  }

  private hand(): void {
    const now = this.ports.now();
    const batch = this.batch;
    const sent = this.sentMs;
    this.batch = [];
    this.sentMs = [];
    this.flushedAt = now;
    this.set(foldAll(this.state, batch, now));
    if (sent.length > 0) this.ports.painted(() => this.measure(sent));
  }

  /**
   * Note how long events took to the screen. A hidden page paints nothing, so what happened before it was shown again waited
   * for somebody to look, however soon it arrived.
   */
  private measure(sent: readonly number[]): void {
    const now = this.ports.now();
    const since = this.ports.visibleSince();
    const delays = sent.filter((at) => at >= since).map((at) => Math.max(0, now - at));
    if (delays.length === 0) return;
    this.set({ ...this.state, delaysMs: [...this.state.delaysMs, ...delays].slice(-DELAYS_KEPT) });
  }

  private set(state: LiveState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
