"use client";

import { useState, type ReactNode } from "react";
import type { IncidentDetail } from "@/lib/api/types";
import type { Command } from "@/lib/api/incidents";
import { isEnded, stateWords, wantsWords, who } from "@/lib/board/words";
import { counted } from "@/lib/format/number";
import { moment } from "@/lib/format/time";
import { useConnection } from "@/lib/live/hooks";
import { incidentHref } from "@/lib/url";
import { Reason } from "../findings/Reason";
import { useCommand } from "../findings/useCommand";
import { Failed } from "../kit/Notice";
import { Stopwatch } from "../marks/Clocks";
import { Severity } from "../marks/Severity";
import css from "./incident.module.css";

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="label">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Services({ services, service }: { services: string[]; service: string | null }) {
  const names = services.length > 0 ? services : service === null ? [] : [service];
  if (names.length === 0) return <span className="muted">not known</span>;
  const shown = names.slice(0, 3).join(" → ");
  return <span title={names.join(" → ")}>{names.length > 3 ? `${shown} → ${names.length - 3} more` : shown}</span>;
}

function Facts({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const ended = isEnded(row);
  return (
    <dl className={`${css.facts} num`}>
      <Fact name={ended ? "Was open for" : "Open for"}>
        <b>
          <Stopwatch since={row.opened_at} until={ended ? (row.resolved_at ?? row.updated_at) : null} />
        </b>
      </Fact>
      <Fact name="Opened">{moment(row.opened_at)}</Fact>
      <Fact name="Services">
        <Services services={row.services} service={row.service} />
      </Fact>
      <Fact name="Alerts">
        <b>{row.alerts.total}</b> of {counted(row.alerts.kinds, "kind")}, {row.alerts.firing} firing
      </Fact>
      <Fact name="Owner">{row.owner === null ? <span className="muted">nobody yet</span> : who(row.owner)}</Fact>
      <Fact name="Data missing">{row.missing.length === 0 ? <span className="muted">none known</span> : row.missing.join(", ")}</Fact>
      {row.reopened > 0 ? <Fact name="Reopened">{counted(row.reopened, "time")}</Fact> : null}
    </dl>
  );
}

interface Asking {
  label: string;
  action: string;
  make: (text: string) => Command;
}

const ASKS = {
  resolve: { label: "Why is it resolved?", action: "Resolve", make: (reason: string): Command => ({ name: "resolve", reason }) },
  falseAlarm: {
    label: "Why is it a false alarm?",
    action: "Resolve as a false alarm",
    make: (reason: string): Command => ({ name: "resolve", reason, false_alarm: true }),
  },
  reopen: { label: "Why is it open again?", action: "Reopen", make: (reason: string): Command => ({ name: "reopen", reason }) },
  note: { label: "Note", action: "Add note", make: (text: string): Command => ({ name: "notes", text }) },
} satisfies Record<string, Asking>;

function useActions(detail: IncidentDetail) {
  const commanding = useCommand(detail.summary.id);
  const [asking, setAsking] = useState<Asking | null>(null);
  const answer = async (make: Asking["make"], text: string) => {
    if (await commanding.run(make(text))) setAsking(null);
  };
  return { ...commanding, asking, setAsking, answer };
}

/** What it is, how it stands, and what a person can do about it. */
export function Header({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const { stale } = useConnection();
  const { asking, setAsking, answer, busy, error, run, clear } = useActions(detail);
  const wants = wantsWords(row);
  const ended = isEnded(row);
  return (
    <header className={css.top}>
      <div className={css.titleRow}>
        <Severity severity={row.severity} />
        <h1>{row.title}</h1>
        {row.merged_into === null ? (
          <span className={wants === null ? "dim" : css.wanted}>{wants ?? stateWords(row)}</span>
        ) : (
          <a href={incidentHref(row.merged_into)}>{stateWords(row)}</a>
        )}
        {row.drill ? <span className="tag">drill</span> : null}
        {detail.false_alarm ? <span className="tag">false alarm</span> : null}
        <span className="muted">{row.id}</span>
        <span className="spring" />
        <div className="row">
          {row.acknowledged_at === null && !ended ? (
            <button type="button" className="button" disabled={busy || stale} onClick={() => void run({ name: "acknowledge" })}>
              Acknowledge
            </button>
          ) : null}
          {row.state === "merged" ? null : (
            <button type="button" className="button" disabled={busy || stale} onClick={() => setAsking(ended ? ASKS.reopen : ASKS.resolve)}>
              {ended ? "Reopen" : "Resolve"}
            </button>
          )}
          {ended ? null : (
            <button type="button" className="button" disabled={busy || stale} onClick={() => setAsking(ASKS.falseAlarm)}>
              False alarm
            </button>
          )}
          <button type="button" className="button" disabled={busy || stale} onClick={() => setAsking(ASKS.note)}>
            Add note
          </button>
        </div>
      </div>
      {asking === null ? null : (
        <Reason
          key={asking.action}
          label={asking.label}
          action={asking.action}
          busy={busy}
          onCancel={() => setAsking(null)}
          onSubmit={(text) => void answer(asking.make, text)}
        />
      )}
      {error === null ? null : <Failed words={error} retry={clear} />}
      {row.summary === "" ? null : <p className={`${css.known} dim`}>{row.summary}</p>}
      <Facts detail={detail} />
    </header>
  );
}
