/** Runs a command of the server, with a progress bar whose cancel button reaches the model. */

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import {
  type LanguageClient,
  ExecuteCommandRequest,
  LSPErrorCodes,
  ResponseError,
  WorkDoneProgress,
} from "vscode-languageclient/node";
import { unlinked } from "./words";

export interface Run {
  readonly command: string;
  readonly argument?: object;
  /** Shown on the bar; without it there is none, for commands that answer at once. */
  readonly title?: string;
}

/** The command's answer; undefined when it was cancelled or failed, and then the user knows. */
export async function run(client: LanguageClient, what: Run): Promise<unknown> {
  const { title } = what;
  if (title === undefined) {
    return send(client, what);
  }
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Mirador: ${title}`, cancellable: true },
    async (progress, cancelled) => {
      const workDoneToken = randomUUID();
      let reached = 0;
      const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind === "end") {
          return;
        }
        const percentage = value.percentage ?? reached;
        progress.report({
          ...(value.message === undefined ? {} : { message: unlinked(value.message) }),
          increment: Math.max(0, percentage - reached),
        });
        reached = Math.max(reached, percentage);
      });
      try {
        return await send(client, what, workDoneToken, cancelled);
      } finally {
        listener.dispose();
      }
    },
  );
}

/** Says what a failed request says, once. Cancelling is no failure. */
export function report(error: unknown): void {
  if (error instanceof vscode.CancellationError || isCancelled(error)) {
    return;
  }
  const text = unlinked(error instanceof Error ? error.message : String(error));
  void vscode.window.showErrorMessage(text.startsWith("Mirador") ? text : `Mirador: ${text}`);
}

function isCancelled(error: unknown): boolean {
  return (
    error instanceof ResponseError &&
    (error.code === LSPErrorCodes.RequestCancelled || error.code === LSPErrorCodes.ServerCancelled)
  );
}

async function send(
  client: LanguageClient,
  what: Run,
  workDoneToken?: string,
  cancelled?: vscode.CancellationToken,
): Promise<unknown> {
  const params = {
    command: what.command,
    arguments: what.argument === undefined ? [] : [what.argument],
    ...(workDoneToken === undefined ? {} : { workDoneToken }),
  };
  try {
    return await client.sendRequest(ExecuteCommandRequest.type, params, cancelled);
  } catch (error) {
    report(error);
    return undefined;
  }
}
