// Says how much JavaScript each page loads first, gzipped, and fails when a page is over its budget.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OUT, pages } from "./pages.mjs";

const BUDGETS_KB = { "/ops/index.html": 200, "/incident/index.html": 200, "/demo/index.html": 170 };
const SCRIPT = /<script\s([^>]*)src="([^"?]+)[^"]*"([^>]*)>/g;

let over = false;
for (const { path, html } of pages()) {
  const budget = BUDGETS_KB[path];
  if (budget === undefined) continue;
  const files = [...html.matchAll(SCRIPT)].filter(([tag]) => !/nomodule/i.test(tag)).map(([, , src]) => src);
  const bytes = [...new Set(files)].reduce((sum, src) => sum + gzipSync(readFileSync(join(OUT, src))).length, 0);
  console.log(`${path}: ${(bytes / 1000).toFixed(1)} kB of first-load JavaScript, gzipped (budget ${budget} kB)`);
  over ||= bytes > budget * 1000;
}
if (over) process.exit(1);
