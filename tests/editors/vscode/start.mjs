/** The first start, in a real VS Code: nothing is there, and Mirador helps to get it. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { again, log, main, until } from "./driver.mjs";

/** Milliseconds that pip may take. */
const SLOW = 300_000;

/** Says its process id, and then nothing. */
const PID = (name) => `
import os, pathlib, sys, time
def running():
    pathlib.Path(ROOT, "${name}-pid").write_text(f"{os.getpid()}\\n")
`;
/** A Mirador that never says that it is one. */
const ENDLESS = `${PID("endless")}
running()
time.sleep(600)
`;
/** The Mirador under test, but models come from nowhere, and only when it is said how that ends. */
const WHOLE = `${PID("pull")}
if sys.argv[1:] == ["models", "pull", "0.5b"]:
    print("7 % of 0.5b", flush=True)
    running()
    ends = pathlib.Path(ROOT, "pull-ends")
    while not ends.exists():
        time.sleep(0.1)
    sys.exit(int(ends.read_text()) and "No space is left")
os.execv(${JSON.stringify(process.env.MIRADOR)}, ["mirador", *sys.argv[1:]])
`;

const options = {
  name: "the first start",
  files: { "cart.py": "import os\n" },
  script: '[[model]]\nname = "qwen2.5-coder-0.5b"\n',
  settings: { "workbench.startupEditor": "welcomePage", "mirador.server.explain_ahead": false },
  machine: { "mirador.path": "/nowhere/mirador" },
  // It is asked whether the workspace is trusted, and it is not at first.
  trust: true,
};

await main(options, async (editor) => {
  const wheel = makeWheel(join(editor.root, "wheels"), WHOLE);
  await editor.show();
  await untrusted(editor);
  await giveUp(editor, wheel);
  await stopped(editor, makeWheel(join(editor.root, "endless"), ENDLESS));
  await environment(editor, wheel);
  await model(editor);
  await shownAgain(editor);
});

/** The first steps show by themselves; while a workspace is not trusted nothing is installed. */
async function untrusted(editor) {
  const { page } = editor;
  await steps(page).filter({ hasText: "Point to the server" }).first().waitFor();
  log("ok the first steps show by themselves:", (await steps(page).allInnerTexts()).join(" | "));
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  const toast = await editor.message("was not found");
  const offered = await toast.getByRole("button").allInnerTexts();
  log("ok it says what is missing:", (await toast.innerText()).replaceAll("\n", " | "));
  if (offered.some((words) => words.includes("Environment"))) {
    throw new Error("an environment is offered in an untrusted workspace");
  }
  await editor.command("Mirador: Make Environment…");
  await editor.message("installs nothing");
  log("ok nothing is installed in an untrusted workspace");
  await editor.command("Workspaces: Manage Workspace Trust");
  const trust = page.locator(".workspace-trust-editor");
  await trust.getByRole("button", { name: "Trust", exact: true }).first().click();
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor({ state: "detached" });
  log("ok it is trusted");
  // It lies above everything else, and no command comes through while it is there.
  await again("the way out of the trust editor", async (patience) => {
    await page.keyboard.press("Control+W");
    await trust.waitFor({ state: "detached", timeout: patience });
  });
}

/** The first steps again, when the user asks; what is done is checked off. */
async function shownAgain(editor) {
  const { page } = editor;
  await editor.command("View: Close All Editors");
  await steps(page).first().waitFor({ state: "detached" });
  await editor.command("Mirador: Getting Started");
  await steps(page).filter({ hasText: "Point to the server" }).first().waitFor();
  const done = page.locator(".getting-started-step", { hasText: "Point to the server" }).locator(".codicon.complete");
  await done.waitFor({ state: "attached" });
  log("ok the server's step is checked off");
  await editor.picture("walkthrough");
}

function steps(page) {
  return page.locator(".gettingStartedContainer .step-title");
}

/** What is given up before it is agreed to does nothing. */
async function giveUp(editor, wheel) {
  const { page } = editor;
  await ask(editor, wheel);
  const dialog = page.locator(".monaco-dialog-box");
  await editor.picture("consent");
  log("ok it asks:", (await dialog.innerText()).replaceAll("\n", " | "));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  if (made(editor).length > 0) {
    throw new Error("something was made without consent");
  }
  log("ok without consent nothing is made");
}

/** The button of the bar ends what makes the environment, and nothing of it stays. */
async function stopped(editor, wheel) {
  await ask(editor, wheel);
  await editor.page.locator(".monaco-dialog-box").getByRole("button", { name: "Make It" }).click();
  const asked = join(editor.root, "endless-pid");
  await until("it looks whether it runs", () => existsSync(asked) && readFileSync(asked, "utf8").endsWith("\n"));
  await editor.message("Looking whether it runs");
  await editor.picture("environment-stopped");
  await editor.answer("Looking whether it runs", "Cancel");
  await until("what ran is ended", () => !lives(Number(readFileSync(asked, "utf8"))));
  await until("nothing of it stays", () => made(editor).length === 0);
  await editor.messages("Looking whether it runs").waitFor({ state: "detached" });
  if ((await editor.messages("could not be made").count()) > 0) {
    throw new Error("the user is told what they have just decided");
  }
}

