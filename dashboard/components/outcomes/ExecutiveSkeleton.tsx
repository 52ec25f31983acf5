import { Bars } from "../kit/Notice";
import css from "./outcomes.module.css";

const TILES = ["Typical time to restore", "Verified fixes", "Saved", "Clean runs"];

/** The page before anything is known, in its final sizes. */
export function ExecutiveSkeleton() {
  return (
    <div className={css.page} aria-busy="true">
      <h1 className="unseen">Executive</h1>
      <div className={css.controls} />
      <WaitingBody />
    </div>
  );
}

/** What stands below the controls until the reports are there. */
export function WaitingBody() {
  return (
    <>
      <div className={css.lead}>
        <Bars lines={2} tall />
      </div>
      <div className={css.tiles}>
        {TILES.map((title) => (
          <WaitingTile key={title} title={title} />
        ))}
      </div>
      <section className="panel">
        <header className="panelHead">
          <h2>90 days, every incident</h2>
        </header>
        <div className={css.plotRoom} />
      </section>
    </>
  );
}

export function WaitingTile({ title }: { title: string }) {
  return (
    <section className={`${css.tile} panel`} aria-busy="true">
      <h2 className={css.tileTitle}>{title}</h2>
      <Bars lines={4} />
    </section>
  );
}
