"use client";

import { useId, useState, type SyntheticEvent } from "react";
import type { Cause, Hypothesis, IncidentDetail } from "@/lib/api/types";
import { CAUSES, spoken, who } from "@/lib/board/words";
import { useCommand } from "./useCommand";
import { Obstacle } from "../kit/Obstacle";
import css from "./findings.module.css";

/** The services that a person may mean, those named by diagnosis first. */
export function servicesToName(detail: IncidentDetail): string[] {
  const named = (detail.diagnosis?.hypotheses ?? []).map((one) => one.service);
  const own = detail.summary.service === null ? [] : [detail.summary.service];
  return [...new Set([...named, ...detail.summary.services, ...own])];
}

interface AnotherProps {
  services: readonly string[];
  busy: boolean;
  onSubmit: (service: string, cause: Cause | null) => void;
  onCancel: () => void;
}

function Another({ services, busy, onSubmit, onCancel }: AnotherProps) {
  const [service, setService] = useState("");
  const [cause, setCause] = useState<Cause | "">("");
  const id = useId();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (service.trim() !== "") onSubmit(service.trim(), cause === "" ? null : cause);
  };
  return (
    <form className={css.reason} onSubmit={submit}>
      <label htmlFor={`${id}-service`} className="label">
        Which service was at fault?
      </label>
      <input
        id={`${id}-service`}
        className="field"
        list={`${id}-services`}
        value={service}
        maxLength={200}
        onChange={(event) => setService(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onCancel()}
      />
      <datalist id={`${id}-services`}>
        {services.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <label htmlFor={`${id}-cause`} className="label">
        What about it?
      </label>
      <select id={`${id}-cause`} className="field" value={cause} onChange={(event) => setCause(event.target.value as Cause | "")}>
        <option value="">not known</option>
        {CAUSES.map((one) => (
          <option key={one} value={one}>
            {spoken(one)}
          </option>
        ))}
      </select>
      <div className="row">
        <button type="submit" className="button" disabled={busy || service.trim() === ""}>
          Save
        </button>
        <button type="button" className="linkButton" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function said(detail: IncidentDetail): string | null {
  if (detail.false_alarm) return "A person said that it was a false alarm.";
  const told = detail.cause_confirmed;
  if (told === null) return null;
  const what = told.service === null ? "none of the causes named" : told.cause === null ? told.service : `${told.service}, ${spoken(told.cause)}`;
  return `${who(told.by)} said what it was: ${what}.`;
}

interface AnswersProps {
  best: Hypothesis | null;
  disabled: boolean;
  onSay: (service: string | null, cause: Cause | null) => void;
  onAnother: () => void;
}

function Answers({ best, disabled, onSay, onAnother }: AnswersProps) {
  return (
    <div className={css.answers}>
      {best === null ? null : (
        <button type="button" className="button small" disabled={disabled} onClick={() => onSay(best.service, best.cause)}>
          Yes
        </button>
      )}
      <button type="button" className="button small" disabled={disabled} onClick={onAnother}>
        {best === null ? "Name it" : "Another"}
      </button>
      {best === null ? null : (
        <button type="button" className="button small" disabled={disabled} onClick={() => onSay(null, null)}>
          None of these
        </button>
      )}
    </div>
  );
}

/** A person says what it was; the accuracy of the agents is counted by it. */
export function CauseAnswer({ detail }: { detail: IncidentDetail }) {
  const { busy, obstacle, error, run } = useCommand(detail.summary.id);
  const [asking, setAsking] = useState<"no" | "answers" | "another">("no");
  const best = detail.diagnosis?.hypotheses[0] ?? null;
  const told = said(detail);
  if (detail.summary.state === "merged") return null;
  const say = async (service: string | null, cause: Cause | null) => {
    if (await run({ name: "cause", service, cause })) setAsking("no");
  };
  return (
    <div className={css.truth}>
      <h4>{best === null ? "What was the cause?" : `Was this the cause? ${best.title}`}</h4>
      {told === null ? null : (
        <p className="dim">
          {told}{" "}
          {asking === "no" ? (
            <button type="button" className="linkButton" onClick={() => setAsking("answers")}>
              Change
            </button>
          ) : null}
        </p>
      )}
      {asking === "another" ? (
        <Another
          services={servicesToName(detail)}
          busy={busy || obstacle !== null}
          onSubmit={(service, cause) => void say(service, cause)}
          onCancel={() => setAsking("no")}
        />
      ) : told === null || asking === "answers" ? (
        <Answers best={best} disabled={busy || obstacle !== null} onSay={(service, cause) => void say(service, cause)} onAnother={() => setAsking("another")} />
      ) : null}
      <Obstacle says={obstacle} />
      {error === null ? null : <p role="alert">{error}</p>}
    </div>
  );
}
