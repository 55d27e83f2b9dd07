/** The panel: the running review, findings, answers and figures, beside the code. */

import * as vscode from "vscode";
import type { Context } from "../context";
import type { Action, Deed, FromPanel, Saved } from "../panel/messages";
import { given, here } from "../place";
import { report } from "../run";
import { Asking, type Question } from "./panel/asking";
import { follow } from "./panel/following";
import { measure } from "./panel/measuring";
import { type Found, Rows } from "./panel/rows";
import { VIEW_TYPE, View } from "./panel/view";

/** The panel, for whoever has a question. */
export interface Answers {
  ask(question: Question): Promise<void>;
}

const COMMANDS: Readonly<Record<Exclude<Action, "stopAnswer">, readonly [string, ...unknown[]]>> = {
  review: ["mirador.reviewFile"],
  explainHere: ["mirador.explain"],
  restart: ["mirador.restartServer"],
  settings: ["workbench.action.openSettings", "mirador.path"],
  mend: ["mirador.menu"],
  log: ["mirador.showLog"],
  doctor: ["mirador.doctor"],
  stopReview: ["mirador.cancel"],
};
const DEEDS: Readonly<Record<Exclude<Deed, "open">, string>> = {
  explain: "mirador.explain",
  fix: "mirador.fix",
  dismiss: "mirador.dismiss",
  helpful: "mirador.helpful",
  notHelpful: "mirador.notHelpful",
};

export function activate(context: Context): Answers {
  const { extension, log, server } = context;
  const view: View = new View(extension.extensionUri, log, heard, restored);
  const tell = view.apply.bind(view);
  const asking = new Asking(context, tell);
  const rows = new Rows((found, left) => {
    tell({ kind: "findings", rows: found, left });
  });
  follow(context, tell);
  function restored({ answers }: Saved): void {
    asking.after(answers);
    tell({ kind: "restored", answers });
  }

  function heard(message: FromPanel): void {
    switch (message.kind) {
      case "act":
        act(message.action);
        break;
      case "ask":
        further(message.question.trim()).catch(report);
        break;
      case "finding":
        treat(message.key, message.deed).catch(report);
        break;
      case "measure":
        void measure(context, message.days, tell);
        break;
      case "ready":
      case "unread":
        break;
    }
  }

  function act(action: Action): void {
    if (action === "stopAnswer") {
      asking.stop();
    } else {
      vscode.commands.executeCommand(...COMMANDS[action]).then(undefined, report);
    }
  }

  /** A question of the panel goes on with what was asked last, else it is about the editor's place. */
  async function further(question: string): Promise<void> {
    const client = question ? await server.running() : undefined;
    const place = client && (asking.place ?? here(client));
    if (place !== undefined) {
      await asking.ask({ place, question, follows: view.state.answers.length > 0 });
    }
  }

  async function treat(key: string, deed: Deed): Promise<void> {
    const found = rows.of(key);
    if (found === undefined) {
      log.warn("The panel spoke of a finding that is not there any more.");
    } else if (deed === "open") {
      await jump(found);
    } else {
      const client = await server.running();
      if (client !== undefined) {
        const { uri, shown } = found;
        const range = client.code2ProtocolConverter.asRange(shown.diagnostic.range);
        const place = { uri: client.code2ProtocolConverter.asUri(uri), range, findingId: shown.id };
        await vscode.commands.executeCommand(DEEDS[deed], place);
      }
    }
  }

  async function ask(question: Question): Promise<void> {
    if ((await server.running()) !== undefined) {
      view.show("ask", false);
      await asking.ask(question);
    }
  }

  extension.subscriptions.push(
    view,
    asking,
    rows,
    vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, view),
    vscode.commands.registerCommand("mirador.showPanel", () => {
      view.show("review", true);
    }),
    vscode.commands.registerCommand("mirador.showMetrics", () => {
      view.show("metrics", true);
    }),
    vscode.commands.registerCommand("mirador.explain", async (argument: unknown) => {
      const client = await server.running();
      const place = client && (given(argument) ?? here(client));
      if (place !== undefined) {
        await ask({ place, question: "", follows: false });
      }
    }),
  );
  rows.look();
  return { ask };
}

/** Shows the code of a finding, in the editor beside the panel, and lets the user work there. */
async function jump({ uri, shown }: Found): Promise<void> {
  const open = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri.toString());
  const beside = open ?? vscode.window.visibleTextEditors[0];
  const column = beside?.viewColumn ?? vscode.ViewColumn.One;
  const range = shown.diagnostic.range;
  await vscode.window.showTextDocument(uri, {
    viewColumn: column,
    selection: new vscode.Range(range.start, range.start),
  });
}
