/** A question of the user's own about the selection, the symbol or the file. */

import * as vscode from "vscode";
import type { Context } from "../context";
import { given, here } from "../place";
import type { Answers } from "./panel";

export function activate(context: Context, answers: Answers): void {
  context.extension.subscriptions.push(
    vscode.commands.registerCommand("mirador.ask", async (argument: unknown) => {
      const client = await context.server.running();
      const place = client && (given(argument) ?? here(client));
      if (place === undefined) {
        return;
      }
      const known = (place as { question?: unknown }).question;
      const question = typeof known === "string" && known ? known : await askUser();
      if (question?.trim()) {
        const { uri, range, position, findingId } = place;
        await answers.ask({
          place: {
            uri,
            ...(range === undefined ? {} : { range }),
            ...(position === undefined ? {} : { position }),
            ...(findingId === undefined ? {} : { findingId }),
          },
          question: question.trim(),
          follows: false,
        });
      }
    }),
  );
}

function askUser(): Thenable<string | undefined> {
  const selected = vscode.window.activeTextEditor?.selection.isEmpty === false;
  return vscode.window.showInputBox({
    title: "Ask Mirador",
    prompt: selected ? "About the selection" : "About the code around the cursor",
    placeHolder: "What happens when the list is empty?",
  });
}
