/** The panel's window: made, filled, asked again after it was hidden, made anew after a reload. */

import * as vscode from "vscode";
import { STYLES, page } from "../../page";
import type { Event } from "../../panel/events";
import { type FromPanel, type Saved, type Tab, type ToPanel, fromPanel, saved } from "../../panel/messages";
import { Malformed } from "../../panel/schema";
import { BEGINNING, type State, reduce } from "../../panel/state";

export const VIEW_TYPE = "mirador.panel";

export class View implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private window: vscode.WebviewPanel | undefined;
  /** The page listens. One that is hidden is gone, and says so when it is there again. */
  private ready = false;
  private wanted: Tab | undefined;
  private now: State = BEGINNING;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
    private readonly heard: (message: FromPanel) => void,
    /** What the page kept from the session before. */
    private readonly restored: (kept: Saved) => void,
  ) {}

  get state(): State {
    return this.now;
  }

  apply(event: Event): void {
    this.now = reduce(this.now, event);
    if (this.ready) {
      this.tell({ kind: "event", event });
    }
  }

  /** Shows a tab beside the code; the code keeps the focus unless the user asked for the panel. */
  show(tab: Tab, focus: boolean): void {
    if (this.window === undefined) {
      this.wanted = tab;
      this.take(
        vscode.window.createWebviewPanel(
          VIEW_TYPE,
          "Mirador",
          { viewColumn: vscode.ViewColumn.Beside, preserveFocus: !focus },
          this.options(),
        ),
      );
      return;
    }
    this.window.reveal(undefined, !focus);
    if (this.ready) {
      this.tell({ kind: "show", tab });
    } else {
      this.wanted = tab;
    }
  }

  /** VS Code was started again and had a panel. */
  deserializeWebviewPanel(window: vscode.WebviewPanel, kept: unknown): Thenable<void> {
    window.webview.options = this.options();
    const read = this.read(() => saved(kept), "what the panel kept");
    if (read !== undefined) {
      this.restored(read);
    }
    this.window?.dispose();
    this.take(window);
    return Promise.resolve();
  }

  dispose(): void {
    this.window?.dispose();
  }

  private options(): vscode.WebviewOptions & vscode.WebviewPanelOptions {
    const folders = ["media", "dist"].map((name) => vscode.Uri.joinPath(this.extensionUri, name));
    return { enableScripts: true, localResourceRoots: folders };
  }

  private take(window: vscode.WebviewPanel): void {
    this.window = window;
    this.ready = false;
    const file = (...names: string[]): vscode.Uri => vscode.Uri.joinPath(this.extensionUri, ...names);
    window.iconPath = file("media", "icon.svg");
    window.webview.onDidReceiveMessage((message: unknown) => {
      this.hear(message);
    });
    window.onDidChangeViewState(() => {
      this.ready &&= window.visible;
    });
    window.onDidDispose(() => {
      if (this.window === window) {
        this.window = undefined;
        this.ready = false;
      }
    });
    window.webview.html = page({
      own: window.webview.cspSource,
      script: window.webview.asWebviewUri(file("dist", "panel.js")).toString(),
      styles: STYLES.map((name) => window.webview.asWebviewUri(file("media", "panel", name)).toString()),
    });
  }

  private hear(said: unknown): void {
    const message = this.read(() => fromPanel(said), "a message of the panel");
    if (message === undefined) {
      return;
    }
    if (message.kind === "unread") {
      this.log.warn(`The panel could not read a message: ${message.why}`);
    } else if (message.kind === "failed") {
      this.log.error(`The panel failed: ${message.why}`);
    } else if (message.kind === "ready") {
      this.ready = true;
      this.tell({ kind: "state", state: this.now });
      if (this.wanted !== undefined) {
        this.tell({ kind: "show", tab: this.wanted });
        this.wanted = undefined;
      }
    }
    this.heard(message);
  }

  private tell(message: ToPanel): void {
    void this.window?.webview.postMessage(message);
  }

  /** What cannot be read is left out, and the log says so. */
  private read<T>(reader: () => T, what: string): T | undefined {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof Malformed)) {
        throw error;
      }
      this.log.warn(`Ignored ${what}: ${error.message}.`);
      return undefined;
    }
  }
}
