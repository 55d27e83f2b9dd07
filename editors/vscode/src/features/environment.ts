/**
 * Where the server comes from: a Python that the user chooses, or an environment of Mirador's own,
 * which is made when the user has agreed to what is installed and never in an untrusted workspace.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import { SECTION } from "../config";
import type { Context } from "../context";
import {
  type Python,
  type Source,
  OLDEST,
  findPythons,
  isPackage,
  look,
  makeEnvironment,
  newEnough,
  removeEnvironments,
  tidy,
} from "../environment";
import { ProgramFailed, ProgramStopped } from "../programs";
import { unlinked } from "../words";

const PACKAGE = "mirador-lsp";
const NEEDED = `Mirador needs Python ${OLDEST.join(".")} or newer.`;

export function activate(context: Context): void {
  const { extension, log } = context;
  const register = (command: string, act: () => Promise<void>): void => {
    extension.subscriptions.push(vscode.commands.registerCommand(command, act));
  };
  register("mirador.chooseInterpreter", () => chooseInterpreter(context));
  register("mirador.makeEnvironment", () => make(context));
  register("mirador.removeEnvironment", () => remove(context));
  void tidy(homeOf(extension)).then(
    (count) => {
      if (count > 0) {
        log.info(`${count} environments that were not finished or are replaced were removed.`);
      }
    },
    (error: unknown) => {
      log.warn(`What is left of earlier environments stays: ${String(error)}`);
    },
  );
}

/** The folder of the environments: the extension's own storage, which no workspace can choose. */
export function homeOf(extension: vscode.ExtensionContext): string {
  return path.join(extension.globalStorageUri.fsPath, "environments");
}

async function chooseInterpreter(context: Context): Promise<void> {
  const python = await choosePython("A Python that has Mirador");
  if (python === undefined) {
    return;
  }
  const settings = vscode.workspace.getConfiguration(SECTION);
  if (settings.get<string>("path", "").trim()) {
    // The path would still hold, and the choice would do nothing.
    await settings.update("path", undefined, vscode.ConfigurationTarget.Global);
  }
  const before = settings.get<string>("interpreter", "");
  await settings.update("interpreter", python.command, vscode.ConfigurationTarget.Global);
  if (before === python.command) {
    await context.server.restart();
  }
}

async function make(context: Context): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    const why = "Mirador installs nothing while a workspace is open that you do not trust.";
    void vscode.window.showWarningMessage(why);
    return;
  }
  const source = await chooseSource();
  const python = source && (await choosePython("The Python for Mirador's environment"));
  if (python === undefined || source === undefined || !(await consent(context, source, python))) {
    return;
  }
  context.log.info(`Making an environment: ${source.what}, with ${python.command}.`);
  try {
    const folder = await withProgress((step, signal) =>
      makeEnvironment({
        python: python.command,
        source,
        home: homeOf(context.extension),
        step,
        say: (line) => {
          context.log.info(line);
        },
        signal,
      }),
    );
    context.log.info(`The environment is ${folder}.`);
    await useIt(context);
  } catch (error) {
    await tellFailure(context, error);
  }
}

/** What the user chose before is asked about: it would still come first. */
async function useIt({ server }: Context): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const first = ["path", "interpreter"].filter((name) => settings.get<string>(name, "").trim());
  const names = first.map((name) => `${SECTION}.${name}`).join(" and ");
  if (first.length > 0) {
    const clear = "Clear the Setting";
    const words = `Mirador's environment is ready, but ${names} comes before it.`;
    if ((await vscode.window.showInformationMessage(words, clear)) !== clear) {
      return;
    }
    for (const name of first) {
      await settings.update(name, undefined, vscode.ConfigurationTarget.Global);
    }
  }
  await server.restart();
  if (server.state === "running") {
    void vscode.window.showInformationMessage("Mirador runs from its own environment.");
  }
}

async function tellFailure(context: Context, error: unknown): Promise<void> {
  if (error instanceof ProgramStopped) {
    context.log.info("The environment was given up and removed.");
    return;
  }
  const last = error instanceof ProgramFailed ? error.said.at(-1) : undefined;
  const why = error instanceof ProgramFailed ? (last ?? error.reason) : String(error);
  context.log.error(error instanceof Error ? error.message : String(error));
  const [log, again] = ["Show Log", "Try Again"];
  const words = `Mirador's environment could not be made, and nothing of it stays: ${unlinked(why)}`;
  const choice = await vscode.window.showErrorMessage(words, log, again);
  if (choice === log) {
    context.log.show();
  } else if (choice === again) {
    await make(context);
  }
}

