"use client";

import { useLive } from "@/lib/live/hooks";
import { Age } from "../marks/Clocks";
import css from "./ops.module.css";

/** Parts of Quell itself that do not work as they should. */
export function DegradedRows() {
  const health = useLive((state) => state.health);
  const poor = Object.values(health ?? {}).filter((part) => part.state === "degraded" || part.state === "down");
  if (poor.length === 0) return null;
  return (
    <section aria-label="Parts of Quell itself that are degraded">
      <h3 className={css.group}>Quell itself</h3>
      <ul>
        {poor.map((part) => (
          <li key={part.name} className={css.part}>
            <span className={part.state === "down" ? css.down : css.degraded}>{part.state}</span>
            <span className={css.partWords}>
              <b>{part.name}</b> <span className="muted">{part.kind}</span>
              <span className={css.why}>{part.says}</span>
            </span>
            <span className={`${css.partAge} num`}><Age since={part.since} /></span>
          </li>
        ))}
      </ul>
    </section>
  );
}
