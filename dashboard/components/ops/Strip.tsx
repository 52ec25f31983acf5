"use client";

import type { ReactNode } from "react";
import type { AgentHealth } from "@/lib/api/types";
import { totalsOf, type Totals } from "@/lib/board/rows";
import { SEVERITIES } from "@/lib/board/words";
import { NOTHING_KNOWN, count, counted } from "@/lib/format/number";
import { age, clock } from "@/lib/format/time";
import { useClock, useConnection, useLive } from "@/lib/live/hooks";
import { quantile } from "@/lib/live/quantile";
import { Countdown } from "../marks/Clocks";
import { Severity } from "../marks/Severity";
import { StartDrill } from "./StartDrill";
import css from "./ops.module.css";

function Tile({ label, children, wide = false }: { label: string; children: ReactNode; wide?: boolean }) {
  return (
    <div className={wide ? css.tileWide : css.tile}>
      <dt className="label">{label}</dt>
      <dd className={css.tileValue}>{children}</dd>
    </div>
  );
}

function Unknown({ why }: { why: string }) {
  return (
    <>
      <b>{NOTHING_KNOWN}</b> <span className="muted">{why}</span>
    </>
  );
}

/** "None" is never said from memory: one may have come since. */
function None({ children }: { children: ReactNode }) {
  const { stale } = useConnection();
  return stale ? <Unknown why="none when last heard" /> : children;
}

function Open({ totals }: { totals: Totals | null }) {
  if (totals === null) return <Unknown why="not read yet" />;
  if (totals.open === 0) {
    return (
      <None>
        <b>0</b>
      </None>
    );
  }
  return SEVERITIES.filter((severity) => totals.bySeverity[severity] > 0).map((severity) => (
    <Severity key={severity} severity={severity} count={totals.bySeverity[severity]} />
  ));
}

function Oldest({ totals }: { totals: Totals | null }) {
  const at = totals?.oldestAt ?? null;
  const words = useClock((now) => (at === null ? null : age((now - at) / 1000)));
  if (words === null) return <Unknown why={totals === null ? "not read yet" : "nothing open"} />;
  return <b className="num">{words}</b>;
}

function Wanted({ totals }: { totals: Totals | null }) {
  if (totals === null) return <Unknown why="not read yet" />;
  if (totals.wanted === 0) {
    return (
      <None>
        <b>0</b> <span className="muted">nobody</span>
      </None>
    );
  }
  return (
    <>
      <b className={`${css.wanted} num`}>{totals.wanted}</b>{" "}
      {totals.nextExpiryAt === null ? (
        <span className="muted">take over</span>
      ) : (
        <span className="muted num">
          expires in <Countdown until={totals.nextExpiryAt} over="0:00" />
        </span>
      )}
    </>
  );
}

function Agents({ agents }: { agents: Readonly<Record<string, AgentHealth>> | null }) {
  if (agents === null) return <Unknown why="not read yet" />;
  const all = Object.values(agents);
  const healthy = all.filter((one) => one.state === "healthy").length;
  const idle = all.filter((one) => one.state === "idle_unknown" || one.state === "unknown").length;
  if (all.length === 0) return <Unknown why="none known" />;
  if (idle === all.length) return <Unknown why="none has run yet" />;
  return (
    <>
      <b className="num">
        {healthy} / {all.length}
      </b>{" "}
      <span className="muted">{idle > 0 ? `healthy, ${idle} not run yet` : "healthy"}</span>
    </>
  );
}

function Intake() {
  const intake = useLive((state) => state.intake);
  if (intake === null) return <Unknown why="not read yet" />;
  const { received, incidents_opened: opened } = intake.last_minute;
  const ratio = opened > 0 ? `, ${Math.round(received / opened)} : 1` : "";
  return (
    <>
      <b className="num">{count(received)}</b>{" "}
      <span className="muted num">{received === 0 ? "none came" : `${counted(opened, "incident")}${ratio}`}</span>
    </>
  );
}

function Delay() {
  const delays = useLive((state) => state.delaysMs);
  const middle = quantile(delays, 0.5);
  const worst = quantile(delays, 0.99);
  if (middle === null || worst === null) return <Unknown why="no event since loading" />;
  return (
    <>
      <b className="num">{Math.round(middle)} ms</b> <span className="muted num">p99 {Math.round(worst)}</span>
    </>
  );
}

/** From when the figures are, while the page is not live. */
function LastHeard() {
  const { stale, heardAt } = useConnection();
  if (!stale || heardAt === null) return null;
  return (
    <Tile label="As of">
      <b className="num">{clock(heardAt)}</b> <span className="muted">UTC</span>
    </Tile>
  );
}

/** The numbers of the moment; what is not known says why. */
export function Strip() {
  const incidents = useLive((state) => state.incidents);
  const agents = useLive((state) => state.agents);
  const totals = incidents === null ? null : totalsOf(incidents);
  return (
    <section className={`${css.strip} panel live`} aria-label="Now">
      <dl>
        <LastHeard />
        <Tile label="Open">
          <Open totals={totals} />
        </Tile>
        <Tile label="Oldest">
          <Oldest totals={totals} />
        </Tile>
        <Tile label="Wants a person">
          <Wanted totals={totals} />
        </Tile>
        <Tile label="Agents">
          <Agents agents={agents} />
        </Tile>
        <Tile label="Alerts in, last minute" wide>
          <Intake />
        </Tile>
        <Tile label="Event to screen" wide>
          <Delay />
        </Tile>
      </dl>
      <StartDrill />
    </section>
  );
}
