/** The first start, in a real VS Code: nothing is there, and Mirador helps to get it. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE, log, main, until } from "./driver.mjs";

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
  await steps(page).filter({ hasText: "Point to the server" }).first().waitFor({ timeout: PATIENCE });
  log("ok the first steps show by themselves:", (await steps(page).allInnerTexts()).join(" | "));
  const toast = page.locator(".notification-toast", { hasText: "was not found" });
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor({ timeout: PATIENCE });
  await toast.first().waitFor({ timeout: PATIENCE });
  const offered = await toast.getByRole("button").allInnerTexts();
  log("ok it says what is missing:", (await toast.first().innerText()).replaceAll("\n", " | "));
  if (offered.some((words) => words.includes("Environment"))) {
    throw new Error("an environment is offered in an untrusted workspace");
  }
  await editor.command("Mirador: Make Environment…");
  await page.locator(".notification-toast", { hasText: "installs nothing" }).waitFor({ timeout: PATIENCE });
  log("ok nothing is installed in an untrusted workspace");
  await page.keyboard.press("Escape");
  await editor.command("Workspaces: Manage Workspace Trust");
  await page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).first().click();
  await until("it is trusted", async () => (await page.locator(".workspace-trust-editor.trusted, .workspace-trust-header.workspace-trust-trusted").count()) > 0);
  await page.keyboard.press("Control+W");
}

/** The first steps again, when the user asks; what is done is checked off. */
async function shownAgain(editor) {
  const { page } = editor;
  await page.keyboard.press("Control+W");
  await editor.command("Mirador: Getting Started");
  await steps(page).filter({ hasText: "Point to the server" }).first().waitFor({ timeout: PATIENCE });
  const done = page.locator(".getting-started-step", { hasText: "Point to the server" }).locator(".codicon.complete");
  await done.waitFor({ state: "attached", timeout: PATIENCE });
  log("ok the server's step is checked off");
  await page.waitForTimeout(800);
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
  await page.waitForTimeout(400);
  await editor.picture("consent");
  log("ok it asks:", (await dialog.innerText()).replaceAll("\n", " | "));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached", timeout: PATIENCE });
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
  const progress = page.locator(".notification-toast", { hasText: /Making an environment|Installing/ });
  await progress.first().waitFor({ timeout: PATIENCE });
  log("ok it says what it does");
  const first = page.locator(".notification-toast").getByRole("button", { name: "Clear the Setting" });
  await first.click({ timeout: 180_000 });
  await page.locator(".notification-toast", { hasText: "runs from its own environment" }).waitFor({ timeout: PATIENCE });
  log("ok the server runs from", made(editor).join());
}

async function ask(editor, wheel) {
  const { page } = editor;
  await editor.command("Mirador: Make Environment…");
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "A wheel on this machine" }).click({ timeout: PATIENCE });
  const input = page.locator(".quick-input-widget input").first();
  const python = rows.filter({ hasText: "Python 3" }).first();
  await until("a file is chosen", async () => {
    // The dialog goes to a folder of its own choice first, and takes the text away.
    if ((await input.inputValue()) === wheel && (await rows.filter({ hasText: "any.whl" }).count()) > 0) {
      await page.keyboard.press("Enter");
    } else if ((await input.inputValue()).startsWith("/")) {
      await input.fill(wheel);
    }
    await page.waitForTimeout(500);
    return (await python.count()) > 0;
  });
  await python.click();
  await page.locator(".monaco-dialog-box", { hasText: "Make an environment for Mirador?" }).waitFor({ timeout: PATIENCE });
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
