import type { ReactNode } from "react";
import { count, counted, percent } from "@/lib/format/number";
import type { Outcomes } from "@/lib/outcomes/data";
import type { Estimate, Figure, Report, Savings } from "@/lib/outcomes/types";
import { figureOf, windowWords } from "@/lib/outcomes/view";
import {
  amount,
  CONFIDENCE,
  FAILED,
  intervalWords,
  savedWords,
  span,
} from "@/lib/outcomes/words";
import { Failed } from "../kit/Notice";
import { WaitingTile } from "./ExecutiveSkeleton";
import type { Topic } from "./MethodDrawer";
import { RangeBar } from "./RangeBar";
import { SplitBar, splitWords } from "./SplitBar";
import { TrendWord } from "./TrendWord";
import css from "./outcomes.module.css";

const NOTHING_TRIED = "Quell tried to mend nothing in this window";

interface TileProps {
  title: string;
  value: string;
  unit?: string;
  bar: ReactNode;
  words: string;
  foot: ReactNode;
  open: () => void;
}

/** One figure; the whole tile opens its method. */
function Tile({ title, value, unit, bar, words, foot, open }: TileProps) {
  return (
    <section className={`${css.tile} panel live`}>
      <h2 className={css.tileTitle}>
        <button type="button" className={css.tileOpen} aria-haspopup="dialog" onClick={open}>
          {title}
        </button>
        <span className={css.how} aria-hidden="true">
          how
        </span>
      </h2>
      <p className={`${css.tileValue} num`}>
        {value}
        {unit === undefined ? null : <small>{unit}</small>}
      </p>
      {bar}
      <p className={`${css.tileWords} num dim`}>{words}</p>
      <p className={`${css.tileFoot} num`}>{foot}</p>
    </section>
  );
}

const basis = (estimate: Estimate, of: string) =>
  `${counted(estimate.n, of)}${estimate.open > 0 ? ` · ${count(estimate.open)} open` : ""}`;

function said(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== "").join(" · ");
}

function RestoreTile({ figure, outcomes, open }: { figure: Figure; outcomes: Outcomes; open: () => void }) {
  const { estimate } = figure;
  const found = estimate.value === null ? null : span(estimate.value);
  const words = said([intervalWords(estimate), basis(estimate, "incident"), estimate.value === null ? estimate.says : ""]);
  const decision = outcomes.trend.value?.decision;
  return (
    <Tile
      title={figure.title}
      value={found?.number ?? "Not known"}
      {...(found === null ? {} : { unit: found.unit })}
      bar={<RangeBar estimate={estimate} words={words} />}
      words={words}
      foot={decision === undefined ? <span className="muted">Trend not known</span> : <TrendWord decision={decision} />}
      open={open}
    />
  );
}

function ShareTile({ figure, foot, none, scale, open }: { figure: Figure; foot: ReactNode; none: string; scale: "percent" | "score"; open: () => void }) {
  const { estimate, k } = figure;
  const { value } = estimate;
  const tally = estimate.n === 0 || k === null ? null : `${count(k)} of ${count(estimate.n)}`;
  const words = said([tally, intervalWords(estimate), value === null && estimate.n > 0 ? estimate.says : ""]);
  const number = value === null ? null : scale === "score" ? value.toFixed(2) : percent(value).replace(" %", "");
  return (
    <Tile
      title={figure.title}
      value={number ?? (estimate.n === 0 ? none : "Too few")}
      {...(number === null ? {} : { unit: scale === "score" ? "of 1" : "%" })}
      bar={<RangeBar estimate={estimate} words={words} />}
      words={estimate.n === 0 ? NOTHING_TRIED : words}
      foot={foot}
      open={open}
    />
  );
}

function VerifiedFoot({ figure, undecided }: { figure: Figure; undecided: number }) {
  return (
    <>
      <b className={css.flat}>{CONFIDENCE[figure.confidence]}</b>{" "}
      {undecided > 0 ? <span className="muted">{count(undecided)} not known, counted as not</span> : null}
    </>
  );
}

function CleanFoot({ report, n }: { report: Report; n: number }) {
  const worst = Object.entries(report.clean_failed).reduce<[string, number]>((most, part) => (part[1] > most[1] ? part : most), ["", 0]);
  if (n === 0) return <b className={css.flat}>Nothing to judge</b>;
  return (
    <>
      <b className={css.flat}>{worst[1] === 0 ? "No part failed" : "Worst part"}</b>{" "}
      {worst[1] === 0 ? null : (
        <span className="muted">
          {count(worst[1])} {FAILED[worst[0]] ?? worst[0]}
        </span>
      )}
    </>
  );
}

function SavedFoot({ savings }: { savings: Savings }) {
  const { p_positive: p, claimed, money, minutes, cost, currency } = savings;
  if (p === null) return <b className={css.flat}>No saving is claimed</b>;
  const lost = p <= 0.01;
  const what = money !== null && cost > 0 ? `after ${amount(cost, currency)} of cost` : money === null && minutes !== null ? "minutes and no money" : "";
  return (
    <>
      <b className={claimed ? css.good : lost ? css.poor : css.flat}>{percent(p)} likely above zero</b> <span className="muted">{what}</span>
    </>
  );
}

function SavedTile({ outcomes, report, open }: { outcomes: Outcomes; report: Report; open: () => void }) {
  const title = report.window_days === 0 ? "Saved, in all" : `Saved, ${windowWords(report.window_days).replace("in the ", "")}`;
  const { value, error } = outcomes.savings;
  if (value === null && error !== null) {
    return (
      <section className={`${css.tile} panel`}>
        <h2 className={css.tileTitle}>{title}</h2>
        <Failed words={error} retry={outcomes.reload} />
      </section>
    );
  }
  if (value === null) return <WaitingTile title={title} />;
  const { savings } = value;
  const range = savedWords(savings);
  return (
    <Tile
      title={title}
      value={range ?? "Not known"}
      {...(range === null ? {} : { unit: "80 %" })}
      bar={<SplitBar split={savings.split} />}
      words={splitWords(savings.split) ?? savings.says[0] ?? ""}
      foot={<SavedFoot savings={savings} />}
      open={open}
    />
  );
}

/** The four figures. */
export function Tiles({ outcomes, report, open }: { outcomes: Outcomes; report: Report; open: (topic: Topic) => void }) {
  const restore = figureOf(report, "time_to_restore");
  const verified = figureOf(report, "verified_success");
  const clean = figureOf(report, "clean_runs");
  return (
    <div className={css.tiles}>
      {restore === null ? null : <RestoreTile figure={restore} outcomes={outcomes} open={() => open("restore")} />}
      {verified === null ? null : (
        <ShareTile
          figure={verified}
          scale="percent"
          none="No attempts"
          foot={<VerifiedFoot figure={verified} undecided={report.counts.undecided} />}
          open={() => open("verified")}
        />
      )}
      <SavedTile outcomes={outcomes} report={report} open={() => open("savings")} />
      {clean === null ? null : (
        <ShareTile
          figure={clean}
          scale="score"
          none="No runs"
          foot={<CleanFoot report={report} n={clean.estimate.n} />}
          open={() => open("clean")}
        />
      )}
    </div>
  );
}
