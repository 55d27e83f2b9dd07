/** The panel: the running review, findings, answers and figures, beside the code. */

import * as vscode from "vscode";
import type { Context } from "../context";
import type { Event } from "../panel/events";
import type { Action, Deed, FromPanel } from "../panel/messages";
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
  const panel = new Panel(context);
  context.extension.subscriptions.push(
    panel,
    vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, panel.view),
    vscode.commands.registerCommand("mirador.showPanel", () => {
      panel.view.show("review", true);
    }),
    vscode.commands.registerCommand("mirador.showMetrics", () => {
      panel.view.show("metrics", true);
    }),
    vscode.commands.registerCommand("mirador.explain", async (argument: unknown) => {
      const client = await context.server.running();
      const place = client && (given(argument) ?? here(client));
      if (place !== undefined) {
        await panel.ask({ place, question: "", follows: false });
      }
    }),
  );
  return panel;
}

class Panel implements Answers, vscode.Disposable {
  readonly view: View;
  private readonly asking: Asking;
  private readonly rows: Rows;

  constructor(private readonly context: Context) {
    const { extension, log } = context;
    const tell = (event: Event): void => {
      this.view.apply(event);
    };
    this.view = new View(
      extension.extensionUri,
      log,
      (message) => {
        this.hear(message);
      },
      ({ answers, thread }) => {
        this.asking.after(answers, thread);
        tell({ kind: "restored", answers, thread });
      },
    );
    this.asking = new Asking(context, tell);
    this.rows = new Rows((rows, left) => {
      tell({ kind: "findings", rows, left });
    });
    follow(context, tell);
    this.rows.look();
  }

  async ask(question: Question): Promise<void> {
    if ((await this.context.server.running()) !== undefined) {
      this.view.show("ask", false);
      await this.asking.ask(question);
    }
  }

  dispose(): void {
    vscode.Disposable.from(this.asking, this.rows, this.view).dispose();
  }

  private hear(message: FromPanel): void {
    switch (message.kind) {
      case "act":
        this.act(message.action);
        break;
      case "ask":
        this.goOn(message.question.trim()).catch(report);
        break;
      case "finding":
        this.treat(message.key, message.deed).catch(report);
        break;
      case "measure":
        void measure(this.context, message.days, (event) => {
          this.view.apply(event);
        });
        break;
      case "ready":
      case "unread":
      case "failed":
        break;
    }
  }

  private act(action: Action): void {
    if (action === "stopAnswer") {
      this.asking.stop();
    } else {
      vscode.commands.executeCommand(...COMMANDS[action]).then(undefined, report);
    }
  }

  /** A question of the panel goes on with what was asked last, else it is about the editor's place. */
  private async goOn(question: string): Promise<void> {
    const client = question ? await this.context.server.running() : undefined;
    const place = client && (this.asking.place ?? here(client));
    if (place !== undefined) {
      await this.asking.ask({ place, question, follows: this.view.state.answers.length > 0 });
    }
  }

  private async treat(key: string, deed: Deed): Promise<void> {
    const found = this.rows.of(key);
    if (found === undefined) {
      this.context.log.warn("The panel spoke of a finding that is not there any more.");
      return;
    }
    if (deed === "open") {
      await jump(found);
      return;
    }
    const client = await this.context.server.running();
    if (client !== undefined) {
      const convert = client.code2ProtocolConverter;
      const place = {
        uri: convert.asUri(found.uri),
        range: convert.asRange(found.shown.diagnostic.range),
        findingId: found.shown.id,
      };
      await vscode.commands.executeCommand(DEEDS[deed], place);
    }
  }
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
