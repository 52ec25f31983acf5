"use client";

import { useState, type ReactNode } from "react";
import type { IncidentDetail, IncidentSummary } from "@/lib/api/types";
import type { Command } from "@/lib/api/incidents";
import { isEnded, stateWords, wantsWords, who } from "@/lib/board/words";
import { counted } from "@/lib/format/number";
import { clock, moment } from "@/lib/format/time";
import { incidentHref } from "@/lib/url";
import { Reason } from "../findings/Reason";
import { useCommand } from "../findings/useCommand";
import { Failed } from "../kit/Notice";
import { Obstacle } from "../kit/Obstacle";
import { AsOf } from "../marks/AsOf";
import { Countdown, Stopwatch } from "../marks/Clocks";
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

/** When the agents look again by themselves. */
function NextLook({ at, ended }: { at: string | null; ended: boolean }) {
  if (at === null || ended) return null;
  return (
    <Fact name="Agents look again">
      <Countdown until={at} over="due now" />
    </Fact>
  );
}

function Facts({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const ended = isEnded(row);
  return (
    <dl className={`${css.facts} num`}>
      <Fact name={ended ? "Was open for" : "Open for"}>
        <b>
          <Stopwatch since={row.open_since} until={ended ? (row.resolved_at ?? row.updated_at) : null} />
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
      <NextLook at={row.next_look_at} ended={ended} />
      {row.reopened > 0 ? (
        <Fact name="Reopened">
          {counted(row.reopened, "time")}, last {moment(row.open_since)}
        </Fact>
      ) : null}
    </dl>
  );
}

interface Asking {
  label: string;
  action: string;
  /** No words are needed. */
  optional?: boolean;
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
  lookAgain: {
    label: "What should the agents know?",
    action: "Look again",
    optional: true,
    make: (reason: string): Command => (reason === "" ? { name: "look_again" } : { name: "look_again", reason }),
  },
} satisfies Record<string, Asking>;

interface ButtonsProps {
  row: IncidentSummary;
  disabled: boolean;
  acknowledge: () => void;
  takeOver: () => void;
  ask: (asking: Asking) => void;
}

/** What a person can do now; looking again also once the agents have escalated. */
function Buttons({ row, disabled, acknowledge, takeOver, ask }: ButtonsProps) {
  const ended = isEnded(row);
  const buttons: (readonly [string, () => void])[] = [];
  if (!ended) buttons.push(row.owner === null ? ["Acknowledge", acknowledge] : ["Take over", takeOver]);
  if (!ended) buttons.push(["Look again", () => ask(ASKS.lookAgain)]);
  if (row.state !== "merged") buttons.push(ended ? ["Reopen", () => ask(ASKS.reopen)] : ["Resolve", () => ask(ASKS.resolve)]);
  if (!ended) buttons.push(["False alarm", () => ask(ASKS.falseAlarm)]);
  buttons.push(["Add note", () => ask(ASKS.note)]);
  return (
    <div className="row">
      {buttons.map(([words, call]) => (
        <button key={words} type="button" className="button" disabled={disabled} onClick={call}>
          {words}
        </button>
      ))}
    </div>
  );
}

interface TakeOverProps {
  owner: string | null;
  since: string | null;
  disabled: boolean;
  onYes: () => void;
  onNo: () => void;
}

/** Somebody has the incident: says who, and asks before it is taken from them. */
function TakeOver({ owner, since, disabled, onYes, onNo }: TakeOverProps) {
  return (
    <div className={css.confirm} role="group" aria-label="Take over">
      <p role="alert">
        <b>{who(owner)}</b> has this incident{since === null ? "" : `, acknowledged at ${clock(since)} UTC`}. Take over?
      </p>
      <div className="row">
        <button type="button" className="button" disabled={disabled} onClick={onYes}>
          Yes, take over
        </button>
        <button type="button" className="linkButton" onClick={onNo}>
          Leave it
        </button>
      </div>
    </div>
  );
}

/** Commands of the header, and what it asks before it sends one. */
function useActions(row: IncidentSummary) {
  const commanding = useCommand(row.id);
  const { refused, clear } = commanding;
  const [asking, setAsking] = useState<Asking | "takeOver" | null>(null);
  const taken = refused?.name === "acknowledge" && row.owner !== null && !isEnded(row);
  const run = async (what: Command) => {
    if (await commanding.run(what)) setAsking(null);
  };
  const cancel = () => {
    setAsking(null);
    clear();
  };
  return { ...commanding, asking: taken ? ("takeOver" as const) : asking, setAsking, cancel, send: (what: Command) => void run(what) };
}

function Title({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const wants = wantsWords(row);
  return (
    <>
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
      <AsOf />
    </>
  );
}

/** What it is, how it stands, and what a person can do about it. */
export function Header({ detail }: { detail: IncidentDetail }) {
  const row = detail.summary;
  const { asking, setAsking, busy, obstacle, error, send, cancel, clear } = useActions(row);
  return (
    <header className={css.top}>
      <div className={css.titleRow}>
        <Title detail={detail} />
        <span className="spring" />
        <Buttons
          row={row}
          disabled={busy || obstacle !== null}
          acknowledge={() => send({ name: "acknowledge" })}
          takeOver={() => setAsking("takeOver")}
          ask={setAsking}
        />
      </div>
      {typeof asking === "object" && asking !== null ? null : <Obstacle says={obstacle} />}
      {asking === null ? null : asking === "takeOver" ? (
        <TakeOver
          owner={row.owner}
          since={row.acknowledged_at}
          disabled={busy || obstacle !== null}
          onYes={() => send({ name: "acknowledge", take_over: true })}
          onNo={cancel}
        />
      ) : (
        <Reason
          key={asking.action}
          label={asking.label}
          action={asking.action}
          optional={asking.optional ?? false}
          busy={busy}
          obstacle={obstacle}
          onCancel={cancel}
          onSubmit={(text) => send(asking.make(text))}
        />
      )}
      {error === null ? null : <Failed words={error} retry={clear} action="Close" />}
      {row.summary === "" ? null : <p className={`${css.known} dim`}>{row.summary}</p>}
      <Facts detail={detail} />
    </header>
  );
}
