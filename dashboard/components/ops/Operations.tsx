"use client";

import { useRouter } from "next/navigation";
import { useCallback, useMemo, useState } from "react";
import { boardOf, readSeverities, type Board, type Show } from "@/lib/board/rows";
import { useKeys, type Keys } from "@/lib/keys";
import { useChannel, useLive } from "@/lib/live/hooks";
import { incidentHref, useParam } from "@/lib/url";
import { focusApproval } from "../findings/ApprovalCard";
import type { Option } from "../kit/Choice";
import { TabPanel, Tabs } from "../kit/Tabs";
import { AgentsTab } from "./AgentsTab";
import { Incidents } from "./Incidents";
import { Itself } from "./Itself";
import { Selected } from "./Selected";
import { Stream } from "./Stream";
import { Strip } from "./Strip";
import css from "./ops.module.css";

type Tab = "incidents" | "agents";

const TABS: readonly Option<Tab>[] = [
  { value: "incidents", label: "Incidents" },
  { value: "agents", label: "Agents" },
];

const NO_KEYS: Keys = {};

const NO_ROWS: Board = { open: [], ended: [] };

function useBoard(): Board {
  const incidents = useLive((state) => state.incidents);
  const [show] = useParam("show");
  const [severities] = useParam("severity");
  const [service] = useParam("service");
  return useMemo(() => {
    if (incidents === null) return NO_ROWS;
    const wanted: Show = show === "open" || show === "ended" ? show : "all";
    return boardOf(incidents, { show: wanted, severities: readSeverities(severities), service });
  }, [incidents, show, severities, service]);
}

/** The chosen row: at once for fast keys, and in the address for whoever the view is sent to. */
function useChosen(): [string | null, (id: string | null) => void] {
  const [param, setParam] = useParam("incident");
  const [latest, setLatest] = useState<string | null>(null);
  const choose = useCallback(
    (id: string | null) => {
      setLatest(id);
      setParam(id);
    },
    [setParam],
  );
  return [latest ?? param, choose];
}

/** The page of whoever is on call: what is open, what wants a person, what happens now. */
export function Operations() {
  const router = useRouter();
  const board = useBoard();
  const [param, setTab] = useParam("tab");
  const tab: Tab = param === "agents" ? "agents" : "incidents";
  const [chosen, choose] = useChosen();
  useChannel("agents");
  useChannel("health");
  useChannel("intake");
  useChannel("events");
  const rows = useMemo(() => [...board.open, ...board.ended], [board]);
  const selected = rows.find((row) => row.id === chosen) ?? rows[0] ?? null;
  const move = (by: number) => {
    const at = rows.findIndex((row) => row.id === selected?.id);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    choose(next.id);
    document.getElementById(`row-${next.id}`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys(tab === "agents" ? NO_KEYS : {
    j: () => move(1),
    k: () => move(-1),
    Enter: () => selected !== null && router.push(incidentHref(selected.id)),
    a: focusApproval,
    Escape: () => choose(null),
  });
  return (
    <div className={tab === "agents" ? css.whole : css.page}>
      <h1 className="unseen">Operations</h1>
      <Strip />
      <div className={css.tabs}>
        <Tabs label="What to show" id="ops" options={TABS} value={tab} onChange={(value) => setTab(value === "incidents" ? null : value)} />
      </div>
      <TabPanel id="ops" value={tab} className={tab === "agents" ? undefined : css.wall}>
        {tab === "agents" ? (
          <AgentsTab />
        ) : (
          <>
            <Incidents board={board} selectedId={selected?.id ?? null} choose={choose} />
            <Selected row={selected} />
            <Stream />
            <Itself />
          </>
        )}
      </TabPanel>
    </div>
  );
}
