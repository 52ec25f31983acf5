import { Bars } from "../kit/Notice";
import { Strip } from "./Strip";
import css from "./ops.module.css";

/** The page before anything is known, in its final sizes. */
export function OperationsSkeleton() {
  return (
    <div className={css.page} aria-busy="true">
      <h1 className="unseen">Operations</h1>
      <Strip />
      <div className={css.tabs}>
        <span className={css.tabsRoom} />
      </div>
      <Panel className={css.list} title="Incidents" lines={9} tall />
      <div className={`${css.side} panel`}>
        <Bars lines={10} />
      </div>
      <Panel className={css.stream} title="Events" lines={4} />
      <Panel className={css.itself} title="Agents and parts" lines={4} />
    </div>
  );
}

function Panel({ className, title, lines, tall = false }: { className: string | undefined; title: string; lines: number; tall?: boolean }) {
  return (
    <section className={`${className} panel`}>
      <header className="panelHead">
        <h2>{title}</h2>
      </header>
      <Bars lines={lines} tall={tall} />
    </section>
  );
}
