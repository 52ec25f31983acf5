"use client";

import { useState, type MouseEvent } from "react";
import { getFile } from "@/lib/api/request";
import { token } from "@/lib/api/token";

const NAME = "quell-outcomes.csv";

/** Give a file to the browser's downloads. */
function download(file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

/** Every record as CSV; a link, which cannot carry a token, is followed by hand when there is one. */
export function CsvLink({ href }: { href: string }) {
  const [error, setError] = useState<string | null>(null);
  const follow = (event: MouseEvent) => {
    if (token() === null) return;
    event.preventDefault();
    setError(null);
    getFile(href).then(download, (failed: unknown) => setError(failed instanceof Error ? failed.message : String(failed)));
  };
  return (
    <>
      <a className="tag" href={href} download={NAME} onClick={follow} title="Every record of this kind, with its times and where they come from">
        CSV
      </a>
      {error === null ? null : <span role="alert">{error}</span>}
    </>
  );
}
