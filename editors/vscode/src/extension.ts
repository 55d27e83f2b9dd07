/** Where the extension begins: one server, and the features that speak with it. */

import * as vscode from "vscode";
import { type Manifest, chosen, serverSettings } from "./config";
import type { Context } from "./context";
import * as ask from "./features/ask";
import * as comments from "./features/comments";
import * as environment from "./features/environment";
import * as findings from "./features/findings";
import * as fix from "./features/fix";
import * as menu from "./features/menu";
import * as panel from "./features/panel";
import * as preview from "./features/preview";
import * as search from "./features/search";
import * as status from "./features/status";
import * as walkthrough from "./features/walkthrough";
import type { Status } from "./protocol";
import { currentPython } from "./environment";
import { Scratch } from "./scratch";
import { type Condition, Server } from "./server";
import type { Trouble } from "./trouble";

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
  const home = environment.homeOf(extension);
  const started = new Server(manifest, log, (uri) => scratch.holds(uri), () => currentPython(home));
  server = started;
  const said = new vscode.EventEmitter<Status>();
  const context: Context = { extension, server: started, log, status: said };
  extension.subscriptions.push(started, log, said);
  menu.activate(context, status.activate(context));
  environment.activate(context);
  const answers = panel.activate(context);
  ask.activate(context, answers);
  findings.activate(context);
  fix.activate(context, scratch, preview.activate(context));
  comments.activate(context);
  search.activate(context);
  walkthrough.activate(context);
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
