import type { ReactNode } from "react";
import css from "./kit.module.css";

/** A part that is opened by its summary. */
export function Fold({ summary, open = false, children }: { summary: ReactNode; open?: boolean; children: ReactNode }) {
  return (
    <details className={css.fold} open={open}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
