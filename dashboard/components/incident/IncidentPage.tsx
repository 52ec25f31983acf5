"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect, useState } from "react";
import { readIncident } from "@/lib/api/incidents";
import { ApiError } from "@/lib/api/request";
import type { IncidentDetail } from "@/lib/api/types";
import { useKeys } from "@/lib/keys";
import { live } from "@/lib/live/client";
import { DETAIL_PREFIX } from "@/lib/live/fold";
import { useChannel, useLive } from "@/lib/live/hooks";
import { useParam } from "@/lib/url";
import { ApprovalCard, focusApproval, isAsked } from "../findings/ApprovalCard";
import { Empty, Failed } from "../kit/Notice";
import { Alerts } from "./Alerts";
import { Aside } from "./Aside";
import { Header } from "./Header";
import { IncidentSkeleton } from "./IncidentSkeleton";
import { Timeline } from "./Timeline";
import { Waterfall } from "./Waterfall";
import css from "./incident.module.css";

type Reading = { state: "reading" } | { state: "read" } | { state: "unknown" } | { state: "failed"; words: string };

/** Read an incident over REST, for its first picture and for the words when there is none. */
function useReading(id: string | null): [Reading, () => void] {
  const [reading, setReading] = useState<Reading>({ state: "reading" });
  const read = useCallback(async () => {
    if (id === null) return;
    try {
      live().put({ kind: "read", channel: DETAIL_PREFIX + id, data: await readIncident(id) });
      setReading({ state: "read" });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) setReading({ state: "unknown" });
      else setReading({ state: "failed", words: error instanceof Error ? error.message : String(error) });
    }
  }, [id]);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the state is set when the answer is there
    void read();
  }, [read]);
  return [reading, () => void read()];
}

function Missing({ id }: { id: string | null }) {
  return (
    <div className={`panel ${css.alone}`}>
      <Empty title={id === null || id === "" ? "No incident is named in this address" : `There is no incident ${id}`}>
        <p>{id === null || id === "" ? "The address should end in ?id= and the incident's name." : "It may belong to another Quell, or its log was removed."}</p>
        <a href="/ops/" className="button">
          Go to operations
        </a>
      </Empty>
    </div>
  );
}

function Loaded({ detail }: { detail: IncidentDetail }) {
  const asked = isAsked(detail.summary);
  useEffect(() => {
    document.title = `${detail.summary.title} · Quell`;
  }, [detail.summary.title]);
  return (
    <div className={asked ? `${css.page} ${css.asked}` : css.page} data-asked={asked ? "" : undefined}>
      <div className={`panel live ${css.head}`}>
        <Header detail={detail} />
        <Waterfall phases={detail.summary.phases} timeline={detail.timeline} />
      </div>
      <div className={css.side}>
        <ApprovalCard row={detail.summary} plan={detail.plan} diagnosis={detail.diagnosis} />
        <Aside detail={detail} />
      </div>
      <div className={css.main}>
        <Timeline detail={detail} />
        <Alerts detail={detail} />
      </div>
    </div>
  );
}

/** Everything about one incident: `/incident/?id=INC-1`. */
export function IncidentPage() {
  const router = useRouter();
  const [id] = useParam("id");
  const [reading, retry] = useReading(id);
  const detail = useLive((state) => (id ? state.details[id] : undefined));
  useChannel(id && reading.state !== "unknown" ? DETAIL_PREFIX + id : null);
  useKeys({ a: focusApproval, Escape: () => router.push(`/ops/?incident=${encodeURIComponent(id ?? "")}`) });
  if (id === null || id === "" || (reading.state === "unknown" && detail === undefined)) return <Missing id={id} />;
  if (detail !== undefined) return <Loaded detail={detail} />;
  return <IncidentSkeleton>{reading.state === "failed" ? <Failed words={reading.words} retry={retry} /> : undefined}</IncidentSkeleton>;
}
