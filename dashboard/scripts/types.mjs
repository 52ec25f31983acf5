// Generates lib/api/schema.ts from docs/openapi.json and lib/realtime/wire.ts from docs/asyncapi.json, or from files of
// the same names in the folder named after --from. With --check it writes nothing and fails when a file on disk differs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";
import openapi, { astToString } from "openapi-typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const named = process.argv.indexOf("--from");
const docs = named < 0 ? join(here, "..", "..", "docs") : process.argv[named + 1];
const read = (name) => JSON.parse(readFileSync(join(docs, name), "utf8"));

async function rest() {
  return `// Generated from docs/openapi.json by \`npm run types\`.\n${astToString(await openapi(read("openapi.json"), { alphabetize: true }))}`;
}

async function live() {
  const { components, operations } = read("asyncapi.json");
  const text = JSON.stringify(components.schemas).replaceAll("#/components/schemas/", "#/definitions/");
  const union = (operation) => ({
    anyOf: operation.messages.map(({ $ref }) => ({ $ref: `#/definitions/${$ref.split("/").at(-1)}` })),
  });
  const root = {
    type: "object",
    properties: { client: { $ref: "#/definitions/ClientMessage" }, server: { $ref: "#/definitions/ServerMessage" } },
    definitions: {
      ...JSON.parse(text),
      ClientMessage: union(operations.say),
      ServerMessage: union(operations.hear),
    },
  };
  const options = { additionalProperties: false, bannerComment: "// Generated from docs/asyncapi.json by `npm run types`.", format: false };
  return compile(root, "Wire", options);
}

const stale = [];
for (const [name, make] of [["lib/api/schema.ts", rest], ["lib/realtime/wire.ts", live]]) {
  const target = join(here, "..", name);
  const made = await make();
  const held = existsSync(target) ? readFileSync(target, "utf8") : null;
  if (held === made) continue;
  if (process.argv.includes("--check")) stale.push(name);
  else writeFileSync(target, made);
}
if (stale.length > 0) {
  console.error(`${stale.join(" and ")} ${stale.length > 1 ? "do" : "does"} not match docs/: run \`npm run types\``);
  process.exit(1);
}
