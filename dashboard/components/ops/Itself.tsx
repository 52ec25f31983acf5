"use client";

import type { AgentHealth, Component } from "@/lib/api/types";
import { spoken } from "@/lib/board/words";
import { duration } from "@/lib/format/time";
import { useLive } from "@/lib/live/hooks";
import { Bars } from "../kit/Notice";
import { Agent } from "../marks/Agent";
import { AsOf } from "../marks/AsOf";
import css from "./ops.module.css";

const TONES: Readonly<Record<string, string | undefined>> = {
  healthy: css.stateGood,
  ok: css.stateGood,
  degraded: css.stateBad,
  failing: css.stateBad,
  down: css.stateBad,
};

const WORDS: Readonly<Record<string, string>> = { idle_unknown: "not run yet", unknown: "unknown" };

/** How an agent or a part is, in a word and its colour. */
export function State({ state }: { state: string }) {
  return <span className={TONES[state] ?? "muted"}>{WORDS[state] ?? spoken(state)}</span>;
}

function AgentLine({ agent }: { agent: AgentHealth }) {
  const doing = agent.running.length > 0 ? `on ${agent.running.join(", ")}` : agent.says;
  return (
    <li className={css.health}>
      <Agent agent={agent.agent} by={agent.agent} />
      <State state={agent.state} />
      <span className="clip muted" title={`${agent.says}${agent.last_error === null ? "" : `. Last error: ${agent.last_error}`}`}>
        {doing}
      </span>
      <span className="muted num" title={agent.median_s === null ? "Too few phases for a median" : "Median time of its phases"}>
        {agent.median_s === null ? "–" : duration(agent.median_s)}
      </span>
    </li>
  );
}

function PartLine({ part }: { part: Component }) {
  return (
    <li className={css.health}>
      <span className="clip" title={part.kind}>
        {part.name}
      </span>
      <State state={part.state} />
      <span className={`${css.healthWords} clip muted`} title={part.says}>
        {part.says}
      </span>
    </li>
  );
}

/** How Quell's own parts do: agents first, then the rest. */
export function Itself() {
  const agents = useLive((state) => state.agents);
  const health = useLive((state) => state.health);
  const parts = Object.values(health ?? {}).filter((part) => part.kind !== "agent");
  return (
    <section className={`${css.itself} panel live`} aria-labelledby="itself-title">
      <header className="panelHead">
        <h2 id="itself-title">Agents and parts</h2>
        <AsOf />
        <span className="spring" />
        <span className="muted">median time</span>
      </header>
      <div className={css.lines} tabIndex={0} role="region" aria-label="Agents and parts, lines">
        {agents === null && health === null ? <Bars lines={4} /> : null}
        <ul>
          {Object.values(agents ?? {}).map((agent) => (
            <AgentLine key={agent.agent} agent={agent} />
          ))}
          {parts.map((part) => (
            <PartLine key={part.name} part={part} />
          ))}
        </ul>
      </div>
    </section>
  );
}
