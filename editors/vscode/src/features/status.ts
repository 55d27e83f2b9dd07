/** The status bar: what Mirador does, with which model, and why nothing came when nothing came. */

import * as vscode from "vscode";
import type { Context } from "../context";
import { type Status, statusNotification } from "../protocol";
import { run } from "../run";
import type { Condition } from "../server";

/** What is known of Mirador at this moment, for others that show it. */
export interface Now {
  readonly status: Status;
  /** One sentence. */
  readonly words: string;
}

const LINKS = ["mirador.menu", "mirador.doctor", "mirador.cancel", "mirador.resume", "mirador.showLog"];
const READY: Status = {
  kind: "normal", busy: false, message: "Ready.", remedy: "", uri: "", stage: "", model: "",
};

export function activate(context: Context): () => Now {
  const item = vscode.window.createStatusBarItem("mirador.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Mirador";
  item.command = "mirador.menu";
  const bar = new Bar(item, context);
  context.server.onClient((client) => {
    client.onNotification(statusNotification, (status) => {
      bar.say(status);
      context.status.fire(status);
    });
  });
  context.extension.subscriptions.push(
    item,
    context.server.onDidChange((condition) => {
      bar.become(condition);
    }),
    vscode.commands.registerCommand("mirador.showLog", () => {
      context.log.show();
    }),
    vscode.commands.registerCommand("mirador.restartServer", () => context.server.restart()),
    vscode.commands.registerCommand("mirador.cancel", async () => {
      const client = await context.server.running();
      if (client !== undefined) {
        await run(client, { command: "mirador.cancel" });
      }
    }),
    vscode.commands.registerCommand("mirador.useModel", () => useModel(context)),
    ...Object.entries(WORDS).map(([command, title]) =>
      vscode.commands.registerCommand(command, async () => {
        const client = await context.server.running();
        if (client !== undefined) {
          await run(client, { command, title });
        }
      }),
    ),
  );
  bar.become(context.server.state);
  item.show();
  return () => bar.now;
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
  private status = READY;
  private words = "";

  constructor(
    private readonly item: vscode.StatusBarItem,
    private readonly context: Context,
  ) {}

  get now(): Now {
    return { status: this.status, words: this.words };
  }

  /** What the server says of itself. */
  say(status: Status): void {
    this.status = status;
    const paused = status.paused === true;
    const doing = status.busy ? [status.stage, status.model && `(${status.model})`].filter(Boolean) : [];
    const state = paused && !status.busy ? "paused" : doing.join(" ");
    const icon = status.busy ? "sync~spin" : paused ? "debug-pause" : ICONS[status.kind];
    this.item.text = `$(${icon}) ${["Mirador", state].filter(Boolean).join(": ")}`;
    this.item.backgroundColor = background(status.kind);
    const profile = status.profile ? `Profile: ${status.profile}.` : "";
    const models = (status.stages ?? []).map(({ stage, model }) => `${stage}: ${model || "no model"}`);
    this.explain([status.message, status.remedy, status.busy ? (status.reason ?? "") : "", profile, ...models]);
    void vscode.commands.executeCommand("setContext", "mirador.busy", status.busy);
    void vscode.commands.executeCommand("setContext", "mirador.paused", paused);
    const able = models.length > 0 && (status.stages ?? []).some(({ model }) => model);
    void vscode.commands.executeCommand("setContext", "mirador.hasModel", able);
  }

  /** There is a server, or there is none. */
  become(condition: Condition): void {
    const { trouble } = this.context.server;
    if (condition === "running") {
      this.say(READY);
      return;
    }
    this.status = READY;
    for (const name of ["mirador.busy", "mirador.paused", "mirador.hasModel"]) {
      void vscode.commands.executeCommand("setContext", name, false);
    }
    this.item.backgroundColor = background(condition === "missing" ? "error" : "normal");
    const words = { starting: "Starting…", stopped: "The server does not run.", missing: "" };
    const icon = { starting: "loading~spin", stopped: "circle-slash", missing: "error" };
    this.item.text = `$(${icon[condition]}) Mirador`;
    this.explain(trouble ? [trouble.message, trouble.remedy] : [words[condition]]);
  }

  private explain(said: readonly string[]): void {
    const lines = said.filter(Boolean);
    this.words = lines[0] ?? "";
    const text = new vscode.MarkdownString();
    text.isTrusted = { enabledCommands: LINKS };
    text.supportThemeIcons = true;
    for (const line of lines) {
      text.appendText(line);
      text.appendMarkdown("\n\n");
    }
    const links = [
      "[What can be done](command:mirador.menu)",
      "[Doctor](command:mirador.doctor)",
      this.status.paused === true
        ? "[Resume](command:mirador.resume)"
        : "[Stop what runs](command:mirador.cancel)",
      "[Log](command:mirador.showLog)",
    ];
    text.appendMarkdown(links.join(" · "));
    this.item.tooltip = text;
    this.item.accessibilityInformation = { label: `Mirador. ${lines.join(" ")}`, role: "button" };
  }
}

const ICONS = { normal: "telescope", warning: "warning", error: "error" } as const;

function background(kind: Status["kind"]): vscode.ThemeColor | undefined {
  return kind === "normal" ? undefined : new vscode.ThemeColor(`statusBarItem.${kind}Background`);
}
