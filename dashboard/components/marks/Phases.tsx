import type { PhaseState, PhaseView } from "@/lib/api/types";
import { phaseWords, waitsForPerson } from "@/lib/board/words";
import css from "./marks.module.css";

const TONES: Readonly<Record<PhaseState, string | undefined>> = {
  waiting: css.waiting,
  running: css.running,
  completed: css.completed,
  failed: css.failed,
  timed_out: css.failed,
  abstained: css.abstained,
};

/** The phases of a response as segments: each state has its own pattern, and all are said in words. */
export function Phases({ phases }: { phases: readonly PhaseView[] }) {
  if (phases.length === 0) return <span className="muted">–</span>;
  const words = phases.map(phaseWords).join(", ");
  return (
    <span className={css.phases} role="img" aria-label={words} title={words}>
      {phases.map((phase) => (
        <i key={phase.phase} className={waitsForPerson(phase) ? css.wanted : TONES[phase.state]} />
      ))}
    </span>
  );
}
