/** Settings: those that start the server, and those that are handed on to it. */

import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

export const SECTION = "mirador";

/** Settings of this extension's own; the server would call them unknown. */
const OURS = /^(path|interpreter|environment|trace)\b/;

/** Changing one of these starts the server anew. */
export const STARTS_ANEW = ["path", "interpreter", "environment"].map((name) => `${SECTION}.${name}`);

export interface Launch {
  readonly command: string;
  /** Come before `serve`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where the command comes from, for messages. */
  readonly origin: string;
}

/** How to run Mirador: the path, else a Python that has it, else what the PATH finds. */
export function launch(): Launch {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const environment = settings.get<Record<string, string>>("environment", {});
  const executable = settings.get<string>("path", "").trim();
  if (executable) {
    return { command: expand(executable), args: [], environment, origin: "mirador.path" };
  }
  const interpreter = settings.get<string>("interpreter", "").trim();
  if (interpreter) {
    const args = ["-m", "mirador_lsp"];
    return { command: expand(interpreter), args, environment, origin: "mirador.interpreter" };
  }
  return { command: "mirador", args: [], environment, origin: "the PATH" };
}

/**
 * The settings somebody really made, as a tree. Defaults are left out: they would overrule what
 * the user says in Mirador's own settings file.
 */
export function chosen(names: Iterable<string>): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration(SECTION, vscode.workspace.workspaceFolders?.[0]);
  const tree: Record<string, unknown> = {};
  for (const name of names) {
    const said = settings.inspect(name);
    const value = said?.workspaceFolderValue ?? said?.workspaceValue ?? said?.globalValue;
    if (value !== undefined) {
      plant(tree, name.split("."), value);
    }
  }
  return tree;
}

/** The settings of the server that the manifest lists, without the section's name. */
export function serverSettings(manifest: Manifest): string[] {
  return manifest.contributes.configuration
    .flatMap((section) => Object.keys(section.properties))
    .map((name) => name.slice(SECTION.length + 1))
    .filter((name) => !OURS.test(name));
}

export interface Manifest {
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[];
  };
}

function plant(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...below] = path;
  if (name === undefined) {
    return;
  }
  if (below.length === 0) {
    tree[name] = value;
    return;
  }
  tree[name] ??= {};
  plant(tree[name] as Record<string, unknown>, below, value);
}

function expand(file: string): string {
  return file.startsWith("~/") ? path.join(os.homedir(), file.slice(2)) : file;
}
