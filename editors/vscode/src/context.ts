/** What every feature is handed when it is activated. */

import type * as vscode from "vscode";
import type { Status } from "./protocol";
import type { Server } from "./server";

export interface Context {
  readonly extension: vscode.ExtensionContext;
  readonly server: Server;
  /** The log that users see under "Mirador" in the Output panel. */
  readonly log: vscode.LogOutputChannel;
  /** Fires with what the server says of itself: a client has one listener for it. */
  readonly status: vscode.EventEmitter<Status>;
}
