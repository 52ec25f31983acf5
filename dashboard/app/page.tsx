import type { Metadata } from "next";

export const metadata: Metadata = { title: "Quell" };

/** The root only points to the operations page; servers may redirect before it is read. */
export default function Root() {
  return (
    <main>
      <meta httpEquiv="refresh" content="0; url=/ops/" />
      <p>
        <a href="/ops/">Operations</a>
      </p>
    </main>
  );
}
