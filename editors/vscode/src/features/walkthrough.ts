/** The first steps: shown once by itself, and whenever the user asks. Its model comes with a click. */

import * as vscode from "vscode";
import { saidOfStart } from "../config";
import type { Context } from "../context";
import { currentPython } from "../environment";
import { launch } from "../launch";
import { ProgramStopped, runProgram } from "../programs";
import { unlinked } from "../words";
import { homeOf, withProgress } from "./environment";

const SHOWN = "walkthrough.shown";
const NAME = "start";
const MODELS = [
  { label: "0.5b", description: "0.5 GB", detail: "Fast; enough for the quick stage on most machines" },
  { label: "1.5b", description: "1.1 GB", detail: "Slower and better: for the deep stage" },
];

export function activate(context: Context): void {
  const { extension } = context;
  const show = (): Thenable<unknown> =>
    vscode.commands.executeCommand("workbench.action.openWalkthrough", `${extension.extension.id}#${NAME}`, false);
  extension.subscriptions.push(
    vscode.commands.registerCommand("mirador.showWalkthrough", show),
    vscode.commands.registerCommand("mirador.pullModel", () => pullModel(context)),
    context.status.event(({ busy, uri }) => {
      if (!busy && uri) {
        void vscode.commands.executeCommand("setContext", "mirador.reviewed", true);
      }
    }),
  );
  if (extension.globalState.get<boolean>(SHOWN) !== true && wantsPages()) {
    void extension.globalState.update(SHOWN, true);
    void show();
  }
}

/** Some want nothing opened that they did not open. */
function wantsPages(): boolean {
  const settings = vscode.workspace.getConfiguration("workbench");
  return (
    settings.get("startupEditor") !== "none" &&
    settings.get("welcomePage.walkthroughs.openOnInstall") !== false
  );
}

/** `mirador models pull`, with a bar whose button stops it; it goes on there the next time. */
async function pullModel({ extension, server, log }: Context): Promise<void> {
  const chosen = await vscode.window.showQuickPick(MODELS, {
    title: "Which model? It is fetched once, and stays on this machine",
  });
  if (chosen === undefined) {
    return;
  }
  const own = await currentPython(homeOf(extension));
  const { command, args, environment } = launch({ ...saidOfStart(), own });
  const program = { command, args: [...args, "models", "pull", chosen.label], environment };
  try {
    await withProgress((step, signal) => {
      step(`Fetching ${chosen.label}…`);
      return runProgram(program, (line) => {
        log.info(line);
        step(unlinked(line));
      }, signal);
    });
  } catch (error) {
    if (!(error instanceof ProgramStopped)) {
      await tell(error, log);
    }
    return;
  }
  await server.restart();
  void vscode.window.showInformationMessage(`Mirador can use ${chosen.label} now.`);
}

async function tell(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const words = error instanceof Error ? error.message : String(error);
  log.error(words);
  const show = "Show Log";
  if ((await vscode.window.showErrorMessage(`The model could not be fetched: ${unlinked(words)}`, show)) === show) {
    log.show();
  }
}
