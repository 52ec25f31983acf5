"use client";

/** How components read the live state. */
import { useEffect, useSyncExternalStore } from "react";
import { live, STARTING, type ConnectionView } from "./client";
import { NOTHING, type LiveState } from "./state";

/** Read a part of the live state; `select` must return something stable while its part does not change. */
export function useLive<Part>(select: (state: LiveState) => Part): Part {
  return useSyncExternalStore(
    (listener) => live().store.subscribe(listener),
    () => select(live().store.getState()),
    () => select(NOTHING),
  );
}

export function useConnection(): ConnectionView {
  return useSyncExternalStore(
    (listener) => live().onView(listener),
    () => live().getView(),
    () => STARTING,
  );
}

/** Subscribe to a channel while the component is there; null subscribes to nothing. */
export function useChannel(channel: string | null): void {
  useEffect(() => (channel === null ? undefined : live().use(channel)), [channel]);
}

let tickMs = 0;
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  tickMs = live().serverNow();
  for (const listener of [...listeners]) listener();
}

function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function read(): number {
  if (tickMs === 0) tickMs = live().serverNow();
  return tickMs;
}

/** Text or number made from the server's clock, made again each second; null before the page runs. */
export function useClock<Value extends string | number | boolean | null>(make: (nowMs: number) => Value): Value | null {
  return useSyncExternalStore(
    onTick,
    () => make(read()),
    () => null,
  );
}
