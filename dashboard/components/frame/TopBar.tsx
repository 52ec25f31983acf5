"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { clock } from "@/lib/format/time";
import { live, type ConnectionView } from "@/lib/live/client";
import { useClock } from "@/lib/live/hooks";
import type { Standing } from "@/lib/realtime/standing";
import { toggleTheme } from "@/lib/theme";
import { openHelp } from "./Help";
import css from "./frame.module.css";

const TONES: Readonly<Record<Standing, string | undefined>> = {
  live: css.good,
  silent: css.partly,
  catching_up: css.partly,
  connecting: css.partly,
  reconnecting: css.partly,
  polling: css.partly,
  stale: css.poor,
  offline: css.poor,
  refused: css.poor,
};

function Pill({ connection }: { connection: ConnectionView }) {
  return (
    <span className={css.pill}>
      <i className={TONES[connection.standing]} aria-hidden="true" />
      <span className="num">{connection.words}</span>
      {connection.standing === "refused" ? (
        <button type="button" className="linkButton" onClick={() => location.reload()}>
          Reload
        </button>
      ) : null}
      {connection.mayRetry ? (
        <button type="button" className="linkButton" onClick={() => live().retry()}>
          Retry now
        </button>
      ) : null}
    </span>
  );
}

function Clock() {
  const words = useClock((now) => clock(now));
  return <span className={`${css.clock} muted num`}>{words === null ? "" : `${words} UTC`}</span>;
}

/** The pages, and which of them this is; an incident belongs to operations. */
function Pages() {
  const isExecutive = usePathname().startsWith("/demo");
  return (
    <nav aria-label="Pages" className={css.nav}>
      <Link href="/ops/" prefetch={false} aria-current={isExecutive ? undefined : "page"}>
        Operations
      </Link>
      <Link href="/demo/" prefetch={false} aria-current={isExecutive ? "page" : undefined}>
        Executive
      </Link>
    </nav>
  );
}

/** Brand, place, environment, connection, theme and help. */
export function TopBar({ connection, isLab }: { connection: ConnectionView; isLab: boolean }) {
  return (
    <header className={css.top}>
      <Link href="/ops/" className={css.brand} prefetch={false} aria-label="Quell, to operations">
        que<b>ll</b>
      </Link>
      <Pages />
      {isLab ? (
        <span className={css.lab} title="What breaks here are services of the lab">
          Lab data
        </span>
      ) : null}
      <span className="spring" />
      <Pill connection={connection} />
      <Clock />
      <button type="button" className={css.icon} onClick={toggleTheme} aria-label="Turn dark or light" title="Turn dark or light (t)">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <circle cx="10" cy="10" r="6.5" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="M10 3.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
        </svg>
      </button>
      <button type="button" className={css.icon} onClick={openHelp} aria-label="Help and keys" title="Help and keys (?)">
        <span aria-hidden="true">?</span>
      </button>
    </header>
  );
}
