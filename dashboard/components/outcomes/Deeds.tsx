import Link from "next/link";
import type { Loaded } from "@/lib/api/resource";
import { moment } from "@/lib/format/time";
import type { Did, TrendReport } from "@/lib/outcomes/types";
import { RESTORED, spanWords, whenWords } from "@/lib/outcomes/words";
import { incidentHref } from "@/lib/url";
import css from "./outcomes.module.css";

/** What was done, by whom, in how long: `rolled back inventory, 3 min`. */
function deed(did: Did): string {
  const restored = did.restored_by === "unknown" ? "restored" : `restored ${RESTORED[did.restored_by]}`;
  const what = did.prevented ? "prevented" : did.did !== "" ? did.did : restored;
  return did.lasted_s === null ? what : `${what}, ${spanWords(did.lasted_s)}`;
}

/** The last five incidents that ended. */
export function Deeds({ trend }: { trend: Loaded<TrendReport> }) {
  const report = trend.value;
  if (report === null || report.did.length === 0) return null;
  return (
    <section className="panel live" aria-labelledby="deeds-title">
      <h2 id="deeds-title" className="unseen">
        What the system did last
      </h2>
      <ol className={css.deeds}>
        {report.did.map((did) => (
          <li key={did.id}>
            <time className="muted" dateTime={did.at} title={moment(did.at)}>
              {whenWords(did.at, report.as_of)}
            </time>
            {did.imported ? (
              <b title={did.title}>{did.title}</b>
            ) : (
              <Link href={incidentHref(did.id)} prefetch={false} title={did.title}>
                {did.title}
              </Link>
            )}
            <span className="dim">{deed(did)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
