/** Runs inside the real extension host. */

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const vscode = require("vscode");

const NAME = "mirador.mirador";

async function until(what, condition) {
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    const value = await condition();
    if (value) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`timed out: ${what}`);
}

suite("the extension", () => {
  let extension;
  let document;

  const ours = () =>
    vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === "mirador");
  const found = (code) =>
    until(`a finding of ${code}`, () =>
      ours().find((each) => (each.code?.value ?? each.code) === code),
    );
  const running = () => until("the server", () => extension.exports.state() === "running");

  suiteSetup(async () => {
    extension = vscode.extensions.getExtension(NAME);
    const folder = vscode.workspace.workspaceFolders[0].uri;
    document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder, "cart.py"));
    await vscode.window.showTextDocument(document);
    await until("the extension", () => extension.isActive);
    await running();
  });

  test("registers every command that it lists, and no command fails for want of one", async () => {
    const there = new Set(await vscode.commands.getCommands(true));
    const listed = extension.packageJSON.contributes.commands.map(({ command }) => command);
    assert.deepEqual(listed.filter((command) => !there.has(command)), []);
    assert.ok(there.has("mirador.showFindings"));
  });

  test("hands on the settings that somebody made, and no defaults", async () => {
    await found("model/bug");
    assert.deepEqual(extension.exports.chosen(), {
      review: { stages: ["instant", "quick"] },
      server: { explain_ahead: false },
    });
  });

  test("a document that nobody sees is not reviewed, until somebody does", async () => {
    const code = 'def sign(currency):\n    return currency is "EUR"\n';
    const [unseen, other] = ["unseen.py", "other.py"].map((name) => {
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
      fs.writeFileSync(uri.fsPath, code);
      return uri;
    });
    const of = (uri) => vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "mirador");
    const behind = await vscode.workspace.openTextDocument(unseen);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(other));
    await until("a finding in what was opened later", () => of(other).length > 0);
    assert.deepEqual(of(unseen), []);
    await vscode.window.showTextDocument(behind);
    await until("a finding in what is seen now", () => of(unseen).length > 0);
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    await vscode.window.showTextDocument(document);
  });

  test("shows a hover with links that run commands", async () => {
    const hovers = await vscode.commands.executeCommand(
      "vscode.executeHoverProvider", document.uri, new vscode.Position(3, 5),
    );
    const contents = hovers.flatMap(({ contents }) => contents);
    const text = contents.map(({ value }) => value).join("\n");
    assert.match(text, /def mean\(prices\)/);
    assert.match(text, /command:mirador\.explain/);
    const trusted = contents.find(({ value }) => value.includes("command:mirador"));
    assert.deepEqual(trusted.isTrusted.enabledCommands, ["mirador.explain", "mirador.ask"]);
  });

  test("resolves a ready fix", async () => {
    const { range } = await found("ruff/F632");
    const actions = await vscode.commands.executeCommand(
      "vscode.executeCodeActionProvider", document.uri, range, "quickfix", 20,
    );
    const ready = actions.find(({ title }) => title.includes("ruff/F632") && !title.startsWith("Fix with"));
    assert.ok(ready.isPreferred);
    assert.ok(await vscode.workspace.applyEdit(ready.edit));
    assert.match(document.getText(), /currency == "EUR"/);
    await document.save();
  });

  test("a fix is shown before it is made, and only made when the user says so", async () => {
    const before = document.getText();
    const finding = await found("model/bug");
    const done = vscode.commands.executeCommand("mirador.previewFix", about(document, finding));
    const diff = await until("the comparison", () => {
      const { input } = vscode.window.tabGroups.activeTabGroup.activeTab ?? {};
      return input instanceof vscode.TabInputTextDiff ? input : undefined;
    });
    const fixed = await vscode.workspace.openTextDocument(diff.modified);
    assert.equal(diff.original.toString(), document.uri.toString());
    assert.match(fixed.getText(), /if prices else 0\.0/);
    await vscode.commands.executeCommand("mirador.discardPreview");
    await done;
    assert.equal(document.getText(), before);
    const left = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs);
    assert.ok(left.every(({ input }) => !(input instanceof vscode.TabInputTextDiff)), "it is closed");
  });

  test("a finding that is dismissed goes, and comes back when it is restored", async () => {
    const argument = about(document, await found("model/bug"));
    await vscode.commands.executeCommand("mirador.dismiss", { ...argument, reason: "It is wrong" });
    await until("it is gone", () => ours().length === 0);
    await vscode.commands.executeCommand("mirador.restore", argument);
    await found("model/bug");
  });

  test("a fix that other extensions find wrong is not made", async () => {
    const looked = [];
    const others = lintOthers((text) => text.includes("if prices else"), looked);
    const before = document.getText();
    const finding = await found("model/bug");
    await vscode.commands.executeCommand("mirador.fix", about(document, finding));
    others.dispose();
    assert.equal(document.getText(), before);
    const copies = looked.filter((uri) => uri.fsPath !== document.uri.fsPath);
    assert.ok(copies.length >= 2, "others were shown both texts");
    await until("the copies are gone", () => copies.every(({ fsPath }) => !fs.existsSync(fsPath)));
  });

  test("a fix that other extensions do not mind is made", async () => {
    const others = lintOthers(() => false, []);
    const finding = await found("model/bug");
    await vscode.commands.executeCommand("mirador.fix", about(document, finding));
    others.dispose();
    await until("the fix", () => document.getText().includes("if prices else 0.0"));
    await document.save();
    await until("the finding is gone", () => ours().length === 0);
  });

  test("says what is wrong when there is no server, and starts once there is one", async () => {
    const settings = vscode.workspace.getConfiguration("mirador");
    const path = settings.get("path");
    const global = vscode.ConfigurationTarget.Global;
    await settings.update("path", "/nowhere/mirador", global);
    const trouble = await until("the trouble", () => extension.exports.trouble());
    assert.match(trouble.message, /“\/nowhere\/mirador” \(setting mirador\.path\) was not found/);
    assert.deepEqual(trouble.offers, ["setting", "environment", "interpreter", "log"]);
    await settings.update("path", "/bin/echo", global);
    await until("another program", () => extension.exports.trouble()?.message.includes("is not Mirador"));
    await settings.update("path", path, global);
    await running();
    assert.equal(extension.exports.trouble(), undefined);
  });

  test("a server that dies before it is ready is not started again and again", async () => {
    const fake = impostor('echo "$$" >> "$0.starts"; exit 3');
    await setPath(fake);
    const trouble = await until("the trouble", () => extension.exports.trouble());
    assert.match(trouble.message, /ended before it was ready/);
    assert.deepEqual(trouble.offers, ["log", "again", "environment"]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(starts(fake).length, 1);
  });

  test("a server that dies is started again some times, then the user is told", async () => {
    const fake = impostor(`echo "$$" >> "$0.starts"; exec "${process.env.MIRADOR}" "$@"`);
    await setPath(fake);
    await until("the first start", () => starts(fake).length === 1);
    const most = 6;
    for (let count = 1; count < most; count += 1) {
      await until("a start or the end", () => starts(fake).length === count || extension.exports.trouble());
      if (extension.exports.trouble()) {
        break;
      }
      await running();
      process.kill(starts(fake).at(-1), "SIGKILL");
      await until("its death is noticed", () => extension.exports.state() !== "running");
    }
    assert.match(extension.exports.trouble().message, /again and again/);
    assert.ok(starts(fake).length <= 4, `${starts(fake).length} starts`);
    await setPath(process.env.MIRADOR);
    await running();
  });

  test("nobody runs what a workspace calls Mirador", async () => {
    const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
    fs.mkdirSync(`${folder}/mirador_lsp`);
    const trap = `${folder}/sprung`;
    fs.writeFileSync(`${folder}/mirador_lsp/__main__.py`, `open(${JSON.stringify(trap)}, "w")`);
    const settings = vscode.workspace.getConfiguration("mirador");
    const python = process.env.MIRADOR.replace(/mirador$/, "python");
    await settings.update("interpreter", python, vscode.ConfigurationTarget.Global);
    await setPath(undefined);
    await until("the end of the other", () => extension.exports.state() !== "running");
    await running();
    assert.equal(fs.existsSync(trap), false);
    await settings.update("interpreter", undefined, vscode.ConfigurationTarget.Global);
    await setPath(process.env.MIRADOR);
    await until("the end of the other", () => extension.exports.state() !== "running");
    await running();
  });
});

