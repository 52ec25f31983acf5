// Test only: pictures of the pages. node e2e/shoot.mjs BASE_URL FOLDER [name,name...]
import AxeBuilder from "@axe-core/playwright";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, folder, only] = process.argv.slice(2);
const wanted = only?.split(",");
const PAGES = { ops: "/ops/", agents: "/ops/?tab=agents", agentsreal: "/ops/?tab=agents&of=real", incident: "/incident/?id=INC-1042", resolved: "/incident/?id=INC-1027", escalated: "/incident/?id=INC-1031", missing: "/incident/?id=INC-404", named: `/incident/?id=${process.env.INCIDENT ?? "INC-1"}` };
const SIZES = { wide: { width: 1280, height: 880 }, phone: { width: 390, height: 844 }, narrow: { width: 320, height: 700 }, wall: { width: 1720, height: 1000 } };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
for (const [page, path] of Object.entries(PAGES)) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const theme of ["light", "dark"]) {
      const name = `${page}-${size}-${theme}`;
      if (wanted ? !wanted.includes(name) : page === "named") continue;
      const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
      const tab = await context.newPage();
      tab.on("console", (message) => ["error", "warning"].includes(message.type()) && console.log(`${name}: ${message.text()}`));
      tab.on("pageerror", (error) => console.log(`${name}: ${error.message}`));
      await tab.goto(base + path);
      await tab.waitForTimeout(1800);
      await tab.screenshot({ path: join(folder, `${name}.png`), fullPage: size !== "wide" || page !== "ops" });
      const tall = await tab.evaluate(() => document.documentElement.scrollHeight);
      for (let top = 0; size === "phone" && top < tall; top += 1500) {
        const clip = { x: 0, y: top, width: viewport.width, height: Math.min(1500, tall - top) };
        await tab.screenshot({ path: join(folder, `${name}-${top / 1500}.png`), fullPage: true, clip });
      }
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      const tall0 = await tab.evaluate(() => document.documentElement.scrollHeight - innerHeight);
      if (page === "ops" && (size === "wide" || size === "wall") && tall0 > 0) console.log(`${name}: the wall scrolls by ${tall0} px`);
      if (wide > 0) console.log(`${name}: scrolls sideways by ${wide} px`);
      const found = await new AxeBuilder({ page: tab }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
      for (const one of found.violations) console.log(`${name}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
      await context.close();
    }
  }
}
await browser.close();
