/** The status bar: what Mirador does, with which model, and why nothing came when nothing came. */

import * as vscode from "vscode";
import type { Context } from "../context";
import { type Status, statusNotification } from "../protocol";
import { run } from "../run";
import type { Condition } from "../server";

const LINKS = ["mirador.doctor", "mirador.cancel", "mirador.restartServer", "mirador.showLog"];

export function activate(context: Context): void {
  const item = vscode.window.createStatusBarItem("mirador.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Mirador";
  const bar = new Bar(item, context);
  context.server.onClient((client) => {
    client.onNotification(statusNotification, (status) => bar.say(status));
  });
  context.extension.subscriptions.push(
    item,
    context.server.onDidChange((condition) => bar.become(condition)),
    vscode.commands.registerCommand("mirador.showLog", () => context.log.show()),
    vscode.commands.registerCommand("mirador.restartServer", () => context.server.restart()),
    vscode.commands.registerCommand("mirador.cancel", async () => {
      const client = await context.server.running();
      if (client !== undefined) {
        await run(client, { command: "mirador.cancel" });
      }
    }),
    vscode.commands.registerCommand("mirador.useModel", () => useModel(context)),
    ...["mirador.status", "mirador.doctor", "mirador.restartModels", "mirador.printDebugInformation"].map(
      (command) =>
        vscode.commands.registerCommand(command, async () => {
          const client = await context.server.running();
          if (client !== undefined) {
            await run(client, { command, title: WORDS[command] ?? "Working" });
          }
        }),
    ),
  );
  bar.become(context.server.state);
  item.show();
}

/** Let a model run a stage, or all, until the server ends. */
async function useModel(context: Context): Promise<void> {
  const model = await vscode.window.showInputBox({
    title: "Use another model for this session",
    prompt: "A name of `mirador models list`, or auto to let Mirador choose",
  });
  if (model === undefined || model === "") {
    return;
  }
  const all = "all stages";
  const stage = await vscode.window.showQuickPick([all, "quick", "deep", "synthesis"], { title: `${model} for…` });
  const client = stage === undefined ? undefined : await context.server.running();
  if (client !== undefined) {
    const wanted = stage === all ? { model } : { model, stage };
    await run(client, { command: "mirador.useModel", argument: wanted, title: "Changing the model" });
  }
}

const WORDS: Readonly<Record<string, string>> = {
  "mirador.status": "Looking at its parts",
  "mirador.doctor": "Checking itself",
  "mirador.restartModels": "Starting the models anew",
  "mirador.printDebugInformation": "Gathering facts",
};

class Bar {
  constructor(
    private readonly item: vscode.StatusBarItem,
    private readonly context: Context,
  ) {}

  /** What the server says of itself. */
  say(status: Status): void {
    const doing = status.busy ? ["Mirador", status.stage].filter(Boolean).join(": ") : "Mirador";
    this.item.text = `$(${status.busy ? "sync~spin" : ICONS[status.kind]}) ${doing}`;
    this.item.backgroundColor = background(status.kind);
    this.item.command = "mirador.doctor";
    const who = [status.stage, status.model].filter(Boolean).join(", ");
    this.explain([status.message, status.remedy, status.busy ? who : ""]);
    void vscode.commands.executeCommand("setContext", "mirador.busy", status.busy);
  }

  /** There is a server, or there is none. */
  become(condition: Condition): void {
    const { trouble } = this.context.server;
    if (condition === "running") {
      this.say({ kind: "normal", busy: false, message: "Ready.", remedy: "", uri: "", stage: "", model: "" });
      return;
    }
    void vscode.commands.executeCommand("setContext", "mirador.busy", false);
    this.item.command = "mirador.restartServer";
    this.item.backgroundColor = background(condition === "missing" ? "error" : "normal");
    const words = { starting: "Starting…", stopped: "The server does not run.", missing: "" };
    const icon = { starting: "loading~spin", stopped: "circle-slash", missing: "error" };
    this.item.text = `$(${icon[condition]}) Mirador`;
    this.explain(trouble ? [trouble.message, trouble.remedy] : [words[condition]]);
  }

  private explain(lines: readonly string[]): void {
    const text = new vscode.MarkdownString();
    text.isTrusted = { enabledCommands: LINKS };
    text.supportThemeIcons = true;
    for (const line of lines.filter(Boolean)) {
      text.appendText(line);
      text.appendMarkdown("\n\n");
    }
    const links = [
      "[Doctor](command:mirador.doctor)",
      "[Stop what runs](command:mirador.cancel)",
      "[Restart](command:mirador.restartServer)",
      "[Log](command:mirador.showLog)",
    ];
    text.appendMarkdown(links.join(" · "));
    this.item.tooltip = text;
  }
}

const ICONS = { normal: "telescope", warning: "warning", error: "error" } as const;

function background(kind: Status["kind"]): vscode.ThemeColor | undefined {
  return kind === "normal" ? undefined : new vscode.ThemeColor(`statusBarItem.${kind}Background`);
}
