"use client";

import { useEffect } from "react";
import { clock } from "@/lib/format/time";
import { live, type ConnectionView } from "@/lib/live/client";
import css from "./frame.module.css";

const MARK = "Not live · ";

/** Say in the tab's title that the page is not live, whatever title the page sets meanwhile. */
function useMarkedTitle(stale: boolean): void {
  useEffect(() => {
    if (!stale) return;
    const mark = () => {
      if (!document.title.startsWith(MARK)) document.title = MARK + document.title;
    };
    mark();
    const observer = new MutationObserver(mark);
    observer.observe(document.head, { subtree: true, childList: true, characterData: true });
    return () => {
      observer.disconnect();
      document.title = document.title.replace(MARK, "");
    };
  }, [stale]);
}

function why({ standing, words }: ConnectionView): string {
  if (standing === "offline") return "This browser is offline.";
  return standing === "refused" ? `${words}.` : "Quell is not heard any more.";
}

/** Says across the page that nothing arrives any more and from when everything below is; null while the page is live. */
export function StaleBanner({ connection }: { connection: ConnectionView }) {
  const { stale, heardAt } = connection;
  useMarkedTitle(stale);
  if (!stale) return null;
  return (
    <div className={css.stale}>
      <p role="alert">
        <b>Not live.</b> {why(connection)}{" "}
        {heardAt === null ? "Nothing has been read yet." : `Everything below is as of ${clock(heardAt)} UTC and cannot be acted on.`}
      </p>
      <span className="spring" />
      {connection.mayRetry ? (
        <button type="button" className="button small" onClick={() => live().retry()}>
          Try again now
        </button>
      ) : null}
      {connection.standing === "refused" ? (
        <button type="button" className="button small" onClick={() => location.reload()}>
          Reload the page
        </button>
      ) : null}
    </div>
  );
}
