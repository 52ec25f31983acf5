/** A price of a minute as a slider sets it: from 1 to 1,000,000 in powers, pure. */

/** 5th and 95th percentile of what a minute costs, 0 < low <= high. */
export interface Price {
  low: number;
  high: number;
}

export const STEPS = 240;
const POWERS = 6;

/** Two figures: nobody knows it better. */
export function priceAt(step: number): number {
  return Number((10 ** ((POWERS * step) / STEPS)).toPrecision(2));
}

export function stepOf(price: number): number {
  return Math.min(STEPS, Math.max(0, Math.round((STEPS * Math.log10(price)) / POWERS)));
}

/** Move one end; the other gives way, so that the range stays one. */
export function moved(price: Price, end: "low" | "high", step: number): Price {
  const to = priceAt(step);
  return end === "low" ? { low: to, high: Math.max(to, price.high) } : { low: Math.min(to, price.low), high: to };
}
