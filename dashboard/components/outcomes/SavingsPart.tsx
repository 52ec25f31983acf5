"use client";

import { useMemo, useState } from "react";
import type { Loaded } from "@/lib/api/resource";
import { count, counted, percent } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import { money } from "@/lib/outcomes/money";
import { moved, STEPS, stepOf, type Price } from "@/lib/outcomes/price";
import type { Range, Savings, SavingsReport } from "@/lib/outcomes/types";
import { amount, amountRange, given, savedWords, spanBetween, spanWords } from "@/lib/outcomes/words";
import { Bars, Failed } from "../kit/Notice";
import { Part } from "./Part";
import { SplitBar, splitWords } from "./SplitBar";
import css from "./outcomes.module.css";

/** Where the sliders stand before anybody has said what a minute costs; nothing is computed from it. */
const REST: Price = { low: 10, high: 1_000 };

interface SavingsProps {
  savings: Loaded<SavingsReport>;
  retry: () => void;
  /** Puts a price into the form of assumptions. */
  take: (price: Price) => void;
}

/** What was saved, what it is made of, and what it would be at another price of a minute. */
export function SavingsPart({ savings: { value, error }, retry, take }: SavingsProps) {
  if (value === null) return error === null ? <Bars lines={6} /> : <Failed words={error} retry={retry} />;
  const { savings } = value;
  return (
    <>
      <Part title="Saved">
        <Saved savings={savings} />
        <p className="muted num">as of {clock(value.as_of)} UTC</p>
      </Part>
      {savings.minutes_quantiles.length === 0 ? null : <WhatIf savings={savings} take={take} />}
      <Made savings={savings} />
    </>
  );
}

function Saved({ savings }: { savings: Savings }) {
  const { minutes, money: found, p_positive: p, currency } = savings;
  return (
    <>
      <p className={`${css.tileValue} num`}>
        {savedWords(savings) ?? "Not known"}
        {minutes === null ? null : <small>80 %</small>}
      </p>
      {found === null || minutes === null ? null : <RangeLine range={found} say={(one) => amount(one, currency)} />}
      {minutes === null ? null : (
        <p className="num">
          {found === null ? "" : `${amountRange(found.low95, found.high95, currency)} (95 %) · `}
          {spanBetween(minutes.low80 * 60, minutes.high80 * 60)} of incidents (80 %)
          {p === null ? "" : ` · ${percent(p)} likely above zero`}
          {savings.claimed ? "" : " · below 99 %, so no saving is claimed"}
        </p>
      )}
      <ul className={css.plainList}>
        {savings.says.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </>
  );
}

/** An amount with its 80 % and 95 % ranges, and where zero is. */
function RangeLine({ range, say }: { range: Range; say: (value: number) => string }) {
  const [low, high] = [Math.min(0, range.low95), Math.max(0, range.high95)];
  const at = (value: number) => ((value - low) / (high - low || 1)) * 250;
  const words = `80 %: ${say(range.low80)} to ${say(range.high80)}; 95 %: ${say(range.low95)} to ${say(range.high95)}; middle ${say(range.middle)}`;
  return (
    <svg viewBox="0 0 250 18" preserveAspectRatio="none" className={css.bar} role="img" aria-label={words}>
      <path className={css.axis} d="M0 9H250" />
      <path className={css.end} d={`M${at(range.low95)} 9H${at(range.high95)}`} />
      <rect className={css.reach} x={at(range.low80)} y="4" width={Math.max(1, at(range.high80) - at(range.low80))} height="10" />
      <path className={css.end} d={`M${at(range.low80)} 2V16M${at(range.high80)} 2V16`} />
      <path className={css.zero} d={`M${at(0)} 0V18`} />
      <path className={css.middle} d={`M${at(range.middle)} 9h0.01`} />
    </svg>
  );
}

function givenPrice({ assumptions }: Savings): Price | null {
  const { cost_per_minute_low: low, cost_per_minute_high: high } = assumptions;
  return low === null || high === null ? null : { low, high };
}

function WhatIf({ savings, take }: { savings: Savings; take: (price: Price) => void }) {
  const [tried, setTried] = useState<Price | null>(null);
  const known = givenPrice(savings);
  const price = tried ?? known;
  const stand = price ?? REST;
  const { minutes_quantiles: minutes, cost, currency } = savings;
  const range = useMemo(() => (tried === null ? null : money(minutes, tried.low, tried.high, cost)), [tried, minutes, cost]);
  const slider = (end: "low" | "high", label: string) => (
    <label className={css.slider}>
      <span>
        {label} <b className="num">{price === null ? "not given" : given(price[end], currency)}</b>
      </span>
      <input
        type="range"
        min={0}
        max={STEPS}
        value={stepOf(stand[end])}
        aria-valuetext={price === null ? "not given" : `${given(price[end], currency)} per minute`}
        onChange={(event) => setTried(moved(stand, end, Number(event.target.value)))}
      />
    </label>
  );
  return (
    <Part title="What if a minute cost something else?">
      {slider("low", "Hardly ever less than (5th percentile)")}
      {slider("high", "Hardly ever more than (95th percentile)")}
      <div className={css.whatIf} aria-live="polite">
        {range === null ? (
          <p className="muted">Move a slider: nothing is saved by that.</p>
        ) : (
          <>
            <p className="num">
              <span className="tag">what if</span> <b>{amountRange(range.low80, range.high80, currency)}</b> (80 %) · {percent(range.p_positive)} likely above
              zero
            </p>
            <RangeLine range={range} say={(one) => amount(one, currency)} />
            <p className="row">
              <button type="button" className="button small" onClick={() => tried !== null && take(tried)}>
                Put into the assumptions
              </button>
              <button type="button" className="linkButton" onClick={() => setTried(null)}>
                Back to what is given
              </button>
            </p>
          </>
        )}
      </div>
    </Part>
  );
}

const DRIVERS: Readonly<Record<string, string>> = {
  speed: "how much faster",
  prevention: "prevention",
  cost_per_minute: "the price of a minute",
  period: "how periods differ",
};

const COMPARED: Readonly<Record<Savings["counterfactual"], string>> = {
  hold_out: "incidents held out by lot, where Quell only recommended",
  baseline: "an earlier period",
  none: "nothing",
};

function Made({ savings }: { savings: Savings }) {
  const drivers = Object.entries(savings.drivers).filter(([, share]) => share > 0);
  const split = splitWords(savings.split);
  return (
    <Part title="What it is made of">
      <SplitBar split={savings.split} />
      <p className="num">{split ?? "There is nothing to split."}</p>
      <ul className={css.plainList}>
        <li className="num">
          {counted(savings.n, "incident")} with Quell, lasting {spanWords(savings.lasted_min * 60)} together; compared with {COMPARED[savings.counterfactual]}
          {savings.counterfactual === "none" ? "" : ` (${counted(savings.n_compared, "incident")})`}
        </li>
        <li className="num">{count(savings.prevented)} prevented</li>
        <li className="num">{savings.cost === 0 ? "No cost is known to subtract" : `${amount(savings.cost, savings.currency)} of cost, as far as known`}</li>
        {drivers.length === 0 ? null : (
          <li className="num">The width comes from {drivers.map(([name, share]) => `${DRIVERS[name] ?? name} (${percent(share)})`).join(", ")}</li>
        )}
      </ul>
    </Part>
  );
}
