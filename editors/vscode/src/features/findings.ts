/** Reviews on demand, and what a user can do with a finding. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Context } from "../context";
import { type Shown, editorHere, findings, findingsHere, given, here, pick } from "../place";
import type { Place } from "../protocol";
import { run } from "../run";

const REVIEWS: Readonly<Record<string, string>> = {
  "mirador.reviewFile": "Reviewing the file",
  "mirador.reviewSelection": "Reviewing the selection",
  "mirador.reviewSymbol": "Reviewing the symbol",
  "mirador.reviewWorkspace": "Reviewing the workspace",
  "mirador.reviewMyChanges": "Reviewing your changes",
  "mirador.reviewChanges": "Reviewing the changed lines",
};
/** They need no editor. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  "mirador.reviewWorkspace",
  "mirador.reviewMyChanges",
  "mirador.reviewChanges",
]);
/** They need a finding, and answer at once. */
const OPINIONS = ["mirador.helpful", "mirador.notHelpful", "mirador.suppress", "mirador.showEvidence"];
/** They are about a document. */
const PAGES = ["mirador.showWithheld", "mirador.showFindings"];
const RATINGS = ["1: never again", "2: of little use", "3: neither", "4: of use", "5: just right"];
/** Why a finding may be hidden that can be shown again. */
const RESTORABLE: ReadonlySet<string> = new Set(["dismissed", "learned"]);
const REASONS = ["It is wrong", "It is right, but does not matter here", "It is known and accepted"];

export function activate(context: Context): void {
  const register: Register = (command, act) => {
    context.extension.subscriptions.push(
      vscode.commands.registerCommand(command, async (argument: unknown) => {
        const client = await context.server.running();
        if (client !== undefined) {
          await act(client, argument);
        }
      }),
    );
  };
  for (const [command, title] of Object.entries(REVIEWS)) {
    register(command, async (client, argument) => {
      const place = given(argument) ?? subject(client, command);
      if (place !== undefined) {
        await run(client, { command, argument: place, title });
      }
    });
  }
  for (const command of PAGES) {
    register(command, async (client, argument) => {
      const place = given(argument) ?? here(client);
      if (place !== undefined) {
        await run(client, { command, argument: place });
      }
    });
  }
  for (const command of OPINIONS) {
    register(command, async (client, argument) => {
      const place = given(argument) ?? (await finding(client));
      if (place !== undefined) {
        await run(client, { command, argument: place });
      }
    });
  }
  activateDecisions(register);
}

type Register = (
  command: string,
  act: (client: LanguageClient, argument: unknown) => Promise<void>,
) => void;

/** What the user decides of a finding, and takes back. */
function activateDecisions(register: Register): void {
  register("mirador.restore", async (client, argument) => {
    const place = given(argument) ?? here(client);
    if (place !== undefined) {
      await restore(client, place);
    }
  });
  register("mirador.rate", async (client, argument) => {
    const place = given(argument) ?? (await finding(client));
    if (place === undefined) {
      return;
    }
    const rating = "rating" in place ? place.rating : await askRating();
    if (rating !== undefined) {
      await run(client, { command: "mirador.rate", argument: { ...place, rating } });
    }
  });
  register("mirador.dismiss", async (client, argument) => {
    const place = given(argument) ?? (await finding(client));
    if (place === undefined) {
      return;
    }
    const reason = "reason" in place ? place.reason : await askReason();
    if (reason !== undefined) {
      await run(client, { command: "mirador.dismiss", argument: { ...place, reason } });
    }
  });
}

/** The workspace and its changes need no editor; the others are about the one that is open. */
function subject(client: LanguageClient, command: string): Place | object | undefined {
  if (EVERYWHERE.has(command) && editorHere() === undefined) {
    return {};
  }
  return here(client);
}

/** A finding of the open document: the one at the cursor, else the user chooses. */
export async function finding(client: LanguageClient): Promise<Place | undefined> {
  const editor = editorHere();
  if (editor === undefined) {
    return here(client);
  }
  const near = findingsHere(editor);
  const choice: Shown | undefined = await pick(near.length > 0 ? near : findings(editor.document.uri));
  if (choice === undefined) {
    if (findings(editor.document.uri).length === 0) {
      void vscode.window.showInformationMessage("Mirador shows no finding in this file.");
    }
    return undefined;
  }
  return {
    uri: client.code2ProtocolConverter.asUri(editor.document.uri),
    range: client.code2ProtocolConverter.asRange(choice.diagnostic.range),
    findingId: choice.id,
  };
}

/** Shows a finding again that was dismissed, or is like those that were; the user chooses which. */
async function restore(client: LanguageClient, { uri, findingId }: Place): Promise<void> {
  let id = findingId;
  if (id === undefined) {
    const argument = { uri, page: false };
    const answer = (await run(client, { command: "mirador.showWithheld", argument })) as
      | { hushed: { findingId: string; line: number; message: string; by: string; reason: string }[] }
      | undefined;
    if (answer === undefined) {
      return;
    }
    const dismissed = answer.hushed.filter((one) => RESTORABLE.has(one.by));
    if (dismissed.length === 0) {
      const none = "No finding of this file was dismissed, or withheld because others were.";
      void vscode.window.showInformationMessage(none);
      return;
    }
    const items = dismissed.map((one) => ({
      label: one.message,
      description: `line ${one.line}`,
      detail: one.by === "learned" ? one.reason : "",
      id: one.findingId,
    }));
    id = (await vscode.window.showQuickPick(items, { placeHolder: "Show which again?" }))?.id;
  }
  if (id !== undefined) {
    await run(client, { command: "mirador.restore", argument: { uri, findingId: id } });
  }
}

/** Why a finding is dismissed, in the user's words or in one of ours; undefined: not dismissed. */
async function askReason(): Promise<string | undefined> {
  const other = "Another reason…";
  const choice = await vscode.window.showQuickPick([...REASONS, other], {
    title: "Dismiss the finding",
    placeHolder: "Why? It stays on this machine.",
  });
  if (choice !== other) {
    return choice;
  }
  return vscode.window.showInputBox({ title: "Dismiss the finding", prompt: "Why?" });
}

/** One to five stars; undefined: none. */
async function askRating(): Promise<number | undefined> {
  const title = "Rate the finding";
  const choice = await vscode.window.showQuickPick(RATINGS, { title });
  return choice === undefined ? undefined : RATINGS.indexOf(choice) + 1;
}
