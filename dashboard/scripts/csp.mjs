// Writes out/csp.json: one Content-Security-Policy per page, with the hash of each of its inline scripts.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OUT, pages } from "./pages.mjs";

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;
const INLINE_STYLE = /<style[\s>]|<[a-z][^>]*\sstyle="/i;

function policy(html) {
  const hashes = new Set(
    [...html.matchAll(INLINE_SCRIPT)].map(
      ([, body]) => `'sha256-${createHash("sha256").update(body, "utf8").digest("base64")}'`,
    ),
  );
  return [
    "default-src 'self'",
    `script-src 'self' ${[...hashes].join(" ")}`.trim(),
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const policies = {};
for (const { path, html } of pages()) {
  if (INLINE_STYLE.test(html)) throw new Error(`${path} holds an inline style, which style-src 'self' would refuse`);
  policies[path] = policy(html);
}
writeFileSync(join(OUT, "csp.json"), `${JSON.stringify(policies, null, 2)}\n`);
console.log(`csp.json: ${Object.keys(policies).length} pages`);
