"use client";

import type { KeyboardEvent, ReactNode } from "react";
import css from "./kit.module.css";
import type { Option } from "./Choice";

interface TabsProps<Value extends string> {
  label: string;
  id: string;
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}

const tabId = (id: string, value: string) => `${id}-tab-${value}`;
const panelId = (id: string) => `${id}-panel`;

/** Tabs above a panel: one stop for Tab, arrows, Home and End to go between them. */
export function Tabs<Value extends string>({ label, id, options, value, onChange }: TabsProps<Value>) {
  const go = (index: number) => {
    const next = options[(index + options.length) % options.length];
    if (next === undefined) return;
    onChange(next.value);
    document.getElementById(tabId(id, next.value))?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const at = options.findIndex((option) => option.value === value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: options.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  return (
    <div className={css.tabs} role="tablist" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          id={tabId(id, option.value)}
          type="button"
          role="tab"
          aria-selected={option.value === value}
          aria-controls={option.value === value ? panelId(id) : undefined}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
          onKeyDown={onKey}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

/** What the chosen tab shows. */
export function TabPanel({ id, value, className, children }: { id: string; value: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div role="tabpanel" id={panelId(id)} aria-labelledby={tabId(id, value)} className={className}>
      {children}
    </div>
  );
}
