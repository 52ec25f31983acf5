"use client";

import type { ReactNode } from "react";
import type { Accuracy, AgentHealth } from "@/lib/api/types";
import { serverInfo, useResource } from "@/lib/api/resource";
import { NOTHING_KNOWN, counted, percent } from "@/lib/format/number";
import { duration } from "@/lib/format/time";
import { useLive } from "@/lib/live/hooks";
import { useParam } from "@/lib/url";
import { Reliability } from "../chart/Reliability";
import { Choice, type Option } from "../kit/Choice";
import { Bars } from "../kit/Notice";
import { AsOf } from "../marks/AsOf";
import { Agent } from "../marks/Agent";
import { State } from "./Itself";
import css from "./agents.module.css";

type Group = Accuracy["of"];

const GROUPS: readonly Option<Group>[] = [
  { value: "real", label: "Real incidents" },
  { value: "drills", label: "Drills" },
];

const CLAIMS: Readonly<Record<string, string>> = {
  detection: "whether the telemetry shows it",
  diagnosis: "which service, and what about it",
  prediction: "when a limit is reached",
  resolution: "which action helps",
};

/** Share right with its interval, between 0 and 100 %. */
function Interval({ accuracy }: { accuracy: Accuracy }) {
  const { share_right: share, low95: low, high95: high } = accuracy;
  if (share === null || low === null || high === null) return null;
  return (
    <svg className={css.interval} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect className={css.track} y="4" width="100" height="2" />
      <rect className={css.span} x={low * 100} y="2" width={Math.max(0.6, (high - low) * 100)} height="6" />
      <rect className={css.mark} x={Math.min(99.2, share * 100 - 0.4)} y="0" width="0.8" height="10" />
    </svg>
  );
}

function Headline({ accuracy }: { accuracy: Accuracy }) {
  const { share_right: share, low95: low, high95: high, right, wrong } = accuracy;
  if (share === null || low === null || high === null) {
    return (
      <p className={css.headline}>
        <b>{NOTHING_KNOWN}</b> <span className="muted">{accuracy.says}</span>
      </p>
    );
  }
  return (
    <p className={`${css.headline} num`}>
      <b>{percent(share)}</b> right{" "}
      <span className="muted">
        {right} of {right + wrong}, 95 % interval {percent(low)} to {percent(high)}
      </span>
    </p>
  );
}

