// Copies the export to where the Python package serves it from.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { OUT } from "./pages.mjs";

const TARGET = join(OUT, "..", "..", "src", "quell", "dashboard");
rmSync(TARGET, { recursive: true, force: true });
cpSync(OUT, TARGET, { recursive: true });
console.log("copied to src/quell/dashboard");
