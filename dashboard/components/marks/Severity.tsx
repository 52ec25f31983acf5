import type { Severity as SeverityName } from "@/lib/api/types";
import css from "./marks.module.css";

const SHAPES: Readonly<Record<SeverityName, string>> = {
  SEV1: "M0 0H10V10H0z",
  SEV2: "M5 0 10 5 5 10 0 5z",
  SEV3: "M5 0 10 9H0z",
  SEV4: "M5 .5A4.5 4.5 0 1 1 5 9.5 4.5 4.5 0 0 1 5 .5z",
  SEV5: "M0 4H10V6H0z",
};

const TONES: Readonly<Record<SeverityName, string | undefined>> = {
  SEV1: css.sev1,
  SEV2: css.sev2,
  SEV3: css.sev3,
  SEV4: css.sev3,
  SEV5: css.sev3,
};

/** Severity as shape, text and colour. `count` replaces the name on screen, not for screen readers. */
export function Severity({ severity, count }: { severity: SeverityName; count?: number }) {
  return (
    <span className={`${css.sev} ${TONES[severity]}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={SHAPES[severity]} />
      </svg>
      {count === undefined ? (
        severity
      ) : (
        <span className="num">
          <span className="unseen">{severity}: </span>
          {count}
        </span>
      )}
    </span>
  );
}
