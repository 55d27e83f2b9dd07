/** Where the extension begins: one server, and the features that speak with it. */

import * as vscode from "vscode";
import type { Manifest } from "./config";
import type { Context } from "./context";
import * as ask from "./features/ask";
import * as findings from "./features/findings";
import * as fix from "./features/fix";
import * as panel from "./features/panel";
import * as status from "./features/status";
import { Scratch } from "./scratch";
import { Server } from "./server";

let server: Server | undefined;

export async function activate(extension: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("Mirador", { log: true });
  const scratch = new Scratch(extension.globalStorageUri);
  const manifest = extension.extension.packageJSON as Manifest;
  server = new Server(manifest, log, (uri) => scratch.holds(uri));
  const context: Context = { extension, server, log };
  extension.subscriptions.push(server, log);
  status.activate(context);
  const answers = panel.activate(context);
  ask.activate(context, answers);
  findings.activate(context);
  fix.activate(context, scratch);
  await server.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
