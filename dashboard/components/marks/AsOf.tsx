"use client";

import { clock } from "@/lib/format/time";
import { useConnection } from "@/lib/live/hooks";

/** From when the figures of a panel are; nothing while the page is live. */
export function AsOf() {
  const { stale, heardAt } = useConnection();
  if (!stale || heardAt === null) return null;
  return <span className="asOf num">as of {clock(heardAt)} UTC</span>;
}
