import type { Metadata } from "next";
import { Frame } from "@/components/frame/Frame";
import { Operations } from "@/components/ops/Operations";

export const metadata: Metadata = { title: "Operations · Quell" };

export default function Page() {
  return (
    <Frame>
      <Operations />
    </Frame>
  );
}
