"use client";

/** Reports of `/api/v1/outcomes`, kept by address, and kept fresh. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { newKey, put } from "@/lib/api/request";
import { Resource, type Loaded } from "@/lib/api/resource";
import { useConnection, useLive } from "@/lib/live/hooks";
import { atMost } from "./pace";
import type { Assumptions, Definition, Origin, Report, SavingsReport, TrendReport } from "./types";
import { daysOf, type Group, type Window } from "./view";

const BASE = "/api/v1/outcomes";
const REFRESH_MS = 2_000;
/** Open incidents grow older without any news. */
const AGES_MS = 60_000;
const POLL_MS = 10_000;

const kept = new Map<string, Resource<unknown>>();

function resourceOf<Value>(path: string): Resource<Value> {
  const found = kept.get(path) ?? new Resource<unknown>(path);
  kept.set(path, found);
  return found as Resource<Value>;
}

export function reportOf(kind: Origin, window: Window, by: Group | null = null): Resource<Report> {
  return resourceOf(`${BASE}?window=${window}&kind=${kind}${by === null ? "" : `&by=${by}`}`);
}

/** @param until last day of the picture, `2026-11-26`; null: today. */
export function trendOf(kind: Origin, until: string | null): Resource<TrendReport> {
  return resourceOf(`${BASE}/trend?kind=${kind}${until === null ? "" : `&until=${until}`}`);
}

export function savingsOf(kind: Origin, window: Window): Resource<SavingsReport> {
  return resourceOf(`${BASE}/savings?window=${window}&kind=${kind}`);
}

interface List<Item> {
  items: readonly Item[];
}

export const assumptionsKept = new Resource<List<Assumptions>>(`${BASE}/assumptions`);
export const definitionsKept = new Resource<List<Definition>>(`${BASE}/definitions`);

export function exportHref(kind: Origin): string {
  return `${BASE}/export?format=csv&kind=${kind}`;
}

/** What is asked of the customer, on top of the version that they saw. */
export interface NewAssumptions extends Omit<Assumptions, "version" | "target_s" | "set_by" | "set_at"> {
  based_on: number;
  /** Seconds, by severity. */
  target_s: Readonly<Record<string, number>>;
}

/** Throws ApiError; 409 when somebody else changed them meanwhile. */
export function setAssumptions(body: NewAssumptions): Promise<Assumptions> {
  return put(`${BASE}/assumptions`, body, newKey());
}

const NOTHING: Loaded<never> = { value: null, error: null, loading: false };
const never = () => () => undefined;

/** Read a resource while the component is there; what was read before is shown at once and read again. */
export function useFresh<Value>(resource: Resource<Value> | null): Loaded<Value> {
  useEffect(() => void resource?.load(), [resource]);
  const read = resource?.read ?? (() => NOTHING);
  return useSyncExternalStore(resource?.subscribe ?? never, read, () => UNREAD);
}

const UNREAD: Loaded<never> = { value: null, error: null, loading: true };

export interface Outcomes {
  report: Loaded<Report>;
  trend: Loaded<TrendReport>;
  savings: Loaded<SavingsReport>;
  reload: () => void;
}

function newer(read: Loaded<Report>, told: Report | null, kind: Origin | null, window: Window): Loaded<Report> {
  if (told?.origin !== kind || told.window_days !== daysOf(window)) return read;
  const isNew = read.value === null || Date.parse(told.as_of) > Date.parse(read.value.as_of);
  return isNew ? { value: told, error: null, loading: false } : read;
}

/** The three reports of a kind and a window, read again when the live channel tells of a change; null reads nothing. */
export function useOutcomes(kind: Origin | null, window: Window, until: string | null): Outcomes {
  const resources = useMemo(
    () => (kind === null ? null : { report: reportOf(kind, window), trend: trendOf(kind, until), savings: savingsOf(kind, window) }),
    [kind, window, until],
  );
  const report = useFresh(resources?.report ?? null);
  const trend = useFresh(resources?.trend ?? null);
  const savings = useFresh(resources?.savings ?? null);
  const told = useLive((state) => state.outcomes);
  const polling = useConnection().standing === "polling";
  const reload = useMemo(
    () => atMost(() => Object.values(resources ?? {}).forEach((one) => void one.load()), REFRESH_MS),
    [resources],
  );
  useEffect(() => {
    if (told !== null) reload();
  }, [told, reload]);
  useEffect(() => {
    const timer = setInterval(reload, polling ? POLL_MS : AGES_MS);
    return () => clearInterval(timer);
  }, [polling, reload]);
  return { report: newer(report, told, kind, window), trend, savings, reload };
}
