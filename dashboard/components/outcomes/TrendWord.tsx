import type { Decision, Word } from "@/lib/outcomes/types";
import { TREND } from "@/lib/outcomes/words";
import css from "./outcomes.module.css";

const TONES: Readonly<Record<Word, string | undefined>> = { improved: css.good, worse: css.poor, no_clear_change: css.flat, not_enough: css.flat };
const ARROWS: Readonly<Partial<Record<Word, string>>> = { improved: "↓ ", worse: "↑ " };

/** Whether it got better; grey and without an arrow as long as that is not decided. */
export function TrendWord({ decision }: { decision: Decision }) {
  const { word, ratio } = decision;
  const reach = ratio.low === null || ratio.high === null ? "" : `, ${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`;
  return (
    <>
      <b className={TONES[word]}>
        <span aria-hidden="true">{ARROWS[word]}</span>
        {TREND[word]}
      </b>{" "}
      <span className="muted">{ratio.value === null ? ratio.says : `${ratio.value.toFixed(2)}×${reach}`}</span>
    </>
  );
}
