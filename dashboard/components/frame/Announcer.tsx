"use client";

import { useEffect, useRef, useState } from "react";
import { totalsOf } from "@/lib/board/rows";
import { counted } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import type { ConnectionView } from "@/lib/live/client";
import { live } from "@/lib/live/client";

const EVERY_MS = 10_000;

function summary({ stale, heardAt }: ConnectionView): string {
  const incidents = live().store.getState().incidents;
  if (incidents === null) return "";
  const { open, wanted } = totalsOf(incidents);
  const persons = wanted === 0 ? "no person wanted" : `${wanted} ${wanted === 1 ? "wants" : "want"} a person`;
  const words = `${counted(open, "open incident")}, ${persons}`;
  return stale ? `Not live. Last known${heardAt === null ? "" : `, at ${clock(heardAt)} UTC`}: ${words}` : words;
}

/** Tells screen readers where things stand, at most every ten seconds and only when it changed. */
export function Announcer({ connection }: { connection: ConnectionView }) {
  const [words, setWords] = useState("");
  const latest = useRef(connection);
  useEffect(() => {
    latest.current = connection;
  }, [connection]);
  useEffect(() => {
    const timer = setInterval(() => setWords(summary(latest.current)), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="unseen" role="status" aria-live="polite">
      {words}
    </p>
  );
}
