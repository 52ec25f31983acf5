import css from "./marks.module.css";

const TONES: Readonly<Record<string, string | undefined>> = {
  detection: css.detection,
  diagnosis: css.diagnosis,
  prediction: css.prediction,
  resolution: css.resolution,
};

/** Who did it: an agent with its colour, anybody else with a square. */
export function Agent({ agent, by }: { agent: string | null; by: string }) {
  return (
    <span className={css.agent}>
      <i className={agent === null ? css.square : (TONES[agent] ?? css.square)} aria-hidden="true" />
      <span className="clip">{agent ?? by}</span>
    </span>
  );
}
