import type { Metadata } from "next";
import { Suspense } from "react";
import { IncidentPage } from "@/components/incident/IncidentPage";
import { IncidentSkeleton } from "@/components/incident/IncidentSkeleton";

export const metadata: Metadata = { title: "Incident · Quell" };

export default function Page() {
  return (
    <Suspense fallback={<IncidentSkeleton />}>
      <IncidentPage />
    </Suspense>
  );
}
