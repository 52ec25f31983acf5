"use client";

import { useMemo, useState, type ReactNode } from "react";
import { serverInfo, useResource } from "@/lib/api/resource";
import { clock } from "@/lib/format/time";
import { useChannel } from "@/lib/live/hooks";
import { reportOf, useFresh, useOutcomes, type Outcomes } from "@/lib/outcomes/data";
import type { Origin, Report } from "@/lib/outcomes/types";
import { kindToShow, readDay, readKind, readWindow, windowWords, type Window } from "@/lib/outcomes/view";
import { kindCounted } from "@/lib/outcomes/words";
import { useParam } from "@/lib/url";
import { Empty, Failed } from "../kit/Notice";
import { Controls } from "./Controls";
import { CountsLine } from "./CountsLine";
import { Deeds } from "./Deeds";
import { MethodDrawer, type Topic } from "./MethodDrawer";
import { Strata } from "./Strata";
import { Tiles } from "./Tiles";
import { TrendPanel } from "./TrendPanel";
import { WaitingBody } from "./ExecutiveSkeleton";
import css from "./outcomes.module.css";

interface Shown {
  kind: Origin | null;
  /** It was not asked for: there is nothing real to show. */
  fellBack: boolean;
}

/** Real incidents, unless the address says otherwise or there is nothing here but a lab. */
function useKind(): Shown {
  const asked = readKind(useParam("kind")[0]);
  const server = useResource(serverInfo);
  const isLab = server.value === null ? (server.error === null ? null : false) : server.value.environment === "lab";
  const wanted = asked === null && isLab === true;
  const all = useFresh(useMemo(() => (wanted ? reportOf("real", "all") : null), [wanted]));
  const counts = all.value?.counts;
  const seen = counts === undefined ? (all.error === null ? null : 0) : counts.handled + counts.open;
  const kind = kindToShow(asked, isLab, seen);
  return { kind, fellBack: asked === null && kind === "drill" };
}

const isEmpty = (report: Report) => report.counts.handled + report.counts.open + report.counts.prevented === 0;

/** The page of whoever answers for incidents: how they go, whether it gets better, and what that rests on. */
export function Executive() {
  const { kind, fellBack } = useKind();
  const [asked, setWindow] = useParam("window");
  const window = readWindow(asked);
  const until = readDay(useParam("until")[0]);
  const outcomes = useOutcomes(kind, window, until);
  const { report } = outcomes;
  useChannel("metrics");
  return (
    <div className={css.page} aria-busy={report.value === null && report.error === null}>
      <h1 className="unseen">Executive</h1>
      <Controls kind={kind} window={window} report={report.value} />
      {kind === "drill" ? <LabNote fellBack={fellBack} /> : null}
      {report.error === null ? null : <Failed words={report.error} retry={outcomes.reload} />}
      {kind === null || report.value === null ? (
        report.error === null ? <WaitingBody /> : null
      ) : isEmpty(report.value) ? (
        <NoIncidents report={report.value} showAll={() => setWindow("all")} />
      ) : (
        <Body outcomes={outcomes} report={report.value} kind={kind} window={window} />
      )}
    </div>
  );
}

function LabNote({ fellBack }: { fellBack: boolean }) {
  return (
    <p className={css.labNote}>
      <span className={css.labBadge}>Lab data</span>
      {fellBack ? "There are no real incidents yet, so this shows drills. " : "This shows drills. "}
      They are never counted with real incidents.
    </p>
  );
}

function Sentence({ report }: { report: Report }) {
  return (
    <p className={`${css.lead} live`}>
      {report.sentence.parts.map((part, index) => (part.strong ? <b key={index}>{part.text}</b> : <span key={index}>{part.text}</span>))}
    </p>
  );
}

function Body({ outcomes, report, kind, window }: { outcomes: Outcomes; report: Report; kind: Origin; window: Window }) {
  const [topic, setTopic] = useState<Topic | null>(null);
  return (
    <>
      <Sentence report={report} />
      <Tiles outcomes={outcomes} report={report} open={setTopic} />
      <CountsLine report={report} />
      <TrendPanel trend={outcomes.trend} kind={kind} retry={outcomes.reload} />
      <Deeds trend={outcomes.trend} />
      <Strata kind={kind} window={window} />
      {topic === null ? null : (
        <MethodDrawer topic={topic} outcomes={outcomes} report={report} kind={kind} close={() => setTopic(null)} />
      )}
    </>
  );
}

function NoIncidents({ report, showAll }: { report: Report; showAll: () => void }) {
  const others = (Object.entries(report.others) as [Origin, number][]).filter(([, n]) => n > 0);
  return (
    <>
      <Sentence report={report} />
      <section className="panel">
        <Empty title={report.window_days === 0 ? "No incidents yet" : `No incidents ${windowWords(report.window_days)}`}>
          <Next report={report} showAll={showAll} />
          {others.length === 0 ? null : (
            <p>Of other kinds in this window: {others.map(([other, n]) => kindCounted(other, n)).join(", ")}.</p>
          )}
          <p className="muted num">as of {clock(report.as_of)} UTC</p>
        </Empty>
      </section>
    </>
  );
}

function Next({ report, showAll }: { report: Report; showAll: () => void }): ReactNode {
  if (report.origin !== "real") return <p>{report.origin === "drill" ? "A drill counts once it has begun." : "None is planned or past."}</p>;
  return (
    <>
      <p>
        Import your history, and this page shows it at once: <code className="mono">quell import incidents FILE.csv</code>
      </p>
      {report.window_days === 0 ? null : (
        <button type="button" className="button small" onClick={showAll}>
          Look at all that is known
        </button>
      )}
    </>
  );
}
