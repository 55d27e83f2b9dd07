/** The first start, in a real VS Code: nothing is there, and Mirador helps to get it. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { again, log, main, until } from "./driver.mjs";

/** Milliseconds that pip may take. */
const SLOW = 300_000;

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
  const wheel = makeWheel(join(editor.root, "wheels"));
  await editor.show();
  await untrusted(editor);
  await giveUp(editor, wheel);
  await environment(editor, wheel);
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
        await ok.click({ timeout: 1000 });
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

/** A wheel whose Mirador is the one under test. */
function makeWheel(folder) {
  const info = "mirador_lsp-0.1.0.dist-info";
  mkdirSync(join(folder, "mirador_lsp"), { recursive: true });
  mkdirSync(join(folder, info));
  const main = `import os, sys\nos.execv(${JSON.stringify(process.env.MIRADOR)}, ["mirador", *sys.argv[1:]])\n`;
  writeFileSync(join(folder, "mirador_lsp/__main__.py"), main);
  writeFileSync(join(folder, info, "METADATA"), "Metadata-Version: 2.1\nName: mirador-lsp\nVersion: 0.1.0\n");
  writeFileSync(join(folder, info, "WHEEL"), "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
  writeFileSync(join(folder, info, "RECORD"), `mirador_lsp/__main__.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`);
  const wheel = join(folder, "mirador_lsp-0.1.0-py3-none-any.whl");
  const zip = ["-m", "zipfile", "-c", wheel, "mirador_lsp", info];
  execFileSync(process.env.MIRADOR.replace(/mirador$/, "python"), zip, { cwd: folder });
  return wheel;
}
