import type { Metadata } from "next";
import { Suspense } from "react";
import { Operations } from "@/components/ops/Operations";
import { OperationsSkeleton } from "@/components/ops/OperationsSkeleton";

export const metadata: Metadata = { title: "Operations · Quell" };

export default function Page() {
  return (
    <Suspense fallback={<OperationsSkeleton />}>
      <Operations />
    </Suspense>
  );
}
