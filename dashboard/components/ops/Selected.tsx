"use client";

import Link from "next/link";
import type { Evidence, IncidentDetail, IncidentSummary } from "@/lib/api/types";
import { lastResponse } from "@/lib/board/phases";
import { isEnded, verificationWords } from "@/lib/board/words";
import { useChannel, useLive } from "@/lib/live/hooks";
import { incidentHref } from "@/lib/url";
import { MetricChart } from "../chart/MetricChart";
import { ApprovalCard } from "../findings/ApprovalCard";
import { Hypotheses } from "../findings/Hypotheses";
import { Outlook } from "../findings/Outlook";
import { Bars, Empty } from "../kit/Notice";
import { AsOf } from "../marks/AsOf";
import { Severity } from "../marks/Severity";
import css from "./ops.module.css";

/** The series that best shows what the newest response found: the first indicator's, else the first metric with an onset. */
export function leadingEvidence(detail: IncidentDetail): Evidence | null {
  const cited = lastResponse(detail.timeline).flatMap((entry) => entry.evidence_ids);
  const indicated = (detail.detection?.indicators ?? []).map((one) => one.evidence_id);
  const metrics = [...new Set([...indicated, ...cited])]
    .flatMap((id) => detail.evidence[id] ?? [])
    .filter((piece) => piece.kind === "metric" && piece.series.length > 0);
  const first = metrics.find((piece) => piece.id === indicated[0]);
  return first ?? metrics.find((piece) => piece.onset !== null) ?? metrics[0] ?? null;
}

function Outcome({ detail }: { detail: IncidentDetail }) {
  const { verification, escalation } = detail;
  if (verification !== null) {
    return (
      <section>
        <h3>{verificationWords(verification)}</h3>
        <p className="dim">{verification.says}</p>
      </section>
    );
  }
  if (escalation === null) return null;
  return (
    <section>
      <h3>Escalated</h3>
      <p className="dim">{escalation.reason}</p>
    </section>
  );
}

function Findings({ detail, row }: { detail: IncidentDetail; row: IncidentSummary }) {
  const chart = leadingEvidence(detail);
  return (
    <>
      {chart === null ? (
        <section>
          <p className="muted">No series yet: detection has not confirmed anything.</p>
        </section>
      ) : (
        <section>
          <h3>{chart.title}</h3>
          <MetricChart evidence={chart} height={92} />
        </section>
      )}
      <Outcome detail={detail} />
      {detail.diagnosis === null ? null : (
        <section>
          <h3>What it is</h3>
          <Hypotheses diagnosis={detail.diagnosis} most={2} />
        </section>
      )}
      {detail.prediction === null || isEnded(row) ? null : (
        <section>
          <h3>If nothing is done</h3>
          <Outlook prediction={detail.prediction} most={1} />
        </section>
      )}
      {detail.gaps.length === 0 ? null : (
        <section>
          <p className="muted">Not looked at: {detail.gaps.map((gap) => gap.source).join(", ")}.</p>
        </section>
      )}
    </>
  );
}

/** What is known of the selected incident, short enough to decide on. */
export function Selected({ row }: { row: IncidentSummary | null }) {
  const id = row?.id ?? null;
  useChannel(id === null ? null : `incident:${id}`);
  const detail = useLive((state) => (id === null ? undefined : state.details[id]));
  const loaded = useLive((state) => state.incidents !== null);
  if (row === null) {
    return (
      <aside className={`${css.side} panel live`} aria-label="Selected incident">
        {loaded ? <Empty title="Nothing is selected">What is known of an incident stands here.</Empty> : <Bars lines={10} />}
      </aside>
    );
  }
  return (
    <aside className={`${css.side} panel live`} aria-labelledby="selected-title">
      <header className="panelHead">
        <Severity severity={row.severity} />
        <h2 id="selected-title" className={css.sideTitle}>
          {row.title}
        </h2>
        <AsOf />
        <Link href={incidentHref(row.id)} prefetch={false} aria-label={`Open ${row.id}`}>
          Open <span className="kbd">↵</span>
        </Link>
      </header>
      <div className={css.sideBody} key={row.id} tabIndex={0} role="region" aria-label="What is known">
        {detail === undefined ? <Bars lines={10} /> : <Findings detail={detail} row={row} />}
      </div>
      <ApprovalCard row={row} plan={detail?.plan ?? null} diagnosis={detail?.diagnosis ?? null} brief />
    </aside>
  );
}
