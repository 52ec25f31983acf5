import type { ReactNode } from "react";
import { Bars } from "../kit/Notice";
import css from "./incident.module.css";

/** The page before anything is known; `children` take the place of the header's bars. */
export function IncidentSkeleton({ children }: { children?: ReactNode }) {
  return (
    <div className={css.page} aria-busy={children === undefined}>
      <h1 className="unseen">Incident</h1>
      <div className={`panel ${css.head} ${css.headSkeleton}`}>{children ?? <Bars lines={3} />}</div>
      <div className={css.side}>
        <div className={`panel ${css.aside}`}>
          <Bars lines={9} />
        </div>
      </div>
      <div className={`panel ${css.main}`}>
        <Bars lines={9} tall />
      </div>
    </div>
  );
}
