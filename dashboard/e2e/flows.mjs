// Test only: walks through the pages against the fake server and fails when one does not do as it should.
// node e2e/flows.mjs [FOLDER for pictures] [words of one name]
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const folder = process.argv[2];
const only = process.argv[3];
if (folder) mkdirSync(folder, { recursive: true });

async function server(...args) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("fake-server.mjs", import.meta.url)), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { child, base: new URL(String(line)).origin, stop: async () => { child.kill(); await once(child, "exit"); } };
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 880 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => { throw error; });
  page.on("console", (message) => { if (message.type() === "error" && !/Failed to load|WebSocket/.test(message.text())) throw new Error(message.text()); });
  await page.goto(url);
  return page;
}
const shot = (page, name) => (folder ? page.screenshot({ path: join(folder, `${name}.png`) }) : undefined);

const flows = {
  async "keys move, open, focus the approval and turn the theme"() {
    const fake = await server();
    const page = await open(`${fake.base}/ops/`);
    const current = () => page.locator("[role=row][aria-current=true]").getAttribute("id");
    await page.locator("#row-INC-1042").waitFor();
    assert.equal(await current(), "row-INC-1042");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    assert.equal(await current(), "row-INC-1031");
    assert.match(page.url(), /incident=INC-1031/);
    await page.keyboard.press("k");
    await page.keyboard.press("a");
    assert.equal(await page.evaluate(() => document.activeElement.id), "approval");
    await page.keyboard.press("t");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await shot(page, "help");
    await page.keyboard.press("Escape");
    await page.locator("#row-INC-1042").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/incident\/\?id=INC-1042/);
    await page.getByText("What happened").waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(/ops\/\?incident=INC-1042/);
    await fake.stop();
  },

  async "approving runs the plan to its end"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1042`);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved", { exact: true }).waitFor();
    await page.getByText("Resolved verified").waitFor();
    await page.getByRole("button", { name: "Reopen" }).waitFor();
    await fake.stop();
  },

  async "rejecting asks for a reason"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1042`);
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByLabel("Why not?").fill("wait for the maintenance window");
    await shot(page, "reject");
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByText("Plan rejected").waitFor();
    await fake.stop();
  },

  async "a plan that changed is reviewed before it can be approved"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1042`);
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await fetch(`${fake.base}/api/v1/test/replan`, { method: "POST" });
    await page.getByText("Plan changed, review.").waitFor();
    assert.ok(await page.getByRole("button", { name: "Approve", exact: true }).isDisabled());
    await shot(page, "changed");
    await page.getByRole("button", { name: "I have reviewed it" }).click();
    assert.ok(await page.getByRole("button", { name: "Approve", exact: true }).isEnabled());
    await fake.stop();
  },

  async "a page whose server died goes stale, cannot approve, and catches up"() {
    let fake = await server("--quiet");
    const port = new URL(fake.base).port;
    const page = await open(`${fake.base}/ops/`);
    await page.getByText(/^Live/).waitFor();
    await fake.stop();
    await page.getByText(/Reconnecting|Polling|next try/).waitFor();
    await shot(page, "reconnecting");
    await page.getByText(/Stale/).waitFor({ timeout: 30_000 });
    assert.ok(await page.getByRole("button", { name: "Approve" }).isDisabled());
    await page.getByText("Not while what is shown is stale.").waitFor();
    await page.getByRole("alert").getByText("Not live.").waitFor();
    assert.match(await page.title(), /^Not live/);
    await shot(page, "stale");
    fake = await server("--quiet", "--port", port);
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.getByText(/^Live/).waitFor();
    assert.ok(await page.getByRole("button", { name: "Approve" }).isEnabled());
    await fake.stop();
  },

  async "an action is taken back after asking"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1027`);
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByText("Take back roll back on cart?").waitFor();
    await page.getByLabel("Why is it taken back?").fill("the old release had a hole");
    await shot(page, "take-back-asks");
    await page.getByRole("button", { name: "Take it back on cart" }).click();
    await page.getByText("It was taken back.").waitFor();
    await shot(page, "take-back-done");
    await fake.stop();
  },

  async "an incident that somebody has is taken over after asking, and the agents look again after a hand-over"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1039`);
    await page.getByText("Agents look again").waitFor();
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByText("ada (unproven) has this incident", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Yes, take over" }).click();
    await page.getByText("Acknowledged", { exact: true }).first().waitFor();
    await page.goto(`${fake.base}/incident/?id=INC-1031`);
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByRole("textbox").press("Enter");
    await page.getByText("Escalated: a person must take over").waitFor({ state: "detached" });
    await fake.stop();
  },

  async "other trouble is merged after asking"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1042`);
    await page.getByRole("button", { name: "Merge into INC-1039" }).click();
    await page.getByLabel("Why do they belong together?").fill("one host");
    await page.getByRole("button", { name: "Merge into INC-1039" }).click();
    await page.getByRole("link", { name: "Merged into INC-1039" }).waitFor();
    await fake.stop();
  },

  async "pausing holds the stream and counts what comes"() {
    const fake = await server();
    const page = await open(`${fake.base}/ops/`);
    await page.getByRole("button", { name: /Pause/ }).waitFor();
    await page.getByText(/diagnose: \d of 7/).first().waitFor();
    await page.keyboard.press("p");
    const first = await page.getByRole("region", { name: "Event lines" }).locator("time").first().textContent();
    await page.getByText(/^[1-9]\d* new$/).waitFor();
    assert.equal(await page.getByRole("region", { name: "Event lines" }).locator("time").first().textContent(), first);
    await page.getByRole("button", { name: /Jump to live/ }).click();
    await page.getByRole("button", { name: /Pause/ }).waitFor();
    await fake.stop();
  },

  async "an empty board says why and what to do, and a drill fills it"() {
    const fake = await server("--empty");
    const page = await open(`${fake.base}/ops/`);
    await page.getByText("No incident is open").waitFor();
    await shot(page, "empty");
    await page.getByRole("button", { name: "Start a drill" }).click();
    await page.locator("#row-INC-2000").waitFor();
    await page.getByText("A drill runs").waitFor();
    await page.getByRole("link", { name: "Cart returns errors" }).click();
    await page.getByText("Resolved verified").waitFor({ timeout: 25_000 });
    await fake.stop();
  },

  async "a server with a token asks for it"() {
    const fake = await server("--token", "s3cret");
    const page = await open(`${fake.base}/ops/`);
    await page.getByRole("heading", { name: "This Quell asks for a token" }).waitFor();
    await shot(page, "token");
    await page.getByRole("textbox", { name: "Token" }).fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("was refused").waitFor();
    await page.getByRole("textbox", { name: "Token" }).fill("s3cret");
    await page.keyboard.press("Enter");
    await page.getByText(/^Live/).waitFor();
    await page.getByText("Lab data").waitFor();
    await fake.stop();
  },

  async "filters stand in the address"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/ops/?severity=SEV2&show=open`);
    await page.locator("#row-INC-1039").waitFor();
    assert.equal(await page.locator("[id^=row-]").count(), 2);
    await page.getByLabel("Service", { exact: true }).selectOption("catalog");
    assert.match(page.url(), /service=catalog/);
    await page.locator("#row-INC-1038").waitFor({ state: "detached" });
    assert.equal(await page.locator("[id^=row-]").count(), 1);
    await fake.stop();
  },

  async "nothing a payload holds runs"() {
    const fake = await server("--quiet");
    const page = await open(`${fake.base}/incident/?id=INC-1042`);
    await page.getByText("timeout acquiring connection").first().waitFor();
    assert.equal(await page.locator("main script").count(), 0);
    await fake.stop();
  },
};

let failed = 0;
for (const [name, flow] of Object.entries(flows)) {
  if (only && !name.includes(only)) continue;
  try {
    await flow();
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}\n  ${error.message}`);
  }
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
