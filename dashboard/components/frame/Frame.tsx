"use client";

import { useEffect, type ReactNode } from "react";
import { lab, serverInfo, topology, useResource } from "@/lib/api/resource";
import { live } from "@/lib/live/client";
import { useChannel, useConnection } from "@/lib/live/hooks";
import { Announcer } from "./Announcer";
import { Help, openHelp } from "./Help";
import { StaleBanner } from "./StaleBanner";
import { TokenPrompt } from "./TokenPrompt";
import { TopBar } from "./TopBar";
import { useKeys } from "@/lib/keys";
import { toggleTheme } from "@/lib/theme";
import css from "./frame.module.css";

/** What stands around every page: bar, connection, keys, and the prompt for a token. */
export function Frame({ children }: { children: ReactNode }) {
  const server = useResource(serverInfo);
  const connection = useConnection();
  useChannel("incidents");
  useEffect(() => live().start(), []);
  useEffect(() => {
    if (connection.standing !== "live") return;
    for (const resource of [serverInfo, lab, topology]) if (resource.read().error !== null) void resource.load();
  }, [connection.standing]);
  useKeys({ "?": openHelp, t: toggleTheme });
  const isLab = server.value?.environment === "lab";
  return (
    <div className={css.app} data-stale={connection.stale}>
      <a className={css.skip} href="#main">
        Skip to content
      </a>
      <div className={css.above}>
        <TopBar connection={connection} isLab={isLab} />
        <StaleBanner connection={connection} />
      </div>
      {isLab ? <div className={css.band} aria-hidden="true" /> : null}
      <main id="main" className={css.main} tabIndex={-1}>
        {children}
      </main>
      <Announcer connection={connection} />
      <Help version={server.value?.version ?? null} />
      <TokenPrompt />
    </div>
  );
}
