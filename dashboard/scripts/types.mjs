// Generates lib/api/schema.ts from docs/openapi.json; with --check it fails when the file on disk differs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = join(here, "..", "..", "docs", "openapi.json");
const target = join(here, "..", "lib", "api", "schema.ts");

if (!existsSync(source)) {
  console.log("docs/openapi.json does not exist yet: nothing to generate");
  process.exit(0);
}
const made = `// Generated from docs/openapi.json by \`npm run types\`.\n${astToString(await openapi(JSON.parse(readFileSync(source, "utf8"))))}`;
if (!process.argv.includes("--check")) {
  writeFileSync(target, made);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== made) {
  console.error("lib/api/schema.ts does not match docs/openapi.json: run `npm run types`");
  process.exit(1);
}
