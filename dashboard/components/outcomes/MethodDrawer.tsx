"use client";

import { useEffect, useRef, useState } from "react";
import { useResource } from "@/lib/api/resource";
import { count, counted } from "@/lib/format/number";
import { moment } from "@/lib/format/time";
import type { Price } from "@/lib/outcomes/price";
import { definitionsKept, exportHref, type Outcomes } from "@/lib/outcomes/data";
import type { Definition, Figure, Origin, Report } from "@/lib/outcomes/types";
import { figureOf } from "@/lib/outcomes/view";
import { CONFIDENCE, FAILED, intervalWords, KIND, kindCounted, valueWords } from "@/lib/outcomes/words";
import { Bars, Failed } from "../kit/Notice";
import { AssumptionsPart } from "./AssumptionsPart";
import { CsvLink } from "./CsvLink";
import { Part } from "./Part";
import { QualityPart } from "./QualityPart";
import { SavingsPart } from "./SavingsPart";
import { TrendWord } from "./TrendWord";
import css from "./outcomes.module.css";

export type Topic = "restore" | "verified" | "savings" | "clean";

interface Content {
  title: string;
  /** Keys of figures that are shown, the one of the tile first. */
  figures: readonly string[];
  /** Keys of definitions that are shown besides that of the first figure and its method. */
  texts: readonly string[];
  assumes: boolean;
}

const CONTENT: Readonly<Record<Topic, Content>> = {
  restore: {
    title: "Typical time to restore",
    figures: ["time_to_restore", "geometric_mean", "capped_mean", "percentile_90", "time_to_detect", "time_to_acknowledge", "time_to_close", "mtbf"],
    texts: ["time_to_restore", "trend", "confidence_word"],
    assumes: false,
  },
  verified: { title: "Verified fixes", figures: ["verified_success", "spend_per_recovery"], texts: ["verified_success", "confidence_word"], assumes: false },
  savings: { title: "Savings", figures: [], texts: ["savings"], assumes: true },
  clean: { title: "Clean runs", figures: ["clean_runs"], texts: ["clean_runs"], assumes: true },
};

interface DrawerProps {
  topic: Topic;
  outcomes: Outcomes;
  report: Report;
  kind: Origin;
  close: () => void;
}

/** How a figure comes about, what it rests on, and what it leaves out. */
export function MethodDrawer({ topic, outcomes, report, kind, close }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const [price, setPrice] = useState<Price | null>(null);
  const content = CONTENT[topic];
  const figures = content.figures.map((key) => figureOf(report, key)).filter((figure) => figure !== null);
  return (
    <dialog ref={dialog} className={css.drawer} aria-labelledby="method-title" onClose={close}>
      <header className={css.drawerHead}>
        <h2 id="method-title">{content.title}</h2>
        <span className="spring" />
        <CsvLink href={exportHref(kind)} />
        <button type="button" className="button small" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <div className={css.drawerBody}>
        {topic === "savings" ? <SavingsPart savings={outcomes.savings} retry={outcomes.reload} take={setPrice} /> : null}
        {figures.length === 0 ? null : <Figures figures={figures} />}
        {topic === "restore" ? <TrendPart outcomes={outcomes} /> : null}
        {topic === "verified" ? <AttemptsPart report={report} /> : null}
        {topic === "clean" ? <FailedPart report={report} /> : null}
        <Texts keys={[...content.texts, ...methodsOf(figures)]} />
        <WindowPart report={report} />
        <ExcludedPart report={report} />
        <QualityPart quality={report.quality} />
        {content.assumes ? <AssumptionsPart price={price} saved={outcomes.reload} /> : <Part title="Assumptions">None: it is computed from the records alone.</Part>}
      </div>
    </dialog>
  );
}

const methodsOf = (figures: readonly Figure[]) => [...new Set(figures.slice(0, 1).map((figure) => figure.estimate.method))];

