/** A fix before it is made: a diff of the document with it, and a choice. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { DOCUMENTS } from "../client";
import { wants } from "../config";
import type { Context } from "../context";
import { findings, given } from "../place";
import { readyFix } from "../remedy";
import { type Edit, edited } from "../shift";
import { unlinked } from "../words";
import { finding } from "./findings";

const SCHEME = "mirador-preview";
/** With more findings at a place the menu would be long; the command asks which is meant. */
const MOST_ACTIONS = 3;
/** What the server takes for a decision of the user's, and says nothing about. */
const DECLINED = "declined";

/** Fixes, looked at before they are made. */
export interface Previews {
  /** Shows the server's edit of this document first, while `work` goes on. */
  during<T>(uri: string, work: () => Promise<T>): Promise<T>;
}

export function activate(context: Context): Previews {
  const previews = new Looks();
  const { extension, server } = context;
  server.applyEdit = async (params, next) => {
    const client = await server.running();
    const uri = client && previews.wanted(params.edit, client);
    const none = new vscode.CancellationTokenSource().token;
    if (client === undefined || uri === undefined) {
      return next(params, none);
    }
    const edit = await client.protocol2CodeConverter.asWorkspaceEdit(params.edit);
    if (await previews.show(uri, edit, params.label ?? "Fix")) {
      return next(params, none);
    }
    return { applied: false, failureReason: DECLINED };
  };
  extension.subscriptions.push(
    previews,
    vscode.commands.registerCommand("mirador.previewFix", async (argument: unknown) => {
      const client = await server.running();
      const place = client && (given(argument) ?? (await finding(client)));
      if (client !== undefined && place?.findingId !== undefined) {
        await preview(previews, client.protocol2CodeConverter.asUri(place.uri), place.uri, place.findingId);
      }
    }),
    vscode.commands.registerCommand("mirador.acceptPreview", () => {
      previews.decide(true);
    }),
    vscode.commands.registerCommand("mirador.discardPreview", () => {
      previews.decide(false);
    }),
    vscode.languages.registerCodeActionsProvider(DOCUMENTS, new Offers(), {
      providedCodeActionKinds: [Offers.kind],
    }),
  );
  return previews;
}

/** A ready fix is shown at once; one that a model writes, when it is written. */
async function preview(previews: Looks, uri: vscode.Uri, wire: string, findingId: string): Promise<void> {
  const ready = await readyFix(uri, findingId);
  if (ready === undefined) {
    await vscode.commands.executeCommand("mirador.fix", { uri: wire, findingId, preview: true });
    return;
  }
  if ((await previews.show(uri, ready.edit, ready.title)) && !(await vscode.workspace.applyEdit(ready.edit))) {
    void vscode.window.showWarningMessage("Mirador: the fix was not made; the text has changed.");
  }
}

/** "Preview fix" in the menu of quick fixes. */
class Offers implements vscode.CodeActionProvider {
  static readonly kind = vscode.CodeActionKind.QuickFix.append("mirador.preview");

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const touched = findings(document.uri).filter(
      ({ diagnostic }) => diagnostic.range.intersection(range) !== undefined,
    );
    return touched.length > MOST_ACTIONS || wants("previewFixes")
      ? []
      : touched.map(({ id, diagnostic }) => {
          const action = new vscode.CodeAction(`Preview fix: ${diagnostic.message}`, Offers.kind);
          action.diagnostics = [diagnostic];
          const argument = { uri: document.uri.toString(), findingId: id };
          action.command = { command: "mirador.previewFix", title: action.title, arguments: [argument] };
          return action;
        });
  }
}

interface Look {
  /** Of the text that is shown at the right. */
  readonly shown: vscode.Uri;
  readonly text: string;
  readonly decide: (yes: boolean) => void;
}

class Looks implements Previews, vscode.TextDocumentContentProvider, vscode.Disposable {
  /** How many jobs run whose edit of a document is looked at first, by document. */
  private readonly waited = new Map<string, number>();
  private look: Look | undefined;
  private count = 0;
  private readonly disposables = [
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      if (closed.some(({ input }) => this.isShown(input))) {
        this.decide(false);
      }
    }),
  ];

  async during<T>(uri: string, work: () => Promise<T>): Promise<T> {
    this.waited.set(uri, (this.waited.get(uri) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.waited.get(uri) ?? 1) - 1;
      if (left === 0) {
        this.waited.delete(uri);
      } else {
        this.waited.set(uri, left);
      }
    }
  }

  /** The one document that an edit changes, if that is to be looked at first. */
  wanted(edit: WireEdit, client: LanguageClient): vscode.Uri | undefined {
    const [uri, ...others] = uris(edit);
    return uri !== undefined && others.length === 0 && this.waited.has(uri)
      ? client.protocol2CodeConverter.asUri(uri)
      : undefined;
  }

  /** Shows what `edit` makes of the document; whether the user wants it. */
  async show(uri: vscode.Uri, edit: vscode.WorkspaceEdit, title: string): Promise<boolean> {
    this.decide(false);
    const document = await vscode.workspace.openTextDocument(uri);
    this.count += 1;
    const shown = vscode.Uri.from({ scheme: SCHEME, path: uri.path, query: String(this.count) });
    const text = edited(document.getText(), editsOf(edit, uri), (point) =>
      document.offsetAt(new vscode.Position(point.line, point.character)),
    );
    const decided = new Promise<boolean>((decide) => {
      this.look = { shown, text, decide };
    });
    await vscode.commands.executeCommand(
      "vscode.diff", uri, shown, `${path.posix.basename(uri.path)} ↔ with the fix`, { preview: true },
    );
    void this.ask(title, shown);
    const yes = await decided;
    await this.close(shown);
    return yes;
  }

  /** Ends what is looked at. */
  decide(yes: boolean): void {
    const { look } = this;
    this.look = undefined;
    look?.decide(yes);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.look?.shown.toString() === uri.toString() ? this.look.text : "";
  }

  dispose(): void {
    this.decide(false);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private async ask(title: string, shown: vscode.Uri): Promise<void> {
    const [yes, no] = ["Apply", "Discard"];
    const choice = await vscode.window.showInformationMessage(`Mirador: ${unlinked(title)}`, yes, no);
    // The buttons above the diff may have been quicker; another may be looked at by now.
    if (choice !== undefined && this.look?.shown.toString() === shown.toString()) {
      this.decide(choice === yes);
    }
  }

  private async close(shown: vscode.Uri): Promise<void> {
    const tabs = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => modified(input)?.toString() === shown.toString());
    await vscode.window.tabGroups.close(tabs);
  }

  private isShown(input: unknown): boolean {
    return this.look !== undefined && modified(input)?.toString() === this.look.shown.toString();
  }
}

/** An edit as it comes over the wire. */
interface WireEdit {
  readonly changes?: object;
  readonly documentChanges?: readonly object[];
}

/** The documents that it changes; "" for what is no change of a document. */
function uris({ changes, documentChanges }: WireEdit): string[] {
  return (
    documentChanges?.map((one) => ("textDocument" in one ? (one.textDocument as { uri: string }).uri : "")) ??
    Object.keys(changes ?? {})
  );
}

function modified(input: unknown): vscode.Uri | undefined {
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}

function editsOf(edit: vscode.WorkspaceEdit, uri: vscode.Uri): Edit[] {
  return edit.get(uri).map(({ range, newText }) => ({ range, text: newText }));
}
