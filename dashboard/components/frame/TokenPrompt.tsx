"use client";

import { useEffect, useRef, useState, useSyncExternalStore, type SyntheticEvent } from "react";
import { onToken, setToken, token, tokenWanted } from "@/lib/api/token";
import { live } from "@/lib/live/client";
import css from "./frame.module.css";

/** Asks for the access token when the server refuses what we have. */
export function TokenPrompt() {
  const wanted = useSyncExternalStore(onToken, tokenWanted, () => false);
  const [text, setText] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (wanted && dialog.current?.open === false) dialog.current.showModal();
    if (!wanted) dialog.current?.close();
  }, [wanted]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    setToken(text.trim());
    setText("");
    live().retry();
  };
  return (
    <dialog ref={dialog} className={css.dialog} aria-labelledby="token-title">
      <form onSubmit={submit}>
        <h2 id="token-title">This Quell asks for a token</h2>
        <p className="dim">
          {wanted && token() !== null ? "The token you gave was refused. " : ""}
          It is the value of QUELL_TOKEN on the server, and is kept in this tab only.
        </p>
        <label className={css.check}>
          <span>Token</span>
          <input
            className="field"
            type="password"
            autoComplete="off"
            pattern="[ -~]+"
            title="Letters, digits and signs of ASCII"
            required
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <div className="row">
          <span className="spring" />
          <button type="submit" className="button primary">
            Go on
          </button>
        </div>
      </form>
    </dialog>
  );
}
