import { percent } from "@/lib/format/number";
import type { Savings } from "@/lib/outcomes/types";
import css from "./outcomes.module.css";

/** `52 % measured, 31 % modelled, 17 % assumed`; null when there is nothing to split. */
export function splitWords({ measured, modelled, assumed }: Savings["split"]): string | null {
  if (measured + modelled + assumed === 0) return null;
  const parts = [
    [measured, "measured"],
    [modelled, "modelled"],
    [assumed, "assumed"],
  ] as const;
  return parts
    .filter(([share]) => share > 0)
    .map(([share, word]) => `${percent(share)} ${word}`)
    .join(", ");
}

/** How much of the amount is measured, modelled and assumed. */
export function SplitBar({ split }: { split: Savings["split"] }) {
  const words = splitWords(split);
  if (words === null) return null;
  const [first, second] = [split.measured * 250, (split.measured + split.modelled) * 250];
  return (
    <div className={css.barRoom}>
      <svg viewBox="0 0 250 18" preserveAspectRatio="none" className={css.bar} role="img" aria-label={words}>
        <defs>
          <pattern id="assumed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect className={css.hatch} width="2.5" height="6" />
          </pattern>
        </defs>
        <rect className={css.measured} x="0" y="5" width={first} height="8" />
        <rect className={css.modelled} x={first} y="5" width={Math.max(0, second - first)} height="8" />
        <rect className={css.assumed} x={second} y="5" width={Math.max(0, 250 - second)} height="8" fill="url(#assumed)" />
      </svg>
    </div>
  );
}
