"use client";

import { useState } from "react";
import type { ActionView, IncidentDetail } from "@/lib/api/types";
import { spoken } from "@/lib/board/words";
import { between, clock, duration } from "@/lib/format/time";
import { Reason } from "../findings/Reason";
import { useCommand } from "../findings/useCommand";
import { Fold } from "../kit/Fold";
import { Obstacle } from "../kit/Obstacle";
import css from "./incident.module.css";

const VERDICT_TONES: Readonly<Record<string, string | undefined>> = {
  recovered: css.goodText,
  in_part: css.goodText,
  not_recovered: css.badText,
  worse: css.badText,
};
const STATE_WORDS: Readonly<Record<string, string>> = {
  running: "is running",
  done: "done",
  broke: "did not complete",
  undone: "taken back",
  undo_failed: "could not be taken back: a person must look",
};

/** Offers to undo an action, after asking with the service and what undoing does; says why where it cannot be undone. */
function TakeBack({ action, detail }: { action: ActionView; detail: IncidentDetail }) {
  const { busy, obstacle, error, run, clear } = useCommand(detail.summary.id);
  const [asking, setAsking] = useState(false);
  const says = action.take_back_says;
  const plan = detail.plan?.id === action.plan_id ? detail.plan : null;
  const cancel = () => {
    setAsking(false);
    clear();
  };
  const takeBack = async (reason: string) => {
    if (await run({ name: "take_back", plan_id: action.plan_id, reason })) setAsking(false);
  };
  if (!action.can_take_back) return says === "" ? null : <p className="muted">{says}</p>;
  if (!asking) {
    return (
      <p className={css.takeBack}>
        <button type="button" className="button small" disabled={busy || obstacle !== null} onClick={() => setAsking(true)}>
          Take it back
        </button>{" "}
        {obstacle === null ? <span className="muted">{says}</span> : <Obstacle says={obstacle} />}
      </p>
    );
  }
  return (
    <div className={css.confirm}>
      <p>
        <b>
          Take back {spoken(action.action)} on {action.target}?
        </b>{" "}
        {plan === null ? says : plan.undo}
      </p>
      <Reason
        label="Why is it taken back?"
        action={`Take it back on ${action.target}`}
        busy={busy}
        obstacle={obstacle}
        onCancel={cancel}
        onSubmit={(reason) => void takeBack(reason)}
      />
      {error === null ? null : <p role="alert">{error}</p>}
    </div>
  );
}

function One({ action, detail }: { action: ActionView; detail: IncidentDetail }) {
  const poor = action.state === "broke" || action.state === "undo_failed";
  return (
    <li>
      <p>
        <time className="muted">{clock(action.started_at)}</time> <b>{spoken(action.action)}</b> {action.target}:{" "}
        <span className={poor ? css.badText : "dim"}>{STATE_WORDS[action.state] ?? spoken(action.state)}</span>
        {action.ended_at === null ? "" : <span className="muted num"> in {duration(between(action.started_at, action.ended_at))}</span>}
      </p>
      {action.verdict === null ? null : (
        <p>
          Verdict: <span className={VERDICT_TONES[action.verdict] ?? "dim"}>{spoken(action.verdict)}</span>
        </p>
      )}
      {action.output === "" ? null : (
        <Fold summary="What it said">
          <pre className={css.output}>{action.output}</pre>
        </Fold>
      )}
      <TakeBack action={action} detail={detail} />
    </li>
  );
}

/** What was done, whether it helped, and whether it can be taken back. */
export function Actions({ detail }: { detail: IncidentDetail }) {
  if (detail.actions.length === 0) return null;
  return (
    <section>
      <h3>Actions</h3>
      <ol className={css.actions}>
        {detail.actions.map((action) => (
          <One key={action.plan_id + action.started_at} action={action} detail={detail} />
        ))}
      </ol>
    </section>
  );
}
