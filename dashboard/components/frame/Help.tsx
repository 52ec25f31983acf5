"use client";

import { setKeysOff, useKeysOff } from "@/lib/keys";
import css from "./frame.module.css";

const KEYS: readonly (readonly [string, string])[] = [
  ["j  k", "next, previous incident"],
  ["Enter", "open the incident"],
  ["a", "go to the approval (never approves)"],
  ["p", "pause or resume the event stream"],
  ["t", "dark or light"],
  ["?", "this help"],
  ["Esc", "close, or back to the list"],
];

const DIALOG_ID = "help";

function dialog(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>(`#${DIALOG_ID}`);
}

export function openHelp(): void {
  dialog()?.showModal();
}

/** The keys, what the signs mean, and how to turn single keys off. */
export function Help({ version }: { version: string | null }) {
  const off = useKeysOff();
  return (
    <dialog id={DIALOG_ID} className={css.dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl className={css.keys}>
        {KEYS.map(([key, words]) => (
          <div key={key}>
            <dt className="mono">{key}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <label className={css.check}>
        <input type="checkbox" checked={!off} onChange={(event) => setKeysOff(!event.target.checked)} />
        Single keys are on
      </label>
      <h2>Signs</h2>
      <p className="dim">
        Yellow means that a person is wanted, and nothing else. A phase is solid when completed, striped while it runs,
        crossed when it failed, hollow when the agent abstained. All times are UTC, by the server&rsquo;s clock.
      </p>
      <div className="row">
        <span className="muted">{version === null ? "Quell" : `Quell ${version}`}</span>
        <span className="spring" />
        <button type="button" className="button" onClick={() => dialog()?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
