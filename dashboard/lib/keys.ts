"use client";

/** Single-key shortcuts, which a person can turn off. */
import { useEffect, useRef, useSyncExternalStore } from "react";

const OFF_KEY = "quell.keys.off";
const listeners = new Set<() => void>();

export function keysOff(): boolean {
  return localStorage.getItem(OFF_KEY) === "yes";
}

export function setKeysOff(off: boolean): void {
  if (off) localStorage.setItem(OFF_KEY, "yes");
  else localStorage.removeItem(OFF_KEY);
  for (const listener of [...listeners]) listener();
}

export function useKeysOff(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    keysOff,
    () => false,
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("a, button, summary") !== null;
}

export type Keys = Readonly<Record<string, () => void>>;

/** Call `keys[key]` when it is pressed outside fields and dialogs; Enter is left to links and buttons. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const call = latest.current[event.key];
      if (call === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      if (event.key === "Enter" && isControl(event.target)) return;
      if (event.key.length === 1 && keysOff()) return;
      event.preventDefault();
      call();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
