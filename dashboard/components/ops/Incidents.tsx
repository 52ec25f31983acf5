"use client";

import { useState } from "react";
import { readEnded } from "@/lib/api/incidents";
import { lab, useResource } from "@/lib/api/resource";
import { readSeverities, servicesOf, totalsOf, type Board, type Show } from "@/lib/board/rows";
import { SEVERITIES } from "@/lib/board/words";
import { live } from "@/lib/live/client";
import { useConnection, useLive } from "@/lib/live/hooks";
import type { Standing } from "@/lib/realtime/standing";
import { setParam, useParam } from "@/lib/url";
import { Choice, Pick } from "../kit/Choice";
import { Bars, Empty, Failed } from "../kit/Notice";
import { AsOf } from "../marks/AsOf";
import { DegradedRows } from "./DegradedRows";
import { IncidentRow } from "./IncidentRow";
import css from "./ops.module.css";

const PAGE = 100;

function Filters() {
  const incidents = useLive((state) => state.incidents);
  const [show, setShow] = useParam("show");
  const [severity, setSeverity] = useParam("severity");
  const [service, setService] = useParam("service");
  const { stale } = useConnection();
  const totals = incidents === null || stale ? null : totalsOf(incidents);
  const options: { value: Show; label: string }[] = [
    { value: "all", label: "All" },
    { value: "open", label: totals === null ? "Open" : `Open ${totals.open}` },
    { value: "ended", label: totals === null ? "Ended" : `Ended ${totals.ended}` },
  ];
  return (
    <>
      <Choice
        label="Which incidents"
        options={options}
        value={show === "open" || show === "ended" ? show : "all"}
        onChange={(value) => setShow(value === "all" ? null : value)}
      />
      <Pick
        label="Severity"
        every="Every severity"
        options={SEVERITIES}
        value={[...readSeverities(severity)].join(",") || null}
        onChange={setSeverity}
      />
      <Pick
        label="Service"
        every="Every service"
        options={incidents === null ? [] : servicesOf(incidents)}
        value={service}
        onChange={setService}
      />
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const { value } = useResource(lab);
  const { stale } = useConnection();
  if (filtered) {
    const clear = () => ["show", "severity", "service"].forEach((name) => setParam(name, null));
    return (
      <Empty title="No incident passes these filters">
        <button type="button" className="button" onClick={clear}>
          Clear the filters
        </button>
      </Empty>
    );
  }
  if (stale) {
    return (
      <Empty title="What is open now is not known">
        <p>When Quell was last heard there was no incident. One may have come since.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No incident is open, and none ended in the last 24 hours">
      <p>
        Incidents open when alerts come in.{" "}
        {value?.drills_available === true
          ? "Start a drill above to see one: a service of the lab breaks for real."
          : "Point Alertmanager at /ingest/alertmanager, or run quell send-test-alert."}
      </p>
    </Empty>
  );
}

function Older() {
  const [cursor, setCursor] = useState<string | null>(null);
  const [state, setState] = useState<"idle" | "busy" | "end">("idle");
  const [error, setError] = useState<string | null>(null);
  const load = async () => {
    setState("busy");
    setError(null);
    try {
      const page = await readEnded(cursor);
      for (const row of page.items) live().put({ kind: "event", channel: "incidents", data: row });
      setCursor(page.next_cursor);
      setState(page.next_cursor === null ? "end" : "idle");
    } catch (caught) {
      setError(caught instanceof Error ? caught.message : String(caught));
      setState("idle");
    }
  };
  if (error !== null) return <Failed words={error} retry={() => void load()} />;
  return (
    <div className={css.more}>
      {state === "end" ? (
        <span className="muted">That is all of them.</span>
      ) : (
        <button type="button" className="linkButton" disabled={state === "busy"} onClick={() => void load()}>
          {state === "busy" ? "Reading" : "Ended earlier"}
        </button>
      )}
    </div>
  );
}

interface IncidentsProps {
  board: Board;
  selectedId: string | null;
  choose: (id: string) => void;
}

function Body({ board, selectedId, choose }: IncidentsProps) {
  const [shown, setShown] = useState(PAGE);
  const filters = [useParam("severity")[0], useParam("service")[0], useParam("show")[0]];
  const filtered = filters.some((value) => value !== null);
  const all = [...board.open, ...board.ended];
  if (all.length === 0) return <Nothing filtered={filtered} />;
  return (
    <div role="table" aria-label="Incidents" className={css.table}>
      <div role="row" className={css.heads}>
        {["Severity", "Incident", "State", "Phases", "Alerts", "Age"].map((name) => (
          <span role="columnheader" key={name}>
            {name}
          </span>
        ))}
      </div>
      {all.slice(0, shown).map((row, index) => (
        <div role="rowgroup" key={row.id}>
          {index === board.open.length ? (
            <div role="row" className={css.group}>
              <span role="cell">Ended, newest first</span>
            </div>
          ) : null}
          <IncidentRow row={row} selected={row.id === selectedId} choose={choose} />
        </div>
      ))}
      {all.length > shown ? (
        <div className={css.more}>
          <button type="button" className="linkButton" onClick={() => setShown(shown + PAGE)}>
            Show {Math.min(PAGE, all.length - shown)} more of {all.length}
          </button>
        </div>
      ) : null}
    </div>
  );
}

const TROUBLE: ReadonlySet<Standing> = new Set<Standing>(["silent", "reconnecting", "stale", "offline", "refused"]);

/** Before the first list came: bars, or why it does not come. */
function Waiting() {
  const connection = useConnection();
  if (!TROUBLE.has(connection.standing)) return <Bars lines={9} tall />;
  return (
    <Empty title="The incidents could not be read yet">
      <Failed words={connection.words} retry={() => live().retry()} />
      <p>Check that quell serve runs where this page came from.</p>
    </Empty>
  );
}

/** The list: whoever needs a person first, then severity, then age. */
export function Incidents(props: IncidentsProps) {
  const loaded = useLive((state) => state.incidents !== null);
  const [show] = useParam("show");
  return (
    <section className={`${css.list} panel live`} aria-labelledby="incidents-title">
      <header className="panelHead">
        <h2 id="incidents-title">Incidents</h2>
        <AsOf />
        <span className={`${css.order} muted`}>needs a person first, then severity, then age</span>
        <span className="spring" />
        <Filters />
      </header>
      <div className={css.scroll}>
        {loaded ? <Body {...props} /> : <Waiting />}
        <DegradedRows />
        {loaded && show !== "open" ? <Older /> : null}
      </div>
    </section>
  );
}
