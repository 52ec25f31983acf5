"use client";

import { moment } from "@/lib/format/time";
import type { Origin, Report } from "@/lib/outcomes/types";
import { DEFAULT_WINDOW, type Window } from "@/lib/outcomes/view";
import { KIND } from "@/lib/outcomes/words";
import { setParam } from "@/lib/url";
import { Choice, type Option } from "../kit/Choice";
import css from "./outcomes.module.css";

const KINDS: readonly Option<Origin | "">[] = (["real", "drill", "maintenance"] as const).map((value) => ({ value, label: KIND[value] }));

const WINDOWS: readonly Option<Window>[] = [
  { value: "7d", label: "7 d" },
  { value: "28d", label: "28 d" },
  { value: "90d", label: "90 d" },
  { value: "365d", label: "365 d" },
  { value: "all", label: "All" },
];

/** Which kind of incidents, and since when; both stand in the address. */
export function Controls({ kind, window, report }: { kind: Origin | null; window: Window; report: Report | null }) {
  return (
    <div className={css.controls}>
      <Choice label="Kind of incidents" options={KINDS} value={kind ?? ""} onChange={(value) => setParam("kind", value)} />
      <Choice
        label="Window"
        options={WINDOWS}
        value={window}
        onChange={(value) => setParam("window", value === DEFAULT_WINDOW ? null : value)}
      />
      <span className="spring" />
      <span className="muted num">{report === null ? "" : `as of ${moment(report.as_of)}`}</span>
    </div>
  );
}
