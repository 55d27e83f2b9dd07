/**
 * A real VS Code without a screen: code-server with the extension installed, seen by a headless
 * browser, in folders of its own that are gone afterwards.
 *
 * Environment: CODE_SERVER and NODE_BIN (see setup.sh), VSIX, MIRADOR (the server's executable),
 * SHOTS (folder for pictures, optional).
 */

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";
import { PATIENCE, again, log } from "./waiting.mjs";

export { PATIENCE, again, log, until } from "./waiting.mjs";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export class Editor {
  constructor(root, server, context, page, port, environment) {
    this.environment = environment;
    this.root = root;
    this.workspace = join(root, "work");
    this.page = page;
    this.port = port;
    this.server = server;
    this.context = context;
  }

  /**
   * files: name to text. script: what the model says (TOML); without it the real models answer.
   * machine: settings of the machine's scope, which a window on a server reads only there.
   * trust: the user is asked whether the workspace is trusted; else it is.
   */
  static async open({ files, script, settings = {}, machine = {}, flags = [], payload, env = {}, trust = false }) {
    const root = mkdtempSync(join(tmpdir(), "mirador-vscode-"));
    const folder = (...names) => {
      const made = join(root, ...names);
      mkdirSync(made, { recursive: true });
      return made;
    };
    const [work, data, extensions] = [folder("work"), folder("data"), folder("extensions")];
    folder("work", ".git");
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(work, name), text);
    }
    write(join(folder("data", "User"), "settings.json"), {
      ...QUIET,
      "security.workspace.trust.enabled": trust,
      ...settings,
    });
    write(join(folder("data", "Machine"), "settings.json"), {
      "mirador.path": process.env.MIRADOR,
      ...machine,
    });
    const environment = {
      ...process.env,
      ...privateFolders(root, script === undefined),
      ...(script === undefined ? {} : scripted(folder("model"), script)),
      PATH: `${process.env.NODE_BIN}:${process.env.PATH}`,
      HOME: root,
      EXTENSIONS_GALLERY: "{}", // else it asks a gallery on the network
      ...env,
    };
    const places = ["--user-data-dir", data, "--extensions-dir", extensions];
    if (payload === undefined) {
      execFileSync(process.env.CODE_SERVER, [...places, "--install-extension", process.env.VSIX], {
        env: environment,
        stdio: "ignore",
      });
    }
    const port = await freePort();
    const server = await serve(port, [...places, ...(trust ? [] : ["--disable-workspace-trust"]), ...flags, work], environment);
    log("code-server listens");
    const context = await chromium.launchPersistentContext(folder("browser"), {
      executablePath: BROWSERS.find(existsSync),
      headless: true,
      viewport: { width: 1180, height: 640 },
      colorScheme: "dark",
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
      ],
    });
    // Else some steps would wait for half a minute and others for PATIENCE.
    context.setDefaultTimeout(PATIENCE);
    const page = context.pages()[0] ?? (await context.newPage());
    return new Editor(root, server, context, page, port, environment);
  }

  /** Shows the workbench. `payload` asks for the extension host's own tests. */
  async show(payload) {
    const query = payload ? `&payload=${encodeURIComponent(JSON.stringify(payload))}` : "";
    await this.page.goto(`http://127.0.0.1:${this.port}/?folder=${this.workspace}${query}`);
  }

  async openFile(name) {
    const pattern = new RegExp(name.replace(".", "\\."));
    log("the page is there");
    await this.page.getByRole("treeitem", { name: pattern }).dblclick({ timeout: PATIENCE });
    await this.page.waitForSelector(".monaco-editor .view-line", { timeout: PATIENCE });
    log("the file is open");
  }

  /** Runs a command from the palette, as a user does: by its title. */
  async command(title) {
    const input = this.page.locator(".quick-input-widget input").first();
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    const row = rows.filter({ has: this.page.getByText(title, { exact: true }) }).first();
    // A menu or message that just goes away may take the key, or the palette along. The row is
    // clicked: Enter would run what stands first while the list is still being narrowed.
    await again(`the command ${title}`, async (patience) => {
      await this.page.keyboard.press("F1");
      await input.fill(`>${title}`, { timeout: patience });
      await row.click({ timeout: patience });
    });
  }

  /** Puts the cursor on a line (1 is the first). */
  async goTo(line) {
    const { page } = this;
    const input = page.locator(".quick-input-widget input").first();
    await again(`line ${line}`, async (patience) => {
      await page.locator(".editor-instance .view-line").first().click({ timeout: patience });
      await page.keyboard.press("Control+G");
      await input.fill(`:${line}`, { timeout: patience });
      await page.keyboard.press("Enter");
      const place = page.locator("[id='status.editor.selection']", { hasText: new RegExp(`Ln ${line},`) });
      await place.waitFor({ timeout: patience });
      await input.waitFor({ state: "hidden", timeout: patience });
    });
  }

  /**
   * Opens the menu of code actions, and returns its first row with these words, which is clicked
   * if `choose` is set. A request that the editor makes by itself after the cursor has moved
   * cancels the user's, and then the menu does not open.
   */
  async codeAction(words, { choose }) {
    const { page } = this;
    const row = page.locator(".action-widget .monaco-list-row", { hasText: words }).first();
    await again(`the code action ${words}`, async (patience) => {
      if (await page.locator(".action-widget").first().isVisible()) {
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("Control+.");
      await row.waitFor({ timeout: patience });
      if (choose) {
        await row.click({ timeout: patience });
      }
    });
    return row;
  }

  /** A message of VS Code's: what popped up and went away again is looked for behind the bell. */
  async message(words, patience = PATIENCE) {
    const found = this.messages(words).first();
    for (const end = Date.now() + patience; ; ) {
      try {
        await found.waitFor({ timeout: 8000 });
        return found;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
      }
      await this.openMessages();
    }
  }

  /** Answers a message with a button. */
  async answer(words, name) {
    await again(`“${name}” to “${words}”`, async (short) => {
      const message = await this.message(words);
      const button = message.getByRole("button", { name });
      if (!(await button.isVisible())) {
        // Behind the bell it is folded up, and the button that unfolds it shows under the mouse.
        await message.hover({ timeout: short });
        await message.locator(".codicon-notifications-expand").click({ timeout: short }).catch(() => undefined);
      }
      await button.click({ timeout: short });
    });
  }

  async openMessages() {
    if (!(await this.page.locator(".notifications-center").isVisible())) {
      await this.page.locator("[id='status.notifications']").click({ timeout: 5000 }).catch(() => undefined);
    }
  }

  /** Messages that say this, shown or behind the bell. */
  messages(words) {
    return this.page.locator(".notification-list-item", { hasText: words });
  }

  /** The panel's page, inside the two frames that VS Code puts around it. */
  panel() {
    return this.page.frameLocator("iframe.webview").frameLocator("iframe");
  }

  read(name) {
    return readFileSync(join(this.workspace, name), "utf8");
  }

  /** What happened to each question to the scripted model. */
  journal() {
    const path = join(this.root, "model", "journal");
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
    return lines.map((line) => JSON.parse(line).event);
  }

  /** Lets a reply that the script holds back go on. */
  release(name) {
    writeFileSync(join(this.root, "model", name), "");
  }

  /** Keeps a picture if SHOTS is set, of what is there once nothing moves any more. */
  async picture(name) {
    if (process.env.SHOTS) {
      await this.page.waitForTimeout(700);
      mkdirSync(process.env.SHOTS, { recursive: true });
      await this.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
    }
  }

  /** Ends everything and waits for it: the server still writes while it ends. */
  async close() {
    await this.context.close();
    await stop(this.server);
    // The engine is nobody's child: all of a user's editors share it.
    execFileSync(process.env.MIRADOR, ["engine", "stop"], { env: this.environment, stdio: "ignore" });
    if (process.env.KEEP) {
      log("kept", this.root);
    } else {
      rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}

/** Runs `steps` with an editor; the exit status says how it went, and a failure has a picture. */
export async function main(options, steps) {
  const editor = await Editor.open(options);
  log(options.name);
  let status = 1;
  try {
    await steps(editor);
    status = 0;
    log("all seen");
  } catch (error) {
    const name = `failed-${basename(process.argv[1], ".mjs")}`;
    await editor.picture(name).catch(() => {});
    await editor.openMessages().catch(() => {});
    await editor.picture(`${name}-messages`).catch(() => {});
    const journal = join(editor.root, "state", "mirador.log");
    console.log(editor.server.said);
    console.log(existsSync(journal) ? readFileSync(journal, "utf8").slice(-6000) : "Mirador has not run.");
    for (const message of await editor.messages("").allInnerTexts().catch(() => [])) {
      log("message:", message.replaceAll("\n", " | "));
    }
    // The last words are those that count: whoever sees only the end of it all sees them.
    log("FAILED", error.stack);
  } finally {
    await editor.close();
  }
  process.exitCode ||= status;
}

const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "workbench.colorTheme": "Default Dark Modern",
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "files.autoSave": "off",
  "editor.minimap.enabled": false,
  "window.commandCenter": false,
};

/** Settings, state and caches in the test's own folder; the real models stay where they are. */
function privateFolders(root, realModels) {
  const models = process.env.MIRADOR_MODELS_FOLDER ?? join(homedir(), ".cache/mirador/models");
  return {
    XDG_CONFIG_HOME: join(root, "config"),
    MIRADOR_CONFIG_DIR: join(root, "config"),
    MIRADOR_STATE_DIR: join(root, "state"),
    MIRADOR_CACHE_DIR: join(root, "cache"),
    MIRADOR_RUNTIME_DIR: join(root, "run"),
    ...(realModels ? { MIRADOR_MODELS_FOLDER: models, MIRADOR_ENGINE_IDLE_SECONDS: "60" } : {}),
  };
}

function scripted(folder, script) {
  writeFileSync(join(folder, "script.toml"), `journal = "journal"\n${script}`);
  return {
    MIRADOR_ENGINE_BACKEND: "scripted",
    MIRADOR_ENGINE_SCRIPT: join(folder, "script.toml"),
  };
}

function write(path, value) {
  writeFileSync(path, JSON.stringify(value));
}

async function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function serve(port, args, env) {
  const fixed = [
    "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry",
    "--disable-update-check", "--disable-getting-started-override",
  ];
  const server = spawn(process.env.CODE_SERVER, [...fixed, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  server.said = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (data) => (server.said += data));
  }
  process.on("exit", () => signal(server, "SIGKILL"));
  const end = Date.now() + PATIENCE;
  while (!(await healthy(port))) {
    if (Date.now() > end || server.exitCode !== null) {
      throw new Error(`code-server does not start:\n${server.said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return server;
}

function healthy(port) {
  return new Promise((resolve) => {
    http
      .get({ host: "127.0.0.1", port, path: "/healthz" }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      })
      .on("error", () => resolve(false));
  });
}

async function stop(server) {
  signal(server, "SIGTERM");
  for (let tries = 0; signal(server, 0); tries += 1) {
    if (tries === 100) {
      signal(server, "SIGKILL");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Signals the whole group; false when it is gone. */
function signal(server, name) {
  try {
    process.kill(-server.pid, name);
    return true;
  } catch {
    return false;
  }
}
