import type { Metadata } from "next";
import { Suspense } from "react";
import { Executive } from "@/components/outcomes/Executive";
import { ExecutiveSkeleton } from "@/components/outcomes/ExecutiveSkeleton";

export const metadata: Metadata = { title: "Executive · Quell" };

export default function Page() {
  return (
    <Suspense fallback={<ExecutiveSkeleton />}>
      <Executive />
    </Suspense>
  );
}
