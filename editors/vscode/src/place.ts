/** What a command is about: what it was given, else the editor's selection, symbol or finding. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Place } from "./protocol";

const SOURCE = "mirador";

/** A command's argument when the server wrote it: in a code action, a lens or a hover. */
export function given(argument: unknown): (Place & Record<string, unknown>) | undefined {
  if (typeof argument === "object" && argument !== null && "uri" in argument) {
    const place = argument as Place & Record<string, unknown>;
    return typeof place.uri === "string" ? place : undefined;
  }
  return undefined;
}

/** The editor that is meant: while our panel has the focus, none is active. */
export function editorHere(): vscode.TextEditor | undefined {
  return vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
}

/** That editor's place; undefined (and the user is told) without an editor. */
export function here(client: LanguageClient): Place | undefined {
  const editor = editorHere();
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Mirador: open a file first.");
    return undefined;
  }
  const { document, selection } = editor;
  const convert = client.code2ProtocolConverter;
  const uri = convert.asUri(document.uri);
  if (selection.isEmpty) {
    return { uri, position: convert.asPosition(selection.active) };
  }
  return { uri, range: convert.asRange(selection) };
}

/** A finding of ours as the editor shows it. */
export interface Shown {
  readonly id: string;
  readonly diagnostic: vscode.Diagnostic;
}

/** The findings that the selection touches; on a line without any, none. */
export function findingsHere(editor: vscode.TextEditor): Shown[] {
  const touched = new vscode.Range(
    editor.document.lineAt(editor.selection.start).range.start,
    editor.document.lineAt(editor.selection.end).range.end,
  );
  return findings(editor.document.uri).filter(
    ({ diagnostic }) => diagnostic.range.intersection(touched) !== undefined,
  );
}

/** All findings shown for a document, first line first. */
export function findings(uri: vscode.Uri): Shown[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((diagnostic) => diagnostic.source === SOURCE)
    .flatMap((diagnostic) => {
      const id = idOf(diagnostic);
      return id === undefined ? [] : [{ id, diagnostic }];
    })
    .sort((a, b) => a.diagnostic.range.start.compareTo(b.diagnostic.range.start));
}

/** Lets the user choose among several findings; the only one is taken without a question. */
export async function pick(shown: readonly Shown[]): Promise<Shown | undefined> {
  if (shown.length < 2) {
    return shown[0];
  }
  const items = shown.map((finding) => ({
    label: finding.diagnostic.message,
    description: `line ${finding.diagnostic.range.start.line + 1}`,
    finding,
  }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Which finding?" });
  return chosen?.finding;
}

function idOf(diagnostic: vscode.Diagnostic): string | undefined {
  // The language client keeps LSP's `data` on the diagnostics it makes.
  const data = (diagnostic as { data?: { finding?: unknown } }).data;
  return typeof data?.finding === "string" ? data.finding : undefined;
}
