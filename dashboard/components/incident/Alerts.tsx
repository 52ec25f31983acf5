"use client";

import { useState } from "react";
import type { AlertView, IncidentDetail } from "@/lib/api/types";
import { counted } from "@/lib/format/number";
import { clock } from "@/lib/format/time";
import { webLink } from "@/lib/url";
import { Fold } from "../kit/Fold";
import { Empty } from "../kit/Notice";
import { AsOf } from "../marks/AsOf";
import { Flagged } from "../marks/Flagged";
import css from "./incident.module.css";

const FIRST = 8;

function Name({ alert }: { alert: AlertView }) {
  const link = webLink(alert.link);
  return (
    <>
      {link === null ? (
        <b>{alert.name}</b>
      ) : (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {alert.name}
        </a>
      )}{" "}
      {alert.service ?? <span className="muted">no service</span>}
      {alert.flapping ? <span className="tag">flapping</span> : null}
      <Flagged flags={alert.flagged} />
      <Fold summary="Labels">
        <dl className={css.labels}>
          {[...Object.entries(alert.labels), ...Object.entries(alert.annotations)].map(([name, value], index) => (
            <div key={index}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Fold>
    </>
  );
}

function Line({ alert }: { alert: AlertView }) {
  return (
    <div role="row" className={css.alert}>
      <span role="rowheader" className={css.alertName}>
        <Name alert={alert} />
      </span>
      <span role="cell">
        {alert.severity}
        {alert.severity_known ? null : (
          <span className={css.below} title="This word is not in the published mapping; the higher severity was taken">
            from &ldquo;{alert.severity_raw}&rdquo;
          </span>
        )}
      </span>
      <span role="cell">{alert.status}</span>
      <span role="cell" className="num">
        {clock(alert.starts_at)}
      </span>
      <span role="cell" className={css.alertWhy}>
        {alert.why === "" ? "–" : alert.why}
      </span>
    </div>
  );
}

/** The alerts of the incident, and why each of them is here. */
export function Alerts({ detail }: { detail: IncidentDetail }) {
  const [all, setAll] = useState(false);
  const { total, firing } = detail.summary.alerts;
  const newest = [...detail.alerts].reverse();
  return (
    <section className="panel live" aria-labelledby="alerts-title">
      <header className="panelHead">
        <h2 id="alerts-title">Alerts</h2>
        <AsOf />
        <span className="muted num">
          {total}, {firing} firing{total > detail.alerts.length ? `; the newest ${detail.alerts.length} are here` : ""}
        </span>
      </header>
      {newest.length === 0 ? <Empty title="No alert has joined yet" /> : <Table alerts={newest.slice(0, all ? undefined : FIRST)} />}
      {newest.length > FIRST && !all ? (
        <div className={css.more}>
          <button type="button" className="linkButton" onClick={() => setAll(true)}>
            Show {counted(newest.length - FIRST, "more alert")}
          </button>
        </div>
      ) : null}
    </section>
  );
}

function Table({ alerts }: { alerts: readonly AlertView[] }) {
  return (
    <div role="table" aria-label="Alerts" className={css.alerts}>
      <div role="row" className={css.alertHeads}>
        {["Alert", "Severity", "Status", "Since", "Why it joined"].map((name) => (
          <span role="columnheader" key={name}>
            {name}
          </span>
        ))}
      </div>
      {alerts.map((alert) => (
        <Line key={alert.fingerprint} alert={alert} />
      ))}
    </div>
  );
}
