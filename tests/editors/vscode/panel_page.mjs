/**
 * The panel's page in a plain browser: the real page with its real policy, script and style sheet,
 * in the colours of VS Code's own themes, and a host that notes what the page says.
 */

import { createRequire } from "node:module";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { PATIENCE } from "./waiting.mjs";

const ORIGIN = "http://panel.test";
const require = createRequire(join(process.env.EXTENSION, "package.json"));
const esbuild = require("esbuild");

/** By their names, the colours that VS Code gives the page. */
export const THEMES = JSON.parse(readFileSync(new URL("themes.json", import.meta.url), "utf8"));
const AXE = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** A module of the extension, made into one that can be imported here. */
export async function load(path) {
  const folder = mkdtempSync(join(tmpdir(), "mirador-module-"));
  const outfile = join(folder, "module.mjs");
  await esbuild.build({
    entryPoints: [join(process.env.EXTENSION, path)],
    bundle: true,
    outfile,
    format: "esm",
    platform: "node",
  });
  try {
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { STYLES, page: html } = await load("src/page.ts");
const script = esbuild.buildSync({
  entryPoints: [join(process.env.EXTENSION, "src/webview/panel.ts")],
  bundle: true,
  write: false,
  format: "iife",
}).outputFiles[0].text;
const styles = STYLES.map((name) => [`/media/panel/${name}`, readFileSync(join(process.env.EXTENSION, "media/panel", name), "utf8")]);

export async function browse() {
  return chromium.launch({
    executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync),
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

/** A page with the panel in it. `kept` is what it had kept before. */
export class PanelPage {
  static async open(browser, { theme = "dark", kept, size = { width: 560, height: 780 }, reducedMotion = "reduce" } = {}) {
    const context = await browser.newContext({ viewport: size, reducedMotion });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const made = new PanelPage(context, page);
    page.on("console", (message) => made.said.push(message.text()));
    page.on("pageerror", (error) => made.said.push(String(error)));
    await page.route("**/*", (route) => made.answer(route));
    await page.addInitScript(host, { theme: THEMES[theme], kept });
    await page.goto(`${ORIGIN}/`);
    await page.waitForFunction(() => globalThis.told.some(({ kind }) => kind === "ready"));
    return made;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    /** What the browser complained about. */
    this.said = [];
    /** What the page asked for besides its own files. */
    this.asked = [];
  }

  async answer(route) {
    const { pathname, origin } = new URL(route.request().url());
    const file = { "/": ["text/html", this.html()], "/dist/panel.js": ["text/javascript", script], ...Object.fromEntries(styles.map(([path, text]) => [path, ["text/css", text]])) }[pathname];
    if (origin !== ORIGIN || file === undefined) {
      this.asked.push(route.request().url());
      await route.abort();
      return;
    }
    await route.fulfill({ contentType: file[0], body: file[1] });
  }

  html() {
    return html({ own: ORIGIN, script: `${ORIGIN}/dist/panel.js`, styles: styles.map(([path]) => ORIGIN + path) });
  }

  /** Sends messages as the extension does, and waits until they are heard and drawn. */
  async tell(...messages) {
    await this.page.evaluate(async (all) => {
      await new Promise((heard) => {
        let left = all.length;
        const count = () => {
          left -= 1;
          if (left === 0) {
            removeEventListener("message", count);
            heard();
          }
        };
        addEventListener("message", count);
        for (const each of all) {
          window.postMessage(each, "*");
        }
      });
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }, messages);
  }

  async show(state, tab) {
    await this.tell({ kind: "state", state }, ...(tab ? [{ kind: "show", tab }] : []));
  }

  /** What the page has told so far, of one kind. */
  async told(kind) {
    return this.page.evaluate((wanted) => globalThis.told.filter((each) => each.kind === wanted), kind);
  }

  /** What axe-core finds wrong. */
  async faults() {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join(" | ")}`);
  }

  async picture(name) {
    if (process.env.SHOTS) {
      await this.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
    }
  }

  async close() {
    await this.context.close();
  }
}

/** Stands for VS Code: its colours, its class, and the object by which a page speaks with it. */
function host({ theme, kept }) {
  globalThis.told = [];
  let state = kept;
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => globalThis.told.push(message),
    getState: () => state,
    setState: (next) => {
      state = next;
      globalThis.kept = next;
    },
  });
  const dress = () => {
    const root = document.documentElement;
    for (const [name, value] of Object.entries(theme.variables)) {
      root.style.setProperty(name, value);
    }
    document.body?.classList.add(...theme.class.split(" "));
  };
  document.addEventListener("DOMContentLoaded", dress);
}
