"use client";

import { useEffect, useRef, useState } from "react";
import { totalsOf } from "@/lib/board/rows";
import { counted } from "@/lib/format/number";
import type { ConnectionView } from "@/lib/live/client";
import { live } from "@/lib/live/client";

const EVERY_MS = 10_000;

function summary(stale: boolean): string {
  const incidents = live().store.getState().incidents;
  if (incidents === null) return "";
  const { open, wanted } = totalsOf(incidents);
  const persons = wanted === 0 ? "no person wanted" : `${wanted} ${wanted === 1 ? "wants" : "want"} a person`;
  return `${counted(open, "open incident")}, ${persons}${stale ? ". What is shown is stale" : ""}`;
}

/** Tells screen readers where things stand, at most every ten seconds and only when it changed. */
export function Announcer({ connection }: { connection: ConnectionView }) {
  const [words, setWords] = useState("");
  const stale = useRef(connection.stale);
  useEffect(() => {
    stale.current = connection.stale;
  }, [connection.stale]);
  useEffect(() => {
    const timer = setInterval(() => setWords(summary(stale.current)), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="unseen" role="status" aria-live="polite">
      {words}
    </p>
  );
}
