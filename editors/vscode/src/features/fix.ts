/** Changes that the server makes through the editor, and the question it asks before it does. */

import * as vscode from "vscode";
import { wants } from "../config";
import type { Context } from "../context";
import { Neighbours } from "../neighbours";
import { given, here } from "../place";
import { type Changed, checkDiagnosticsRequest } from "../protocol";
import { run } from "../run";
import type { Scratch } from "../scratch";
import { unlinked } from "../words";
import { finding } from "./findings";
import type { Previews } from "./preview";

const JOBS: Readonly<Record<string, string>> = {
  "mirador.fix": "Fixing",
  "mirador.document": "Documenting",
  "mirador.writeTests": "Writing tests",
  "mirador.action": "Working",
  "mirador.fixAll": "Making all safe fixes",
};

export function activate(context: Context, scratch: Scratch, previews: Previews): void {
  const neighbours = new Neighbours(scratch);
  context.extension.subscriptions.push(neighbours);
  context.server.onClient((client) => {
    client.onRequest(checkDiagnosticsRequest, ({ textDocument, text }, cancelled) =>
      neighbours.compare(client.protocol2CodeConverter.asUri(textDocument.uri), text, cancelled),
    );
  });
  for (const [command, title] of Object.entries(JOBS)) {
    context.extension.subscriptions.push(
      vscode.commands.registerCommand(command, async (argument: unknown) => {
        const client = await context.server.running();
        if (client === undefined) {
          return;
        }
        const place =
          given(argument) ?? (command === "mirador.fix" ? await finding(client) : here(client));
        if (place !== undefined) {
          const { preview, ...argument } = { preview: wants("previewFixes"), ...place };
          const asked = { command, argument, title };
          tell(
            (await (preview && command === "mirador.fix"
              ? previews.during(place.uri, () => run(client, asked))
              : run(client, asked))) as Changed | undefined,
          );
        }
      }),
    );
  }
}

/** How far the change was checked, then what it is: messages are cut where the window ends. */
function tell(changed: Changed | undefined): void {
  if (changed?.state !== "applied" || !changed.title) {
    return;
  }
  const [, what, checked] = /^(.*) \((.*)\)$/s.exec(changed.title) ?? [];
  const words = what !== undefined && checked ? `${checked}. ${what}` : changed.title;
  void vscode.window.showInformationMessage(`Mirador: ${unlinked(words)}`);
}
