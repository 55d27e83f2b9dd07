/** What a click on the status shows: how Mirador is, and what can be done about it. */

import * as vscode from "vscode";
import { SECTION } from "../config";
import type { Context } from "../context";
import { run } from "../run";
import type { Now } from "./status";

interface Entry extends vscode.QuickPickItem {
  readonly act?: () => unknown;
}

const PROFILES: Readonly<Record<string, string>> = {
  auto: "What suits this machine",
  none: "No models: analyzers alone",
  embedded: "Models inside of Mirador, on the processor",
  "small-gpu": "Models of your servers, on a graphics card of 4 GiB or more",
  "large-gpu": "The same on one of 20 GiB or more",
};

export function activate(context: Context, now: () => Now): void {
  const say = (command: string) => async (): Promise<void> => {
    const client = await context.server.running();
    if (client !== undefined) {
      await run(client, { command });
    }
  };
  context.extension.subscriptions.push(
    vscode.commands.registerCommand("mirador.menu", () => open(context, now())),
    vscode.commands.registerCommand("mirador.switchProfile", () => switchProfile(now())),
    vscode.commands.registerCommand("mirador.pause", say("mirador.pause")),
    vscode.commands.registerCommand("mirador.resume", say("mirador.resume")),
  );
}

async function open(context: Context, now: Now): Promise<void> {
  const running = context.server.state === "running";
  const entries = [...(running ? whileRunning(now) : whatMends(context)), ...always(running)];
  const choice = await vscode.window.showQuickPick(entries, {
    title: ["Mirador", now.words].filter(Boolean).join(": "),
    placeHolder: "What is to be done?",
  });
  await choice?.act?.();
}

function whileRunning(now: Now): Entry[] {
  const { status } = now;
  return [
    ...(status.busy ? [entry("$(debug-stop)", "Stop what runs", status.message, "mirador.cancel")] : []),
    status.paused
      ? entry("$(play)", "Resume reviewing", "What was opened and saved meanwhile is reviewed", "mirador.resume")
      : entry("$(debug-pause)", "Pause reviewing", "Nothing is reviewed by itself until you resume", "mirador.pause"),
    entry("$(settings)", "Switch profile…", `Now: ${status.profile || "auto"}`, "mirador.switchProfile"),
    entry("$(circuit-board)", "Use another model…", modelsOf(status), "mirador.useModel"),
    entry("$(pulse)", "Doctor", "What works here, what does not, and what mends it", "mirador.doctor"),
    entry("$(telescope)", "Show panel", "The review, findings, answers and figures", "mirador.showPanel"),
  ];
}

function whatMends({ server }: Context): Entry[] {
  const { trouble } = server;
  return [
    { label: trouble?.message ?? "The server does not run.", detail: trouble?.remedy ?? "" },
    entry("$(package)", "Make an environment…", "Installs Mirador for this extension alone", "mirador.makeEnvironment"),
    entry("$(symbol-misc)", "Choose Python…", "One that has Mirador", "mirador.chooseInterpreter"),
    {
      label: "$(gear) Open the setting",
      description: `${SECTION}.path`,
      act: () => vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`),
    },
  ];
}

function always(running: boolean): Entry[] {
  return [
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    entry("$(output)", "Show log", "", "mirador.showLog"),
    entry("$(debug-restart)", running ? "Restart the server" : "Try again", "", "mirador.restartServer"),
    entry("$(gear)", "Settings", "", "workbench.action.openSettings", `@ext:${SECTION}.${SECTION}`),
    entry("$(book)", "Getting started", "", "mirador.showWalkthrough"),
  ];
}

function entry(icon: string, label: string, description: string, ...command: [string, ...unknown[]]): Entry {
  return {
    label: `${icon} ${label}`,
    description,
    act: () => vscode.commands.executeCommand(...command),
  };
}

function modelsOf({ stages }: Now["status"]): string {
  return (stages ?? []).map(({ stage, model }) => `${stage}: ${model || "none"}`).join(", ");
}

/** The user's own setting, so that it holds for the next session, too. */
async function switchProfile({ status }: Now): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const items = Object.entries(PROFILES).map(([label, detail]) => ({
    label,
    detail,
    description: label === status.profile ? "now" : "",
  }));
  const choice = await vscode.window.showQuickPick(items, { title: "Which profile?" });
  if (choice !== undefined) {
    await settings.update("profile", choice.label, vscode.ConfigurationTarget.Global);
    const { workspaceValue, workspaceFolderValue } = settings.inspect("profile") ?? {};
    if ((workspaceFolderValue ?? workspaceValue ?? choice.label) !== choice.label) {
      void vscode.window.showWarningMessage("Mirador: the workspace's own settings name another profile, which holds here.");
    }
  }
}
