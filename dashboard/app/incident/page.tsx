import type { Metadata } from "next";
import { Frame } from "@/components/frame/Frame";
import { IncidentPage } from "@/components/incident/IncidentPage";

export const metadata: Metadata = { title: "Incident · Quell" };

export default function Page() {
  return (
    <Frame>
      <IncidentPage />
    </Frame>
  );
}