function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <Part title="Figures">
      <dl className={css.figures}>
        {figures.map(({ key, title, estimate, confidence, k }) => (
          <div key={key}>
            <dt>{title}</dt>
            <dd className="num">
              <b>{valueWords(estimate) ?? "not known"}</b> <span className="dim">{intervalWords(estimate) ?? ""}</span>
              <span className="muted">
                {" "}
                {k === null ? `n ${count(estimate.n)}` : `${count(k)} of ${count(estimate.n)}`}
                {estimate.open > 0 ? `, ${count(estimate.open)} open` : ""} · {CONFIDENCE[confidence].toLowerCase()}
                {estimate.says === "" ? "" : ` · ${estimate.says}`}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

function TrendPart({ outcomes }: { outcomes: Outcomes }) {
  const trend = outcomes.trend.value;
  if (trend === null) return null;
  const { decision } = trend;
  return (
    <Part title="Is it getting better?">
      <p className="num">
        <TrendWord decision={decision} />
      </p>
      <p className="dim num">
        Decided {moment(trend.decided_at)}: {count(decision.n_before)} resolved in the 28 days before
        {decision.open_before > 0 ? ` (${count(decision.open_before)} open)` : ""}, {count(decision.n_after)} in the 28 days up to it
        {decision.open_after > 0 ? ` (${count(decision.open_after)} open)` : ""}
        {decision.p === null ? "" : `, p = ${Number(decision.p.toPrecision(2))}`}.{decision.says === "" ? "" : ` ${decision.says}.`}
      </p>
    </Part>
  );
}

function AttemptsPart({ report: { counts } }: { report: Report }) {
  return (
    <Part title="Attempts">
      <p className="num">
        {counted(counts.attempts, "attempt")}, {count(counts.verified)} verified, {count(counts.undecided)} not known. What is not known counts as
        an attempt and not as verified.
        {counts.held_out > 0 ? ` ${count(counts.held_out)} held out by lot: there Quell only recommended.` : ""}
      </p>
    </Part>
  );
}

function FailedPart({ report }: { report: Report }) {
  const parts = Object.entries(report.clean_failed);
  return (
    <Part title="What failed">
      <ul className={css.plainList}>
        {parts.map(([part, n]) => (
          <li key={part} className="num">
            <b>{count(n)}</b> {FAILED[part] ?? part}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Text({ definition }: { definition: Definition }) {
  return (
    <div className={css.definition}>
      <h4>{definition.title}</h4>
      <p>{definition.formula}</p>
      <p className="dim">
        <b>Reads</b> {definition.reads}
      </p>
      <p className="dim">
        <b>Says nothing when</b> {definition.says_nothing_when}
      </p>
      {definition.sources.length === 0 ? null : <p className="muted">{definition.sources.join(". ")}</p>}
    </div>
  );
}

function Texts({ keys }: { keys: readonly string[] }) {
  const { value, error } = useResource(definitionsKept);
  const found = keys.map((key) => value?.items.find((one) => one.key === key)).filter((one) => one !== undefined);
  return (
    <Part title="How it is computed">
      {value === null ? error === null ? <Bars lines={4} /> : <Failed words={error} retry={() => void definitionsKept.load()} /> : null}
      {found.map((definition) => (
        <Text key={definition.key} definition={definition} />
      ))}
    </Part>
  );
}

function WindowPart({ report }: { report: Report }) {
  const since = report.start === null ? "All that is known" : moment(report.start);
  return (
    <Part title="Window">
      <p className="num">
        {KIND[report.origin]}: {since}
        {report.start === null ? ", as of" : " to"} {moment(report.as_of)}.{" "}
        {report.exact ? "Computed from every incident." : "Computed from the sketches of days, within the error that each figure states."}
      </p>
    </Part>
  );
}

function ExcludedPart({ report }: { report: Report }) {
  const others = (Object.entries(report.others) as [Origin, number][]).filter(([, n]) => n > 0);
  const none = report.excluded.length === 0 && others.length === 0;
  return (
    <Part title="Left out">
      {none ? <p>Nothing.</p> : null}
      <ul className={css.plainList}>
        {report.excluded.map(({ why, n }) => (
          <li key={why} className="num">
            <b>{count(n)}</b> {why}
          </li>
        ))}
        {others.map(([kind, n]) => (
          <li key={kind} className="num">
            {kindCounted(kind, n)}, counted apart
          </li>
        ))}
      </ul>
    </Part>
  );
}
