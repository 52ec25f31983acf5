"use client";

import { useEffect, useId, useRef, useState, type SyntheticEvent } from "react";
import { Obstacle } from "../kit/Obstacle";
import css from "./findings.module.css";

interface ReasonProps {
  label: string;
  action: string;
  busy: boolean;
  /** Why it cannot be sent now; what was typed stays. */
  obstacle: string | null;
  onSubmit: (reason: string) => void;
  onCancel: () => void;
  /** It may be left empty. */
  optional?: boolean;
}

/** Asks for a sentence before something is done. */
export function Reason({ label, action, busy, obstacle, onSubmit, onCancel, optional = false }: ReasonProps) {
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const enough = optional || text.trim() !== "";
  useEffect(() => field.current?.focus(), []);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (enough && obstacle === null) onSubmit(text.trim());
  };
  return (
    <form className={css.reason} onSubmit={submit}>
      <label htmlFor={id} className="label">
        {label}
        {optional ? " (may be left empty)" : ""}
      </label>
      <input
        ref={field}
        id={id}
        className="field"
        value={text}
        maxLength={1000}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onCancel()}
      />
      <div className="row">
        <button type="submit" className="button" disabled={busy || obstacle !== null || !enough}>
          {action}
        </button>
        <button type="button" className="linkButton" onClick={onCancel}>
          Cancel
        </button>
        <Obstacle says={obstacle} />
      </div>
    </form>
  );
}
