"use client";

/** Things read once over REST and shared by the page: value, or an error that can be retried. */
import { useEffect, useSyncExternalStore } from "react";
import { get } from "./request";
import { onToken } from "./token";
import type { Lab, ServerInfo, Topology } from "./types";

export interface Loaded<Value> {
  value: Value | null;
  error: string | null;
  loading: boolean;
}

const UNREAD: Loaded<never> = { value: null, error: null, loading: true };

export class Resource<Value> {
  private loaded: Loaded<Value> = UNREAD;
  private asked = false;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly path: string) {
    onToken(() => this.asked && void this.load());
  }

  readonly read = (): Loaded<Value> => this.loaded;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Read it if nobody has yet. */
  ensure(): void {
    if (!this.asked) void this.load();
  }

  async load(): Promise<void> {
    this.asked = true;
    try {
      this.set({ value: await get<Value>(this.path), error: null, loading: false });
    } catch (error) {
      this.set({ ...this.loaded, error: error instanceof Error ? error.message : String(error), loading: false });
    }
  }

  private set(loaded: Loaded<Value>): void {
    this.loaded = loaded;
    for (const listener of [...this.listeners]) listener();
  }
}

export const serverInfo = new Resource<ServerInfo>("/api/v1/server");
export const lab = new Resource<Lab>("/api/v1/lab");
export const topology = new Resource<Topology>("/api/v1/topology");

export function useResource<Value>(resource: Resource<Value>): Loaded<Value> {
  useEffect(() => resource.ensure(), [resource]);
  return useSyncExternalStore(resource.subscribe, resource.read, () => UNREAD);
}
