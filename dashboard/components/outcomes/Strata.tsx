"use client";

import { useMemo } from "react";
import { count } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import { reportOf, useFresh } from "@/lib/outcomes/data";
import type { Figure, Origin, RestoredBy, Stratum } from "@/lib/outcomes/types";
import { readGroup, type Group, type Window } from "@/lib/outcomes/view";
import { intervalWords, RESTORED, valueWords } from "@/lib/outcomes/words";
import { useParam } from "@/lib/url";
import { Choice, type Option } from "../kit/Choice";
import { Bars, Failed } from "../kit/Notice";
import css from "./outcomes.module.css";

const GROUPS: readonly Option<Group>[] = [
  { value: "severity", label: "Severity" },
  { value: "service", label: "Service" },
  { value: "team", label: "Team" },
  { value: "restored_by", label: "Restored by" },
];

const COLUMNS = [
  ["time_to_restore", "Typical time to restore"],
  ["verified_success", "Verified fixes"],
  ["clean_runs", "Clean runs"],
] as const;

function nameOf(stratum: Stratum, by: Group): string {
  if (stratum.name === "") return "not known";
  return by === "restored_by" && stratum.name in RESTORED ? RESTORED[stratum.name as RestoredBy] : stratum.name;
}

function Cell({ figure }: { figure: Figure | undefined }) {
  if (figure === undefined) return <td className="muted">none</td>;
  const { estimate, k } = figure;
  const value = valueWords(estimate);
  const tally = k === null || estimate.n === 0 ? "" : `${count(k)} of ${count(estimate.n)} `;
  return (
    <td className="num">
      {value === null ? (
        <span className="muted" title={estimate.says}>
          {tally}
          {estimate.n === 0 ? "none" : "too few"}
        </span>
      ) : (
        <>
          <b>{value}</b>{" "}
          <span className="muted">
            {tally}
            {intervalWords(estimate) ?? ""}
          </span>
        </>
      )}
    </td>
  );
}

function Table({ kind, window, by }: { kind: Origin; window: Window; by: Group }) {
  const { value, error } = useFresh(useMemo(() => reportOf(kind, window, by), [kind, window, by]));
  if (value === null) return error === null ? <Bars lines={4} /> : <Failed words={error} retry={() => void reportOf(kind, window, by).load()} />;
  return (
    <>
      <div className={css.tableBox} tabIndex={0} role="region" aria-label="Figures by kind of incident">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{GROUPS.find((one) => one.value === by)?.label}</th>
              <th scope="col">Incidents</th>
              <th scope="col">Open</th>
              {COLUMNS.map(([key, title]) => (
                <th key={key} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.strata.map((stratum) => (
              <tr key={stratum.name}>
                <th scope="row">{nameOf(stratum, by)}</th>
                <td className="num">{count(stratum.n)}</td>
                <td className="num">{count(stratum.open)}</td>
                {COLUMNS.map(([key]) => (
                  <Cell key={key} figure={stratum.figures.find((figure) => figure.key === key)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted num">as of {clock(value.as_of)} UTC</p>
    </>
  );
}

/** The same figures by severity, service, team, or who restored it. */
export function Strata({ kind, window }: { kind: Origin; window: Window }) {
  const [asked, setBy] = useParam("by");
  const by = readGroup(asked);
  return (
    <details
      className={`${css.strata} panel live`}
      open={by !== null}
      onToggle={(event) => {
        if (event.currentTarget.open !== (by !== null)) setBy(event.currentTarget.open ? "severity" : null);
      }}
    >
      <summary>By severity, service, team or who restored it</summary>
      {by === null ? null : (
        <div className={css.inset}>
          <Choice label="By" options={GROUPS} value={by} onChange={setBy} />
          <Table kind={kind} window={window} by={by} />
        </div>
      )}
    </details>
  );
}
