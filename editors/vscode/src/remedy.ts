/** The fix of a finding: the one that an analyzer has ready, if it has one. */

import * as vscode from "vscode";
import { findings } from "./place";

/** An edit that needs no model. Asking for it computes it; undefined where there is none. */
export async function readyFix(uri: vscode.Uri, findingId: string): Promise<Ready | undefined> {
  const shown = findings(uri).find(({ id }) => id === findingId);
  if (shown === undefined) {
    return undefined;
  }
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    shown.diagnostic.range,
    vscode.CodeActionKind.QuickFix.value,
    MOST,
  );
  // Actions of other extensions are for the same place, but not for this finding.
  const meant = (one: vscode.Diagnostic): boolean =>
    one.source === shown.diagnostic.source &&
    rule(one) === rule(shown.diagnostic) &&
    one.range.isEqual(shown.diagnostic.range);
  const ready = actions.find(({ edit, diagnostics }) => edit !== undefined && diagnostics?.some(meant));
  return ready?.edit && { title: ready.title, edit: ready.edit };
}

export interface Ready {
  readonly title: string;
  readonly edit: vscode.WorkspaceEdit;
}

/** How many actions are resolved: enough for those of one place. */
const MOST = 20;

function rule({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}
