/** Where the extension begins: one server, and the features that speak with it. */

import * as vscode from "vscode";
import { type Manifest, chosen, serverSettings } from "./config";
import type { Context } from "./context";
import * as ask from "./features/ask";
import * as findings from "./features/findings";
import * as fix from "./features/fix";
import * as panel from "./features/panel";
import * as search from "./features/search";
import * as status from "./features/status";
import { Scratch } from "./scratch";
import { type Condition, type Trouble, Server } from "./server";

let server: Server | undefined;

/** For other extensions, and for tests: how the server is, and what it is told. */
export interface Api {
  state(): Condition;
  trouble(): Trouble | undefined;
  chosen(): Record<string, unknown>;
}

export async function activate(extension: vscode.ExtensionContext): Promise<Api> {
  const log = vscode.window.createOutputChannel("Mirador", { log: true });
  const scratch = new Scratch(extension.globalStorageUri);
  const manifest = extension.extension.packageJSON as Manifest;
  const started = new Server(manifest, log, (uri) => scratch.holds(uri));
  server = started;
  const context: Context = { extension, server: started, log };
  extension.subscriptions.push(started, log);
  status.activate(context);
  const answers = panel.activate(context);
  ask.activate(context, answers);
  findings.activate(context);
  fix.activate(context, scratch);
  search.activate(context);
  await started.restart();
  return {
    state: () => started.state,
    trouble: () => started.trouble,
    chosen: () => chosen(serverSettings(manifest)),
  };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