async function remove(context: Context): Promise<void> {
  const yes = "Remove";
  const words = "Remove the environment that Mirador made for itself?";
  if ((await vscode.window.showWarningMessage(words, { modal: true }, yes)) !== yes) {
    return;
  }
  await context.server.stop();
  await removeEnvironments(homeOf(context.extension));
  await context.server.restart();
}

/** What is installed where and by what: the user reads it before anything happens. */
async function consent({ extension }: Context, source: Source, python: Python): Promise<boolean> {
  const yes = "Make It";
  const whence = source.local ? "" : " pip fetches it, and what it needs, from your package index.";
  const detail =
    `Python ${python.version} (${python.command}) makes an environment in ` +
    `${homeOf(extension)} and pip installs “${source.what}” into it.${whence}` +
    (source.local ? " What it needs may be fetched from your package index." : "") +
    " Nothing else on this machine is changed.";
  const words = "Make an environment for Mirador?";
  return (await vscode.window.showInformationMessage(words, { modal: true, detail }, yes)) === yes;
}

async function chooseSource(): Promise<Source | undefined> {
  const file = { label: "$(file) A wheel on this machine…", detail: "A file that ends in .whl" };
  const folder = { label: "$(folder) A clone of Mirador on this machine…", detail: "The folder with its pyproject.toml" };
  const name = { label: "$(cloud-download) A package by its name…", detail: "From the index that your pip is set up for" };
  const choice = await vscode.window.showQuickPick([folder, file, name], {
    title: "What is to be installed?",
    placeHolder: "Nothing is installed before you have agreed to all of it",
  });
  if (choice === name) {
    return choosePackage();
  }
  if (choice === undefined) {
    return undefined;
  }
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: "What is to be installed?",
      canSelectFiles: choice === file,
      canSelectFolders: choice === folder,
      ...(choice === file ? { filters: { Wheels: ["whl"] } } : {}),
    })) ?? [];
  return chosen && { what: chosen.fsPath, local: true };
}

async function choosePackage(): Promise<Source | undefined> {
  const what = await vscode.window.showInputBox({
    title: "The package's name",
    prompt: "With a version if wanted: name==1.0",
    value: PACKAGE,
    validateInput: (value) => (isPackage(value.trim()) ? undefined : "This is not the name of a package."),
  });
  return what?.trim() ? { what: what.trim(), local: false } : undefined;
}

/** One that was found in the PATH, or another that the user names. */
async function choosePython(title: string): Promise<Python | undefined> {
  const found = await searching();
  if (found === undefined) {
    return undefined;
  }
  const other = { label: "$(folder-opened) Another…", description: "", python: undefined };
  const items = found.map((python) => ({
    label: `Python ${python.version}`,
    description: python.command,
    python,
  }));
  const placeHolder = found.length > 0 ? NEEDED : `None was found in the PATH. ${NEEDED}`;
  const choice = await vscode.window.showQuickPick([...items, other], { title, placeHolder });
  if (choice !== other) {
    return choice?.python;
  }
  const [file] = (await vscode.window.showOpenDialog({ title: "The Python to use" })) ?? [];
  if (file === undefined) {
    return undefined;
  }
  const python = await look(file.fsPath, new AbortController().signal);
  if (python === undefined || !newEnough(python.version)) {
    const what = python === undefined ? "is no Python" : `is Python ${python.version}`;
    void vscode.window.showErrorMessage(`“${file.fsPath}” ${what}. ${NEEDED}`);
    return undefined;
  }
  return { ...python, command: file.fsPath };
}

async function searching(): Promise<Python[] | undefined> {
  try {
    return await withProgress((step, signal) => {
      step("Looking for Python…");
      return findPythons(process.env["PATH"], signal);
    });
  } catch (error) {
    if (error instanceof ProgramStopped) {
      return undefined;
    }
    throw error;
  }
}

/** Runs `work` behind a bar whose button ends it. */
export function withProgress<T>(
  work: (step: (words: string) => void, signal: AbortSignal) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Mirador", cancellable: true },
    (progress, cancelled) => {
      const controller = new AbortController();
      cancelled.onCancellationRequested(() => {
        controller.abort();
      });
      return work((message) => {
        progress.report({ message });
      }, controller.signal);
    },
  );
}
