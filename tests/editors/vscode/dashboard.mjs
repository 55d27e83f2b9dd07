/**
 * The dashboard's page as a user meets it: drawn, kept up to date without losing one's place, worked
 * with the keyboard alone, and without a fault that axe-core knows of, in the light and in the dark.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { PATIENCE } from "./waiting.mjs";

const AXE = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const TESTS = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mirador-dashboard-"));
const env = { PATH: process.env.PATH, HOME: folder, PYTHONPATH: TESTS };
for (const name of ["CONFIG", "CACHE", "STATE", "RUNTIME"]) env[`MIRADOR_${name}_DIR`] = join(folder, name.toLowerCase());

/** Count some requests of the last days, as Mirador does. */
const count = (requests) => {
  const text = `
import asyncio
from pathlib import Path
from fakes.dashboard import record
from fakes.metrics import DAY, request, stage_run
from mirador_lsp.core.metrics import ChangeFigures
from mirador_lsp.ipc.clock import SystemClock
now = SystemClock().wall()
change = ChangeFigures(offered=True, rung="tests", attempts=1)
asyncio.run(record(Path(${JSON.stringify(folder)}), [
    request("fix" if n % 3 else "review", now - DAY * (n % 6), change=change if n % 3 else None,
            stages=(stage_run("quick", "small", first=0.2 + n / 50), stage_run(first=0.7, kept=n % 2)))
    for n in range(${requests})
]))`;
  const done = spawnSync(join(dirname(process.env.MIRADOR), "python"), ["-c", text], { env, encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
};

const faults = async (page, where) => {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document));
  const told = found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(told, [], where);
  assert.ok(found.passes.length > 15, "axe-core looked at too little");
};

const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-gpu"],
});
const said = [];
const opened = async (address, colorScheme, size) => {
  const page = await browser.newPage({ colorScheme, viewport: size });
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(address);
  await page.waitForSelector("body[data-drawn]");
  return page;
};

const server = spawn(process.env.MIRADOR, ["dashboard", "--web"], { env, stdio: ["ignore", "pipe", "inherit"] });
try {
  const address = await new Promise((found, lost) => {
    let text = "";
    server.stdout.on("data", (part) => {
      text += part;
      const match = /http:\S+/.exec(text);
      if (match) found(match[0]);
    });
    server.once("exit", () => lost(new Error("the dashboard has ended")));
  });

  const empty = await opened(address, "light", { width: 900, height: 700 });
  assert.match(await empty.textContent("main"), /Nothing was measured yet/);
  await faults(empty, "with nothing measured");
  await empty.close();

  count(30);
  for (const [scheme, size] of [["light", { width: 1280, height: 1800 }], ["dark", { width: 420, height: 900 }]]) {
    const page = await opened(address, scheme, size);
    const drawn = await page.locator("figure").count();
    assert.ok(drawn >= 9, `${drawn} charts`);
    await faults(page, scheme);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `the page is ${wide} pixels too wide at ${size.width}`);
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `dashboard-${scheme}.png`), fullPage: true });
    await page.close();
  }

  // The keyboard alone: the first stop skips to the figures, a chart opens as a table.
  const page = await opened(address, "light", { width: 1280, height: 900 });
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("details[open] tbody tr").count(), 6);

  // New figures come by themselves, and neither the open table nor the focus is lost.
  count(7);
  await page.waitForFunction(() => document.querySelector(".tiles dd").firstChild.textContent === "37");
  assert.equal(await page.locator("details[open]").count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await faults(page, "with a table open");

  server.kill("SIGINT");
  await new Promise((ended) => server.once("exit", ended));
  assert.equal(server.exitCode, 0);
  await page.waitForFunction(() => document.getElementById("state").textContent.includes("was ended"));
  assert.deepEqual(said.filter((text) => !text.includes("ERR_CONNECTION_REFUSED")), []);

  const target = join(folder, "figures.html");
  assert.equal(spawnSync(process.env.MIRADOR, ["dashboard", "--export", target], { env }).status, 0);
  const kept = await opened(pathToFileURL(target).href, "light", { width: 1280, height: 900 });
  assert.ok((await kept.locator("figure path.bar").count()) > 20);
  await faults(kept, "exported");
  console.log("ok the dashboard: empty, light, dark, by keyboard, live, exported; axe-core finds nothing");
} catch (error) {
  for (const [at, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `failed-dashboard-${at}.png`) }).catch(() => {});
  }
  throw error;
} finally {
  server.kill("SIGKILL");
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
