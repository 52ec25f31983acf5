import type { ActionView } from "@/lib/api/types";
import { spoken } from "@/lib/board/words";
import { between, clock, duration } from "@/lib/format/time";
import { Fold } from "../kit/Fold";
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

function One({ action }: { action: ActionView }) {
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
    </li>
  );
}

/** What was done, and whether it helped. */
export function Actions({ actions }: { actions: readonly ActionView[] }) {
  if (actions.length === 0) return null;
  return (
    <section>
      <h3>Actions</h3>
      <ol className={css.actions}>
        {actions.map((action) => (
          <One key={action.plan_id + action.started_at} action={action} />
        ))}
      </ol>
    </section>
  );
}
