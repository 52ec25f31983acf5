"use client";

/** Filters live in the address, so that a view can be sent to somebody. */
import { useCallback, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

export function setParam(name: string, value: string | null): void {
  const url = new URL(location.href);
  if (value === null || value === "") url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(history.state, "", url);
  for (const listener of [...listeners]) listener();
}

/** A search parameter and how to set it; `undefined` before the page runs, null when it is not there. */
export function useParam(name: string): [string | null | undefined, (value: string | null) => void] {
  const value = useSyncExternalStore<string | null | undefined>(
    subscribe,
    () => new URL(location.href).searchParams.get(name),
    () => undefined,
  );
  const set = useCallback((next: string | null) => setParam(name, next), [name]);
  return [value, set];
}

export function incidentHref(id: string): string {
  return `/incident/?id=${encodeURIComponent(id)}`;
}

/** The address when it is a web address, else null: payloads may hold anything. */
export function webLink(link: string | null): string | null {
  return link !== null && /^https?:\/\//i.test(link) ? link : null;
}
