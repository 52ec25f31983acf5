"use client";

import { useState } from "react";
import type { Evidence, IncidentDetail } from "@/lib/api/types";
import { clock } from "@/lib/format/time";
import { MetricChart } from "../chart/MetricChart";
import { SeriesTable } from "../chart/SeriesTable";
import { Flagged } from "../marks/Flagged";
import { ChangeList, LogList } from "./EvidenceLists";
import { evidenceAnchor, sideOf } from "./evidence";
import css from "./incident.module.css";

const SHOWN = 4;

function Metric({ piece }: { piece: Evidence }) {
  const [table, setTable] = useState(false);
  return (
    <>
      {table ? <SeriesTable evidence={piece} /> : <MetricChart evidence={piece} />}
      <button type="button" className={`linkButton ${css.swap}`} onClick={() => setTable(!table)} aria-pressed={table}>
        {table ? "As a chart" : "As a table"}
      </button>
    </>
  );
}

function Edges({ piece }: { piece: Evidence }) {
  return (
    <ul className={css.edges}>
      {piece.edges.map(([caller, callee]) => (
        <li key={`${caller} ${callee}`}>
          {caller} → {callee}
        </li>
      ))}
    </ul>
  );
}

function Data({ piece }: { piece: Evidence }) {
  if (piece.series.length > 0) return <Metric piece={piece} />;
  if (piece.patterns.length > 0) return <LogList patterns={piece.patterns} />;
  if (piece.changes.length > 0) return <ChangeList changes={piece.changes} onset={piece.onset} />;
  if (piece.edges.length > 0) return <Edges piece={piece} />;
  return <p className="muted">The source gave nothing in this window.</p>;
}

/** One piece of evidence: what it shows, the data, the query and its window. */
export function EvidenceCard({ piece, side }: { piece: Evidence; side: string | null }) {
  return (
    <article className={css.evidence} id={evidenceAnchor(piece.id)} tabIndex={-1} aria-label={`${piece.id}: ${piece.title}`}>
      <h4>
        <span className="tag">{piece.id}</span> {side === null ? "" : `${side}: `}
        {piece.title}
        <Flagged flags={piece.flagged} />
      </h4>
      <p className="dim">{piece.says}</p>
      <Data piece={piece} />
      <p className={css.query} title={piece.query}>
        <span>{piece.source}</span> · {clock(piece.window.start)} to {clock(piece.window.end)} · <code>{piece.query}</code>
      </p>
    </article>
  );
}

/** The pieces of evidence of a cell, the first few at once. */
export function EvidenceCards({ ids, detail }: { ids: readonly string[]; detail: IncidentDetail }) {
  const [all, setAll] = useState(false);
  const pieces = ids.flatMap((id) => detail.evidence[id] ?? []);
  if (pieces.length === 0) return null;
  return (
    <>
      <div className={css.cards}>
        {pieces.slice(0, all ? undefined : SHOWN).map((piece) => (
          <EvidenceCard key={piece.id} piece={piece} side={sideOf(detail.diagnosis, piece.id)} />
        ))}
      </div>
      {pieces.length > SHOWN && !all ? (
        <button type="button" className="linkButton" onClick={() => setAll(true)}>
          {pieces.length - SHOWN} more pieces of evidence
        </button>
      ) : null}
    </>
  );
}
