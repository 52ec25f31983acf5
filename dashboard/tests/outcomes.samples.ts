/** Reports for tests; the figures are made up and only have to agree with each other. */
import type { Decision, Dot, Estimate, Figure, Report, RollingDay, Savings, SavingsReport, TrendReport } from "@/lib/outcomes/types";

const AS_OF = "2026-11-26T12:00:00Z";

export function estimate(part: Partial<Estimate> = {}): Estimate {
  return { value: 4_560, low: 4_080, high: 5_040, unit: "s", n: 112, open: 3, level: 0.95, method: "median_order_statistics", says: "", ...part };
}

export function figure(key: string, part: Partial<Estimate> = {}, k: number | null = null): Figure {
  return { key, title: key, estimate: estimate(part), confidence: "medium", k };
}

const share = (value: number | null, n: number): Partial<Estimate> => ({
  value,
  low: value === null ? null : value - 0.1,
  high: value === null ? null : value + 0.05,
  unit: "share",
  n,
  open: 0,
  method: "success_rate_wilson",
  says: value === null ? "fewer than 6" : "",
});

export function report(part: Partial<Report> = {}): Report {
  return {
    as_of: AS_OF,
    window_days: 28,
    start: "2026-10-29T12:00:00Z",
    origin: "real",
    exact: true,
    sentence: {
      text: "A typical incident is restored in 76 minutes.",
      parts: [
        { text: "A typical incident is restored in ", strong: false },
        { text: "76 minutes", strong: true },
        { text: ".", strong: false },
      ],
    },
    figures: [figure("time_to_restore"), figure("verified_success", share(0.89, 46), 41), figure("clean_runs", share(0.8, 46), 37)],
    counts: {
      handled: 112,
      open: 3,
      restored_by: { quell: 41, person: 71 },
      prevented: 2,
      reopened: 1,
      false_alarms: 4,
      merged: 0,
      attempts: 46,
      verified: 41,
      undecided: 2,
      held_out: 0,
    },
    quality: { value: 0.87, shares: [{ name: "complete", k: 100, n: 112 }], worst: "", says: "" },
    clean_failed: { target: 0, verified: 5, corrected: 9, cost: 0 },
    excluded: [{ why: "false alarms", n: 4 }],
    by: "",
    strata: [],
    others: { drill: 5 },
    assumptions_version: 0,
    ...part,
  };
}

export function none(key: string): Figure {
  return figure(key, { ...share(null, 0), says: "no attempts" }, 0);
}

export function decision(part: Partial<Decision> = {}): Decision {
  return {
    word: "no_clear_change",
    ratio: estimate({ value: 0.93, low: 0.71, high: 1.22, unit: "ratio" }),
    p: 0.4,
    n_before: 50,
    n_after: 46,
    open_before: 0,
    open_after: 3,
    detectable: 0.6,
    quality: 0.87,
    says: "",
    ...part,
  };
}

export function rollingDay(day: number, value: number | null): RollingDay {
  const at = `2026-11-${String(day).padStart(2, "0")}`;
  return { day: at, value_s: value, low_s: value === null ? null : value / 2, high_s: value === null ? null : value * 2, n: 8, open: 0 };
}

export function dot(id: string, day: number, lasted: number, part: Partial<Dot> = {}): Dot {
  return {
    id,
    title: `Incident ${id}`,
    service: "cart",
    severity: "SEV2",
    began_at: `2026-11-${String(day).padStart(2, "0")}T10:00:00Z`,
    lasted_s: lasted,
    open: false,
    restored_by: "quell",
    imported: false,
    ...part,
  };
}

export function trend(part: Partial<TrendReport> = {}): TrendReport {
  return {
    as_of: AS_OF,
    origin: "real",
    until: AS_OF,
    decided_at: "2026-11-23T00:00:00Z",
    decision: decision(),
    line: [rollingDay(1, 600), rollingDay(2, 700)],
    dots: [dot("a", 1, 600)],
    dots_left_out: 0,
    did: [],
    ...part,
  };
}

export function savings(part: Partial<Savings> = {}): SavingsReport {
  return {
    as_of: AS_OF,
    window_days: 28,
    origin: "real",
    savings: {
      counterfactual: "none",
      minutes: null,
      money: null,
      currency: "USD",
      p_positive: null,
      claimed: false,
      drivers: {},
      split: { measured: 0, modelled: 0, assumed: 0 },
      minutes_quantiles: [],
      cost: 0,
      lasted_min: 8_000,
      n: 112,
      n_compared: 0,
      prevented: 0,
      assumptions: {
        version: 0,
        cost_per_minute_low: null,
        cost_per_minute_high: null,
        currency: "USD",
        running_cost_month: null,
        target_s: null,
        cost_cap: null,
        set_by: "",
        set_at: null,
        reason: "",
      },
      says: ["nothing to compare with: neither held-out incidents nor an earlier period"],
      ...part,
    },
  };
}
