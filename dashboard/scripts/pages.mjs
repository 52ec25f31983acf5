import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Where `next build` puts the export. */
export const OUT = join(dirname(fileURLToPath(import.meta.url)), "..", "out");

/** Every HTML file of the export as {path: "/ops/index.html", html}. */
export function pages() {
  return readdirSync(OUT, { recursive: true })
    .filter((name) => name.endsWith(".html"))
    .sort()
    .map((name) => ({
      path: `/${relative(OUT, join(OUT, name)).split(sep).join("/")}`,
      html: readFileSync(join(OUT, name), "utf8"),
    }));
}
