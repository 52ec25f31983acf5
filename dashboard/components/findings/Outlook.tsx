"use client";

import type { Forecast, Prediction } from "@/lib/api/types";
import { measure, percent } from "@/lib/format/number";
import { ahead, clockMinute } from "@/lib/format/time";
import { useClock } from "@/lib/live/hooks";
import css from "./findings.module.css";

/** What a forecast says, in words. `sinceS`: seconds since it was made. */
export function forecastWords(forecast: Forecast, sinceS: number): string {
  const { in_s: at, low_s: low, high_s: high } = forecast;
  const level = percent(forecast.level);
  if (at === null) return low === null ? "is not heading there" : `not before ${ahead(Math.max(0, low - sinceS))} (${level})`;
  if (at <= 0) return "is reached already";
  const left = at - sinceS;
  if (left <= 0) return `was expected at ${clockMinute(Date.parse(forecast.made_at) + at * 1000)} UTC`;
  const from = low === null ? "?" : ahead(Math.max(0, low - sinceS));
  const to = high === null ? "no upper bound" : ahead(Math.max(0, high - sinceS));
  return `in ${ahead(left)} (${from} to ${to}, ${level})`;
}

/** Now, the interval, and the most likely moment on one line. */
function Range({ forecast }: { forecast: Forecast }) {
  const { in_s: at, low_s: low, high_s: high } = forecast;
  if (at === null || at <= 0 || low === null || high === null || high <= low) return null;
  const end = high * 1.12;
  const x = (seconds: number) => (seconds / end) * 100;
  return (
    <svg className={css.range} viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true">
      <path className={css.rangeTrack} d="M0 4.5H100" />
      <rect className={css.rangeSpan} x={x(low)} y="2" width={x(high) - x(low)} height="5" />
      <rect className={css.rangeMark} x={x(at) - 0.4} y="0" width="0.8" height="9" />
    </svg>
  );
}

function One({ forecast }: { forecast: Forecast }) {
  const words = useClock((now) => forecastWords(forecast, (now - Date.parse(forecast.made_at)) / 1000));
  const bare = forecast.limit === 0 ? "" : ` (${measure(forecast.limit, forecast.unit)})`;
  return (
    <li>
      <span className="dim">
        {forecast.service} {forecast.series}: {forecast.limit_is}
        {bare}
      </span>{" "}
      <b className="num">{words ?? "–"}</b>
      <Range forecast={forecast} />
      <span className={`${css.method} muted`}>{forecast.method}</span>
    </li>
  );
}

/** What happens if nothing is done. */
export function Outlook({ prediction, most = Infinity }: { prediction: Prediction; most?: number }) {
  const reach = prediction.blast_services;
  return (
    <>
      <p className="dim">{prediction.says}</p>
      <ul className={css.forecasts}>
        {prediction.forecasts.slice(0, most).map((forecast) => (
          <One key={forecast.service + forecast.series + forecast.limit_is} forecast={forecast} />
        ))}
      </ul>
      {reach.length > 0 && prediction.blast_share === null && (
        <p className="muted">How many requests are hit is not known.</p>
      )}
    </>
  );
}
