"use client";

import { useEffect, useState } from "react";
import { newKey, post } from "@/lib/api/request";
import { lab, useResource } from "@/lib/api/resource";
import { useConnection } from "@/lib/live/hooks";
import css from "./ops.module.css";

const FOLLOW_MS = 4_000;
const SAID_MS = 20_000;

/** Starts the next drill; only there when the server says that a lab runs. */
export function StartDrill() {
  const { value } = useResource(lab);
  const { obstacle } = useConnection();
  const [says, setSays] = useState("");
  const [busy, setBusy] = useState(false);
  const running = value?.drill != null;
  useEffect(() => {
    if (!running && says === "") return;
    const timer = setInterval(() => void lab.load(), FOLLOW_MS);
    return () => clearInterval(timer);
  }, [running, says]);
  useEffect(() => {
    const timer = setTimeout(() => setSays(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [says]);
  if (value?.drills_available !== true) return null;
  const start = async () => {
    setBusy(true);
    try {
      await post<unknown>("/api/v1/lab/drills", {}, newKey());
      setSays("A service of the lab is being broken. Its alerts come in by themselves.");
      await lab.load();
    } catch (error) {
      setSays(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={css.drill}>
      <span className="dim" role="status">
        {obstacle ?? says}
      </span>
      <button type="button" className="button" disabled={busy || running || obstacle !== null} onClick={() => void start()}>
        {running ? "A drill runs" : "Start a drill"}
      </button>
    </div>
  );
}