/** A model is fetched behind a bar that stops it; what goes wrong is said, and so is the end. */
async function model(editor) {
  const { page } = editor;
  const pulled = join(editor.root, "pull-pid");
  const fetch = async () => {
    rmSync(pulled, { force: true });
    await editor.command("Mirador: Fetch a Model…");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "0.5 GB" }).click();
    await until("it is being fetched", () => existsSync(pulled) && readFileSync(pulled, "utf8").endsWith("\n"));
  };
  const say = (how) => writeFileSync(join(editor.root, "pull-ends"), how);
  await fetch();
  await editor.message("7 % of 0.5b");
  log("ok the bar says how far it is");
  await editor.picture("model");
  await editor.answer("7 % of 0.5b", "Cancel");
  await until("fetching is ended", () => !lives(Number(readFileSync(pulled, "utf8"))));
  await editor.messages("7 % of 0.5b").waitFor({ state: "detached" });
  if ((await editor.messages(/could not be fetched|can use/).count()) > 0) {
    throw new Error("something is said of a model that nobody wants any more");
  }
  say("1");
  await fetch();
  const failed = await editor.message("The model could not be fetched");
  log("ok it is said:", (await failed.innerText()).replaceAll("\n", " | "));
  say("0");
  await fetch();
  await editor.message("Mirador can use 0.5b now");
  log("ok it is said that the model is there");
}

/** A real environment, by the venv and pip of a real Python, from a wheel that needs nothing else. */
async function environment(editor, wheel) {
  const { page } = editor;
  await ask(editor, wheel);
  await page.locator(".monaco-dialog-box").getByRole("button", { name: "Make It" }).click();
  await editor.message(/Making an environment|Installing|Looking whether/);
  log("ok it says what it does");
  await until("the environment is made", async () => {
    for (const failed of await editor.messages("could not be made").allInnerTexts()) {
      throw new Error(failed);
    }
    return (await editor.messages("comes before it").count()) > 0;
  }, SLOW);
  await editor.answer("comes before it", "Clear the Setting");
  await editor.message("runs from its own environment");
  log("ok the server runs from", made(editor).join());
}

async function ask(editor, wheel) {
  const { page } = editor;
  await editor.command("Mirador: Make Environment…");
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "A wheel on this machine" }).click();
  const input = page.locator(".quick-input-widget input").first();
  const python = rows.filter({ hasText: "Python 3" }).first();
  const listed = rows.filter({ hasText: basename(wheel) });
  const ok = page.locator(".quick-input-widget").getByRole("button", { name: "OK" });
  // The dialog goes to a folder of its own choice first, and takes the text away.
  await until("a file is chosen", async () => {
    if (await python.isVisible()) {
      return true;
    }
    try {
      const typed = (await ok.isVisible()) ? await input.inputValue({ timeout: 1000 }) : "";
      if (typed === wheel && (await listed.count()) > 0) {
        await ok.dispatchEvent("click", {}, { timeout: 2000 });
      } else if (typed !== wheel && typed.startsWith("/")) {
        await input.fill(wheel, { timeout: 1000 });
      }
    } catch (error) {
      log("the dialog is gone between two looks:", error.message.split("\n")[0]);
    }
    return false;
  });
  await python.click();
  await page.locator(".monaco-dialog-box", { hasText: "Make an environment for Mirador?" }).waitFor();
}

function made(editor) {
  try {
    return readdirSync(join(editor.root, "data/User/globalStorage/mirador.mirador/environments"));
  } catch {
    return [];
  }
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A wheel with this as its program. */
function makeWheel(folder, main) {
  const info = "mirador_lsp-0.1.0.dist-info";
  mkdirSync(join(folder, "mirador_lsp"), { recursive: true });
  mkdirSync(join(folder, info));
  writeFileSync(join(folder, "mirador_lsp/__main__.py"), `ROOT = ${JSON.stringify(dirname(folder))}\n${main}`);
  writeFileSync(join(folder, info, "METADATA"), "Metadata-Version: 2.1\nName: mirador-lsp\nVersion: 0.1.0\n");
  writeFileSync(join(folder, info, "WHEEL"), "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
  writeFileSync(join(folder, info, "RECORD"), `mirador_lsp/__main__.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`);
  const wheel = join(folder, "mirador_lsp-0.1.0-py3-none-any.whl");
  const zip = ["-m", "zipfile", "-c", wheel, "mirador_lsp", info];
  execFileSync(process.env.MIRADOR.replace(/mirador$/, "python"), zip, { cwd: folder });
  return wheel;
}
