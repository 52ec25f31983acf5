// Generates lib/api/schema.ts from docs/openapi.json, or from the file named after --from.
// With --check it writes nothing and fails when the file on disk differs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const named = process.argv.indexOf("--from");
const source = named < 0 ? join(here, "..", "..", "docs", "openapi.json") : process.argv[named + 1];
const target = join(here, "..", "lib", "api", "schema.ts");

if (!existsSync(source)) {
  console.log(`${source} does not exist: nothing to generate from`);
  process.exit(0);
}
const made = `// Generated from docs/openapi.json by \`npm run types\`.\n${astToString(await openapi(JSON.parse(readFileSync(source, "utf8")), { alphabetize: true }))}`;
if (!process.argv.includes("--check")) {
  writeFileSync(target, made);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== made) {
  console.error("lib/api/schema.ts does not match docs/openapi.json: run `npm run types`");
  process.exit(1);
}
