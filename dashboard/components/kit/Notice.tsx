import type { ReactNode } from "react";
import css from "./kit.module.css";

/** Says why there is nothing here, and the one thing to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <p className={css.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}

interface FailedProps {
  words: string;
  retry?: () => void;
  /** What the button does. */
  action?: string;
}

/** Says what went wrong, with a way to try again. */
export function Failed({ words, retry, action = "Try again" }: FailedProps) {
  return (
    <div className={css.failed} role="alert">
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        <path d="M1 1 9 9M9 1 1 9" stroke="currentColor" strokeWidth="2" />
      </svg>
      <span>{words}</span>
      {retry === undefined ? null : (
        <button type="button" className="button small" onClick={retry}>
          {action}
        </button>
      )}
    </div>
  );
}

/** Grey bars in the place of text that is still to come. */
export function Bars({ lines, tall = false }: { lines: number; tall?: boolean }) {
  return (
    <div className={css.bars} aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} className={tall ? css.tall : undefined} />
      ))}
    </div>
  );
}
