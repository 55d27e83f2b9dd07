/** Finds code by words, names and meaning: a list that follows what is typed, with a look ahead. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Context } from "../context";
import { type SearchHit, searchRequest } from "../protocol";
import { report } from "../run";

/** Typing goes on for about this long between two letters. */
const QUIET_MS = 150;

interface Item extends vscode.QuickPickItem {
  readonly hit?: SearchHit;
}

export function activate(context: Context): void {
  context.extension.subscriptions.push(
    vscode.commands.registerCommand("mirador.search", async () => {
      const client = await context.server.running();
      if (client !== undefined) {
        new Search(client).show();
      }
    }),
  );
}

class Search {
  private readonly pick = vscode.window.createQuickPick<Item>();
  private readonly before = vscode.window.activeTextEditor;
  private readonly place = this.before?.selection;
  private timer: NodeJS.Timeout | undefined;
  private asking = new vscode.CancellationTokenSource();
  private taken = false;

  constructor(private readonly client: LanguageClient) {
    this.pick.title = "Mirador: Search the Workspace";
    this.pick.placeholder = "Words, a name or a question: where is the session token refreshed";
    this.pick.matchOnDescription = true;
    this.pick.matchOnDetail = true;
    this.pick.onDidChangeValue(() => { this.soon(); });
    this.pick.onDidChangeActive(([item]) => void this.open(item, true));
    this.pick.onDidAccept(() => {
      this.taken = true;
      void this.open(this.pick.activeItems[0], false);
      this.pick.hide();
    });
    this.pick.onDidHide(() => { this.end(); });
  }

  show(): void {
    this.pick.show();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), QUIET_MS);
  }

  private async ask(): Promise<void> {
    this.asking.cancel();
    this.asking.dispose();
    this.asking = new vscode.CancellationTokenSource();
    const { token } = this.asking;
    const query = this.pick.value.trim();
    if (query === "") {
      this.pick.items = [];
      return;
    }
    this.pick.busy = true;
    try {
      const uri = this.before?.document.uri;
      const found = await this.client.sendRequest(
        searchRequest,
        {
          query,
          most: 30,
          ...(uri === undefined ? {} : { uri: this.client.code2ProtocolConverter.asUri(uri) }),
        },
        token,
      );
      if (!token.isCancellationRequested) {
        const notes = found.notes.map((note) => ({ label: "$(info)", detail: note, alwaysShow: true }));
        this.pick.items = [...found.hits.map((hit) => item(hit)), ...notes];
      }
    } catch (error) {
      report(error);
    } finally {
      if (!token.isCancellationRequested) {
        this.pick.busy = false;
      }
    }
  }

  private async open(item: Item | undefined, ahead: boolean): Promise<void> {
    const hit = item?.hit;
    if (hit === undefined || hit.uri === "") {
      return;
    }
    const start = this.client.protocol2CodeConverter.asRange(hit.range).start;
    try {
      await vscode.window.showTextDocument(this.client.protocol2CodeConverter.asUri(hit.uri), {
        selection: new vscode.Range(start, start),
        preserveFocus: ahead,
        preview: ahead,
      });
    } catch (error) {
      report(error);
    }
  }

  private end(): void {
    clearTimeout(this.timer);
    this.asking.cancel();
    this.asking.dispose();
    this.pick.dispose();
    // Who only looked is where they were.
    if (!this.taken && this.before !== undefined && this.place !== undefined) {
      void vscode.window.showTextDocument(this.before.document, {
        viewColumn: this.before.viewColumn ?? vscode.ViewColumn.Active,
        selection: this.place,
      });
    }
  }
}

function item(hit: SearchHit): Item {
  const [first = ""] = hit.text.split("\n").filter((line) => line.trim() !== "");
  return {
    label: `${icon(hit.kind)} ${hit.symbol || hit.name}`,
    description: `${hit.name}:${hit.range.start.line + 1}  ${hit.why.join(", ")}`,
    detail: first.trim(),
    // The server has chosen; the list must not filter by the letters once more.
    alwaysShow: true,
    hit,
  };
}

function icon(kind: string): string {
  switch (kind) {
    case "function":
    case "method":
      return "$(symbol-method)";
    case "class":
      return "$(symbol-class)";
    case "prose":
      return "$(book)";
    case "talk":
      return "$(comment)";
    case "fix":
      return "$(wrench)";
    default:
      return "$(file-code)";
  }
}
