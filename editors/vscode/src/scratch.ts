/**
 * Files that stand in for a document while other extensions are asked what they would say of
 * another text for it. They lie in the extension's own storage, and the server never hears of them.
 *
 * Files rather than untitled documents: an untitled document with text in it is "unsaved", and
 * VS Code opens a tab for every unsaved document.
 */

import { randomUUID } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";

export class Scratch {
  private readonly folder: vscode.Uri;

  constructor(storage: vscode.Uri) {
    this.folder = vscode.Uri.joinPath(storage, "check");
  }

  holds(uri: vscode.Uri): boolean {
    return uri.scheme === this.folder.scheme && uri.path.startsWith(`${this.folder.path}/`);
  }

  /** A document with `text` that is like `model` in name and language. `remove` its folder after. */
  async open(model: vscode.TextDocument, text: string): Promise<vscode.TextDocument> {
    const folder = vscode.Uri.joinPath(this.folder, randomUUID());
    const file = vscode.Uri.joinPath(folder, path.posix.basename(model.uri.path) || "document");
    await vscode.workspace.fs.createDirectory(folder);
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
    const document = await vscode.workspace.openTextDocument(file);
    return document.languageId === model.languageId
      ? document
      : vscode.languages.setTextDocumentLanguage(document, model.languageId);
  }

  /** Deletes what `open` wrote; the document itself is let go by the editor. */
  async remove(document: vscode.TextDocument): Promise<void> {
    const folder = vscode.Uri.joinPath(document.uri, "..");
    if (this.holds(folder)) {
      await vscode.workspace.fs.delete(folder, { recursive: true });
    }
  }
}
