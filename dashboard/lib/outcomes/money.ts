/** From minutes saved to money at any price of a minute, exactly as the server does it (`quell/outcomes/money.py`): pure. */
import type { Range } from "./types";

const PRICES = 41;

const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution function, by its power series; good for |x| below about 6. */
function below(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + density(x) * sum;
}

/** The normal quantile of a share in (0, 1), by Newton's method from the middle, which never steps over it. */
export function normalQuantile(share: number): number {
  let x = 0;
  for (let round = 0; round < 60; round += 1) {
    const step = (share - below(x)) / density(x);
    x += step;
    if (Math.abs(step) < 1e-14) break;
  }
  return x;
}

const P95 = normalQuantile(0.95);
const STEPS = Array.from({ length: PRICES }, (_, index) => normalQuantile((index + 0.5) / PRICES));

/** 41 equally likely prices of a minute. `low` and `high` are the 5th and 95th percentile, 0 < low <= high. */
export function prices(low: number, high: number): number[] {
  const middle = Math.log(low * high) / 2;
  const width = Math.log(high / low) / (2 * P95);
  return STEPS.map((step) => Math.exp(middle + width * step));
}

/** The range of equally likely amounts; sorts them in place. */
function rangeOf(amounts: Float64Array): Range {
  amounts.sort();
  const at = (share: number) => amounts[Math.floor(share * (amounts.length - 1) + 0.5)] ?? Number.NaN;
  const above = amounts.reduce((count, amount) => count + (amount > 0 ? 1 : 0), 0);
  return {
    middle: at(0.5),
    low80: at(0.1),
    high80: at(0.9),
    low95: at(0.025),
    high95: at(0.975),
    p_positive: above / amounts.length,
  };
}

/**
 * The money of minutes at a price, minus what it cost.
 *
 * @param minutes equally likely amounts.
 * @param low 5th percentile of the price of a minute.
 * @param high 95th percentile.
 */
export function money(minutes: readonly number[], low: number, high: number, cost: number): Range {
  const price = prices(low, high);
  const amounts = new Float64Array(minutes.length * price.length);
  minutes.forEach((minute, row) => price.forEach((one, column) => (amounts[row * price.length + column] = minute * one - cost)));
  return rangeOf(amounts);
}
