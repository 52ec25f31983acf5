"use client";

import { useState } from "react";
import { command, readIncident, type Command } from "@/lib/api/incidents";
import { ApiError } from "@/lib/api/request";
import { live } from "@/lib/live/client";
import { useConnection } from "@/lib/live/hooks";
import { DETAIL_PREFIX } from "@/lib/live/fold";

export interface Commanding {
  busy: boolean;
  /** Why nothing can be sent now, as a sentence; null when it can. */
  obstacle: string | null;
  /** Why the last command did not happen, in words. */
  error: string | null;
  /** The last command, when the incident did not allow it. */
  refused: Command | null;
  /** Do it; true when it happened. */
  run: (what: Command) => Promise<boolean>;
  clear: () => void;
}

/** Send commands about an incident; on a conflict the incident is read again, so that what is shown is what is. */
export function useCommand(id: string): Commanding {
  const { obstacle } = useConnection();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [refused, setRefused] = useState<Command | null>(null);
  const clear = () => {
    setError(null);
    setRefused(null);
  };
  const run = async (what: Command) => {
    if (obstacle !== null) {
      setError(`Nothing was sent. ${obstacle}`);
      return false;
    }
    setBusy(true);
    clear();
    try {
      live().put({ kind: "event", channel: "incidents", data: await command(id, what) });
      return true;
    } catch (caught) {
      setError(failureWords(caught));
      if (caught instanceof ApiError && caught.status === 409) {
        setRefused(what);
        await readAgain(id);
      }
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, obstacle, error, refused, run, clear };
}

/** A request without an answer may have been carried out all the same. */
function failureWords(caught: unknown): string {
  const words = caught instanceof Error ? caught.message : String(caught);
  return caught instanceof ApiError && caught.status === 0
    ? `${words}. It is not known whether this was done: look at the incident once the page is live before you try again.`
    : words;
}

async function readAgain(id: string): Promise<void> {
  try {
    live().put({ kind: "read", channel: DETAIL_PREFIX + id, data: await readIncident(id) });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
