"use client";

/** Filters live in the address, so that a view can be sent to somebody. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

export function setParam(name: string, value: string | null): void {
  const url = new URL(location.href);
  if (value === null || value === "") url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(null, "", url);
}

/** A search parameter, null when it is not there, and how to set it. */
export function useParam(name: string): [string | null, (value: string | null) => void] {
  const value = useSearchParams().get(name);
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
