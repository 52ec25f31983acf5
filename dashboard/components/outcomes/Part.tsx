import type { ReactNode } from "react";
import css from "./outcomes.module.css";

/** A part of the method drawer. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>{title}</h3>
      {typeof children === "string" ? <p>{children}</p> : children}
    </section>
  );
}