function Fact({ name, title, children }: { name: string; title: string; children: ReactNode }) {
  return (
    <div title={title}>
      <dt className="label">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const share = (value: number | null) => (value === null ? NOTHING_KNOWN : percent(value));

function Facts({ agent, accuracy }: { agent: string; accuracy: Accuracy }) {
  return (
    <dl className={`${css.facts} num`}>
      <Fact name="Right" title="What it said is what it turned out to be">
        {accuracy.right}
      </Fact>
      <Fact name="Wrong" title="What it said is not what it turned out to be">
        {accuracy.wrong}
      </Fact>
      <Fact name="Abstained" title="It said that it does not know, or did nothing">
        {accuracy.abstained}
      </Fact>
      <Fact name="Not judged" title="Resolved, and nobody knows whether it was right">
        {accuracy.unknown}
      </Fact>
      <Fact name="Precision" title="Share right of what it said was there">
        {share(accuracy.precision)}
      </Fact>
      <Fact name="Recall" title="Share of what was there that it found">
        {share(accuracy.recall)}
      </Fact>
      <Fact name="Coverage" title="Share of known incidents in which it did not abstain">
        {share(accuracy.coverage)}
      </Fact>
      {agent === "prediction" ? (
        <Fact name="In interval" title={`Share of ${counted(accuracy.pairs, "forecast")} whose breach came within its interval`}>
          {share(accuracy.in_interval)}
        </Fact>
      ) : null}
      {agent === "diagnosis" ? (
        <>
          <Fact name="Brier" title="Mean square of probability less outcome: 0 is perfect, 0.25 is always saying one half">
            {accuracy.brier === null ? NOTHING_KNOWN : accuracy.brier.toFixed(3)}
          </Fact>
          <Fact name="ECE" title="Expected calibration error: mean gap between what is said and what comes true">
            {accuracy.ece === null ? NOTHING_KNOWN : accuracy.ece.toFixed(3)}
          </Fact>
        </>
      ) : null}
    </dl>
  );
}

const OTHERS: Readonly<Record<string, string>> = {
  prediction: "told by the telemetry that came after the forecast",
  resolution: "told by whether the service recovered",
};

/** Who or what told the truth that is counted. */
function truth(agent: string, accuracy: Accuracy): string {
  if (accuracy.n === 0) return "";
  return `, ${OTHERS[agent] ?? `${accuracy.by_person} told by a person, the others by whether the fix helped`}`;
}

function Calibration({ agent, accuracy }: { agent: string; accuracy: Accuracy }) {
  const known = `${counted(accuracy.n, accuracy.of === "drills" ? "resolved drill" : "resolved incident")} with known truth`;
  const persons = truth(agent, accuracy);
  if (accuracy.calibrated) {
    return (
      <p className="muted">
        Out of {known}
        {persons}.
      </p>
    );
  }
  return (
    <p className="muted">
      <span className="tag">uncalibrated</span> {known}
      {persons}; {accuracy.needed} are needed.
    </p>
  );
}

/** One agent: how it does now, how often it was right in a group of incidents, and what its numbers are worth. */
export function AgentCard({ agent, group }: { agent: AgentHealth; group: Group }) {
  const accuracy = agent.accuracy.find((one) => one.of === group);
  const title = `agent-${agent.agent}`;
  return (
    <article className={`${css.card} panel live`} aria-labelledby={title}>
      <header className="panelHead">
        <h3 id={title} className={css.name}>
          <Agent agent={agent.agent} by={agent.agent} />
        </h3>
        <State state={agent.state} />
        <span className={`${css.claim} muted`}>{CLAIMS[agent.agent] ?? ""}</span>
        <span className="spring" />
        <span className="muted num" title="Time of its last 100 phases: median, and 95th percentile">
          {agent.median_s === null || agent.p95_s === null
            ? "too few phases for a median"
            : `median ${duration(agent.median_s)}, p95 ${duration(agent.p95_s)}`}
        </span>
      </header>
      {accuracy === undefined ? (
        <p className={`${css.body} muted`}>Unknown: this server does not say how often it was right.</p>
      ) : (
        <div className={css.body}>
          <Headline accuracy={accuracy} />
          <Interval accuracy={accuracy} />
          <Facts agent={agent.agent} accuracy={accuracy} />
          <Calibration agent={agent.agent} accuracy={accuracy} />
          {agent.agent === "diagnosis" ? <Curve accuracy={accuracy} /> : null}
        </div>
      )}
    </article>
  );
}

function Curve({ accuracy }: { accuracy: Accuracy }) {
  if (accuracy.bins.length === 0) return <p className="muted">No stated probability has a known outcome yet, so there is no curve.</p>;
  return (
    <figure className={css.curve}>
      <figcaption className="dim">
        What it said, and how often that was right; on the dashed line a probability means what it says. On top, how many
        each point stands for.
      </figcaption>
      <Reliability bins={accuracy.bins} />
    </figure>
  );
}

/** How often each agent was right, as far as anybody knows. */
export function AgentsTab() {
  const agents = useLive((state) => state.agents);
  const { value: server } = useResource(serverInfo);
  const [param, setParam] = useParam("of");
  const usual: Group = server?.environment === "lab" ? "drills" : "real";
  const group = GROUPS.find((option) => option.value === param)?.value ?? usual;
  return (
    <>
      <div className={css.head}>
        <h2>How often the agents were right</h2>
        <AsOf />
        <span className={`${css.explain} muted`}>
          in resolved incidents whose cause a person confirmed, or, weaker, whose fix was verified
        </span>
        <span className="spring" />
        <Choice label="Which incidents count" options={GROUPS} value={group} onChange={setParam} />
      </div>
      {agents === null ? (
        <Bars lines={8} tall />
      ) : (
        <div className={css.cards}>
          {Object.values(agents).map((agent) => (
            <AgentCard key={agent.agent} agent={agent} group={group} />
          ))}
        </div>
      )}
    </>
  );
}
