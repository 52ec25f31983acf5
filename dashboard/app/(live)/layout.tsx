import type { ReactNode } from "react";
import { Frame } from "@/components/frame/Frame";

/** One frame, and so one connection, for all pages that show live state. */
export default function Layout({ children }: { children: ReactNode }) {
  return <Frame>{children}</Frame>;
}
