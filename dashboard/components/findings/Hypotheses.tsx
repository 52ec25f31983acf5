import type { Diagnosis, Hypothesis } from "@/lib/api/types";
import { measure, percent } from "@/lib/format/number";
import css from "./findings.module.css";

/** A probability as a bar; its length is set through an SVG attribute, never through inline style. */
export function Bar({ share, first }: { share: number; first: boolean }) {
  return (
    <svg className={css.bar} viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">
      <rect className={css.track} width="100" height="5" />
      <rect className={first ? css.fill : css.fillRest} width={Math.max(share > 0 ? 0.8 : 0, share * 100)} height="5" />
    </svg>
  );
}

/** How much an argument says in one word, by the log-odds that it moves: 1 is 2.7 times, 2 is 7.4 times. */
function strength(weight: number): string {
  if (weight >= 2) return "strong";
  return weight >= 1 ? "moderate" : "weak";
}

function oddsWords(weight: number, isFor: boolean): string {
  return `Makes the odds of this cause ${measure(Math.exp(weight), "")} times ${isFor ? "higher" : "lower"}`;
}

function Arguments({ hypothesis, goTo }: { hypothesis: Hypothesis; goTo: (evidenceId: string) => void }) {
  const sides = [
    ["For", hypothesis.in_favour],
    ["Against", hypothesis.against],
  ] as const;
  return (
    <dl className={css.sides}>
      {sides.map(([side, list]) => (
        <div key={side}>
          <dt>{side}</dt>
          <dd>
            {list.length === 0 ? <span className="muted">nothing found</span> : null}
            <ul>
              {list.map((argument) => (
                <li key={argument.evidence_id + argument.says}>
                  {argument.evidence_id === "" ? null : (
                    <button type="button" className="linkButton" onClick={() => goTo(argument.evidence_id)}>
                      {argument.evidence_id}
                    </button>
                  )}{" "}
                  {argument.says}{" "}
                  <span className="muted" title={oddsWords(argument.weight, side === "For")}>
                    ({strength(argument.weight)})
                  </span>
                </li>
              ))}
            </ul>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface HypothesesProps {
  diagnosis: Diagnosis;
  /** Shows what speaks for and against, with a way to the evidence. */
  goTo?: (evidenceId: string) => void;
  most?: number;
}

/** Possible causes by probability, and what is left for none of them. */
export function Hypotheses({ diagnosis, goTo, most = Infinity }: HypothesesProps) {
  const shown = diagnosis.hypotheses.slice(0, most);
  const rest = diagnosis.hypotheses.slice(most).reduce((sum, one) => sum + one.probability, 0);
  const uncalibrated = diagnosis.hypotheses.some((one) => !one.calibrated);
  return (
    <>
      {diagnosis.abstained ? <p className={css.abstained}>Diagnosis abstains: {diagnosis.says}</p> : null}
      <ol className={css.hypotheses}>
        {shown.map((one, index) => (
          <li key={one.id}>
            <div className={css.head}>
              <span className={index === 0 ? css.leading : "dim"}>{one.title}</span>
              <span className={`${index === 0 ? css.leading : "dim"} num`}>{percent(one.probability)}</span>
            </div>
            <Bar share={one.probability} first={index === 0} />
            {goTo === undefined ? null : <Arguments hypothesis={one} goTo={goTo} />}
          </li>
        ))}
        {rest > 0 ? <Rest label={`${diagnosis.hypotheses.length - shown.length} more`} share={rest} /> : null}
        <Rest label="none of these" share={diagnosis.none_of_these} />
      </ol>
      {uncalibrated ? (
        <p className="muted">
          <span className="tag">uncalibrated</span> too few ended incidents to say how often such a number was right
        </p>
      ) : null}
    </>
  );
}

function Rest({ label, share }: { label: string; share: number }) {
  return (
    <li>
      <div className={css.head}>
        <span className="dim">{label}</span>
        <span className="dim num">{percent(share)}</span>
      </div>
      <Bar share={share} first={false} />
    </li>
  );
}
