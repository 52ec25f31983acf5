/** The shapes of `/api/v1/outcomes`. Durations are seconds; null is not known. */

export type Origin = "real" | "drill" | "maintenance";
export type RestoredBy = "quell" | "person" | "itself" | "unknown";
export type Confidence = "high" | "medium" | "low" | "not_enough_data";
export type Word = "improved" | "worse" | "no_clear_change" | "not_enough";

export interface Estimate {
  value: number | null;
  low: number | null;
  /** Null with a number in `low`: no upper bound is known. */
  high: number | null;
  /** `s`, `share`, `ratio`, `incidents`, or a currency. */
  unit: string;
  n: number;
  open: number;
  level: number;
  method: string;
  says: string;
}

export interface Figure {
  key: string;
  title: string;
  estimate: Estimate;
  confidence: Confidence;
  /** Of a share: how many, of `estimate.n`. */
  k: number | null;
}

export interface Counts {
  handled: number;
  open: number;
  restored_by: Readonly<Partial<Record<RestoredBy, number>>>;
  prevented: number;
  reopened: number;
  false_alarms: number;
  merged: number;
  attempts: number;
  verified: number;
  undecided: number;
  held_out: number;
}

export interface Exclusion {
  why: string;
  n: number;
}

export interface Share {
  name: string;
  k: number;
  n: number;
}

export interface QualityView {
  value: number | null;
  shares: readonly Share[];
  worst: string;
  says: string;
}

export interface Stratum {
  name: string;
  n: number;
  open: number;
  figures: readonly Figure[];
}

export interface SentencePart {
  text: string;
  strong: boolean;
}

export interface Report {
  as_of: string;
  /** 0: all that is known. */
  window_days: number;
  start: string | null;
  origin: Origin;
  exact: boolean;
  sentence: { text: string; parts: readonly SentencePart[] };
  figures: readonly Figure[];
  counts: Counts;
  quality: QualityView;
  clean_failed: Readonly<Record<string, number>>;
  excluded: readonly Exclusion[];
  by: string;
  strata: readonly Stratum[];
  others: Readonly<Partial<Record<Origin, number>>>;
  assumptions_version: number;
}

export interface Dot {
  id: string;
  title: string;
  service: string;
  severity: string;
  began_at: string;
  lasted_s: number;
  open: boolean;
  restored_by: RestoredBy;
  imported: boolean;
}

export interface Did {
  id: string;
  title: string;
  at: string;
  /** Empty: nothing by Quell. */
  did: string;
  restored_by: RestoredBy;
  lasted_s: number | null;
  prevented: boolean;
  imported: boolean;
}

export interface RollingDay {
  /** `2026-11-26`, UTC. */
  day: string;
  value_s: number | null;
  low_s: number | null;
  high_s: number | null;
  n: number;
  open: number;
}

export interface Decision {
  word: Word;
  ratio: Estimate;
  p: number | null;
  n_before: number;
  n_after: number;
  open_before: number;
  open_after: number;
  detectable: number | null;
  quality: number | null;
  says: string;
}

export interface TrendReport {
  as_of: string;
  origin: Origin;
  decided_at: string;
  decision: Decision;
  /** Where the line and the dots end. */
  until: string;
  line: readonly RollingDay[];
  dots: readonly Dot[];
  dots_left_out: number;
  did: readonly Did[];
}

export interface Range {
  middle: number;
  low80: number;
  high80: number;
  low95: number;
  high95: number;
  p_positive: number;
}

export interface Assumptions {
  version: number;
  cost_per_minute_low: number | null;
  cost_per_minute_high: number | null;
  currency: string;
  running_cost_month: number | null;
  target_s: Readonly<Record<string, number>> | null;
  cost_cap: number | null;
  set_by: string;
  set_at: string | null;
  reason: string;
}

export interface Savings {
  counterfactual: "hold_out" | "baseline" | "none";
  minutes: Range | null;
  money: Range | null;
  currency: string;
  p_positive: number | null;
  claimed: boolean;
  drivers: Readonly<Record<string, number>>;
  split: { measured: number; modelled: number; assumed: number };
  /** 401 equally likely amounts, rising, before any cost; empty without `minutes`. */
  minutes_quantiles: readonly number[];
  cost: number;
  lasted_min: number;
  n: number;
  n_compared: number;
  prevented: number;
  assumptions: Assumptions;
  says: readonly string[];
}

export interface SavingsReport {
  as_of: string;
  window_days: number;
  origin: Origin;
  savings: Savings;
}

export interface Definition {
  key: string;
  title: string;
  formula: string;
  reads: string;
  says_nothing_when: string;
  sources: readonly string[];
  method: boolean;
}