async function setPath(path) {
  const settings = vscode.workspace.getConfiguration("mirador");
  await settings.update("path", path, vscode.ConfigurationTarget.Global);
}

/** A program that says it is Mirador, and then does `what`. */
function impostor(what) {
  const file = `${fs.mkdtempSync(`${os.tmpdir()}/mirador-impostor-`)}/mirador`;
  const version = 'if [ "$1" = --version ]; then echo "mirador 0.1.0"; exit; fi';
  fs.writeFileSync(file, `#!/bin/sh\n${version}\n${what}\n`, { mode: 0o755 });
  return file;
}

/** The process ids of its starts. */
function starts(file) {
  const said = fs.existsSync(`${file}.starts`) ? fs.readFileSync(`${file}.starts`, "utf8") : "";
  return said.split("\n").filter(Boolean).map(Number);
}

/** Another extension, for as long as it is not disposed: it warns of every text that is `wrong`. */
function lintOthers(wrong, looked) {
  const collection = vscode.languages.createDiagnosticCollection("others");
  const look = (document) => {
    if (document.languageId === "python" && document.uri.scheme === "file") {
      looked.push(document.uri);
      const range = new vscode.Range(0, 0, 0, 1);
      const warning = new vscode.Diagnostic(range, "no conditions here", vscode.DiagnosticSeverity.Warning);
      warning.source = "others";
      collection.set(document.uri, wrong(document.getText()) ? [warning] : []);
    }
  };
  const opened = vscode.workspace.onDidOpenTextDocument(look);
  return vscode.Disposable.from(collection, opened);
}

function about(document, finding) {
  return { uri: document.uri.toString(), findingId: finding.data.finding };
}
