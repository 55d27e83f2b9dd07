/**
 * A document is the server's business once somebody sees it.
 *
 * VS Code and its extensions open documents that nobody has asked for: the user's own settings, to
 * write them, or what a search looks into. A review of those would take the models' time, and
 * would stand in the panel in place of the one that the user waits for.
 */

import * as vscode from "vscode";

type Hand = () => Promise<void>;

/** Holds back that a document was opened until a tab or an editor shows it. */
export class Shown implements vscode.Disposable {
  private readonly held = new Map<string, Hand>();
  private readonly disposables: vscode.Disposable;

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.disposables = vscode.Disposable.from(
      vscode.window.tabGroups.onDidChangeTabs(() => {
        this.handOn();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.handOn();
      }),
    );
  }

  /** `hand` tells the server: now, or when the document is seen, which may be never. */
  async opened(uri: vscode.Uri, hand: Hand): Promise<void> {
    if (seen().has(uri.toString())) {
      this.held.delete(uri.toString());
      await hand();
    } else {
      this.held.set(uri.toString(), hand);
    }
  }

  /** It was closed. Whether the server had been told of it at all. */
  closed(uri: vscode.Uri): boolean {
    return !this.held.delete(uri.toString());
  }

  /** Whether the server has yet to hear of it; what happens to it meanwhile is in its text then. */
  holds(uri: vscode.Uri): boolean {
    return this.held.has(uri.toString());
  }

  /** The server that was to be told is no more. */
  forget(): void {
    this.held.clear();
  }

  dispose(): void {
    this.forget();
    this.disposables.dispose();
  }

  private handOn(): void {
    if (this.held.size === 0) {
      return;
    }
    const now = seen();
    for (const [uri, hand] of this.held) {
      if (now.has(uri)) {
        this.held.delete(uri);
        hand().catch((error: unknown) => {
          this.log.warn(`The server was not told of ${uri}: ${String(error)}`);
        });
      }
    }
  }
}

/** The documents in tabs, also in those that are behind another, and in editors without a tab. */
function seen(): Set<string> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.flatMap(({ input }) => uris(input)));
  const editors = vscode.window.visibleTextEditors.map(({ document }) => document.uri);
  return new Set([...tabs, ...editors].map(String));
}

function uris(input: unknown): vscode.Uri[] {
  if (input instanceof vscode.TabInputTextDiff) {
    return [input.original, input.modified];
  }
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? [input.uri] : [];
}
