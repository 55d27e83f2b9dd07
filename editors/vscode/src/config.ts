/** Settings: those that start the server, and those that are handed on to it. */

import * as vscode from "vscode";
import type { Said } from "./launch";

export const SECTION = "mirador";

/** Settings of this extension's own; the server would call them unknown. */
const OURS = /^(path|interpreter|environment|trace|commentThreads|previewFixes)\b/;

/** Changing one of these starts the server anew. */
export const STARTS_ANEW = ["path", "interpreter", "environment"].map((name) => `${SECTION}.${name}`);

/** What the settings say of how the server starts. */
export function saidOfStart(): Omit<Said, "own"> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  return {
    path: settings.get<string>("path", ""),
    interpreter: settings.get<string>("interpreter", ""),
    environment: settings.get<Record<string, string>>("environment", {}),
  };
}

/** A switch of this extension's own. */
export function wants(name: "commentThreads" | "previewFixes"): boolean {
  return vscode.workspace.getConfiguration(SECTION).get<boolean>(name, false);
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
