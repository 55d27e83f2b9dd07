/**
 * The server process and the client that speaks with it: found, checked, started, started anew.
 *
 * It is checked before it is started, because a client whose server ends at once tries five times
 * and then gives up in a log that nobody reads.
 */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import {
  type ClientCapabilities,
  type DynamicFeature,
  type FeatureState,
  type LanguageClientOptions,
  type Middleware,
  type StaticFeature,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import { type Launch, type Manifest, SECTION, STARTS_ANEW, chosen, launch, serverSettings } from "./config";
import type { Abilities } from "./protocol";

const LANGUAGES = [
  "c", "cpp", "csharp", "css", "go", "html", "java", "javascript", "javascriptreact", "json",
  "jsonc", "php", "python", "ruby", "rust", "shellscript", "typescript", "typescriptreact", "yaml",
];
const CHECK_MS = 30_000;
/** Several settings often change together; the server is started anew once for all of them. */
const SETTLE_MS = 300;

export type Condition = "stopped" | "starting" | "running" | "missing";

/** Why there is no server, and what mends it. */
export interface Trouble {
  readonly message: string;
  readonly remedy: string;
}

/** It ran, and ended more often than it is started again by itself. */
const ENDED: Trouble = {
  message: "Mirador's server does not run.",
  remedy: "Try again, or look into its log.",
};

type Hook = (client: LanguageClient) => void;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private condition: Condition = "stopped";
  private problem: Trouble | undefined;
  private turn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly hooks: Hook[] = [];
  private readonly changed = new vscode.EventEmitter<Condition>();
  private readonly disposables: vscode.Disposable[] = [this.changed];
  /** Fires with the new condition. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly manifest: Manifest,
    private readonly log: vscode.LogOutputChannel,
    /** Documents that are nobody's business but ours: the server never hears of them. */
    private readonly hidden: (uri: vscode.Uri) => boolean,
  ) {
    this.disposables.push(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (STARTS_ANEW.some((name) => event.affectsConfiguration(name))) {
          this.restartSoon();
        }
      }),
      // What the settings may do depends on trust, and that is declared once, when a session begins.
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.restartSoon()),
    );
  }

  get state(): Condition {
    return this.condition;
  }

  get trouble(): Trouble | undefined {
    return this.problem;
  }

  /** Called with every client before it starts: handlers of the server's messages go here. */
  onClient(hook: Hook): void {
    this.hooks.push(hook);
  }

  /** The running client; when there is none, the user is told why and it is undefined. */
  async running(): Promise<LanguageClient | undefined> {
    await this.turn;
    if (this.condition !== "running") {
      void this.explainTrouble();
    }
    return this.condition === "running" ? this.client : undefined;
  }

  /** Start, or stop and start: one after the other, however often it is called. */
  restart(): Promise<void> {
    this.turn = this.turn.then(async () => {
      await this.end();
      await this.begin();
    });
    return this.turn;
  }

  async stop(): Promise<void> {
    this.turn = this.turn.then(() => this.end());
    await this.turn;
  }

  /** The one error of a server that does not run, with what can be done about it. */
  async explainTrouble(): Promise<void> {
    const { message, remedy } = this.problem ?? ENDED;
    const settings = "Open Settings";
    const again = "Try Again";
    const log = "Show Log";
    const choice = await vscode.window.showErrorMessage(`${message} ${remedy}`, settings, again, log);
    if (choice === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`);
    } else if (choice === again) {
      await this.restart();
    } else if (choice === log) {
      this.log.show();
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private restartSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.restart(), SETTLE_MS);
  }

  private async begin(): Promise<void> {
    this.become("starting");
    const how = launch();
    const trouble = await check(how);
    if (trouble !== undefined) {
      this.log.error(`${trouble.message} ${trouble.remedy}`);
      this.become("missing", trouble);
      void this.explainTrouble();
      return;
    }
    const client = new MiradorClient(how, this.options());
    for (const hook of this.hooks) {
      hook(client);
    }
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) {
        return;
      }
      if (newState === State.Running) {
        this.become("running");
      } else {
        this.become(newState === State.Stopped ? "stopped" : "starting");
      }
    });
    this.client = client;
    try {
      await client.start();
      this.become("running");
    } catch (error) {
      this.log.error(String(error));
      const remedy = "Its log, under Mirador in the Output panel, says why.";
      this.become("missing", { message: "Mirador's server ended before it was ready.", remedy });
      void this.explainTrouble();
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => this.log.warn(String(error)));
    }
    this.become("stopped");
  }

  private become(condition: Condition, trouble?: Trouble): void {
    this.condition = condition;
    this.problem = trouble;
    void vscode.commands.executeCommand("setContext", "mirador.running", condition === "running");
    this.changed.fire(condition);
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: LANGUAGES.flatMap((language) => [
        { scheme: "file", language },
        { scheme: "untitled", language },
      ]),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Hovers hold model text; the only links in them that do something are these two.
      markdown: { isTrusted: { enabledCommands: ["mirador.explain", "mirador.ask"] } },
      middleware: this.middleware(),
    };
  }

  private middleware(): Middleware {
    const names = serverSettings(this.manifest);
    return {
      didOpen: async (document, next) => {
        if (!this.hidden(document.uri)) {
          await next(document);
        }
      },
      didChange: async (event, next) => {
        if (!this.hidden(event.document.uri)) {
          await next(event);
        }
      },
      didClose: async (document, next) => {
        if (!this.hidden(document.uri)) {
          await next(document);
        }
      },
      window: {
        // Pages of the server's own are Markdown, and that is how they are shown.
        showDocument: async (params, token, next) => {
          const uri = vscode.Uri.parse(params.uri);
          if (uri.scheme !== SECTION) {
            return next(params, token);
          }
          await vscode.commands.executeCommand("markdown.showPreview", uri);
          return { success: true };
        },
      },
      workspace: {
        // Only the news that something changed: the server then asks, and is told what was chosen.
        didChangeConfiguration: (_sections, next) => next(undefined),
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          if (!Array.isArray(answers)) {
            return answers;
          }
          return params.items.map((item, index) =>
            item.section === SECTION ? chosen(names) : answers[index],
          );
        },
      },
    };
  }
}

class MiradorClient extends LanguageClient {
  constructor(how: Launch, options: LanguageClientOptions) {
    const run = {
      command: how.command,
      args: [...how.args, "serve"],
      transport: TransportKind.stdio,
      options: { env: { ...process.env, ...how.environment } },
    };
    super(SECTION, "Mirador", run, options);
    this.registerFeature(new Declaration());
  }

  /**
   * The server's commands are registered by the features, which know what an argument is when a
   * user calls one from the palette, and which are there before a server runs.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = (feature as Partial<DynamicFeature<unknown>>).registrationType?.method;
    if (method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }
}

/** What the client declares beyond LSP. */
class Declaration implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const mirador: Abilities = {
      status: true,
      answers: true,
      checkDiagnostics: true,
      commandLinks: true,
      vouchesForSettings: vscode.workspace.isTrusted,
    };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), mirador };
  }

  initialize(): void {
    // Nothing: what the server offers follows from what was declared.
  }

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing is held.
  }
}

/** Runs `--version`: is it there, does it run, is it Mirador? */
async function check(how: Launch): Promise<Trouble | undefined> {
  const shown = [how.command, ...how.args].join(" ");
  return new Promise((resolve) => {
    execFile(
      how.command,
      [...how.args, "--version"],
      { timeout: CHECK_MS, env: { ...process.env, ...how.environment } },
      (error, output, errors) => {
        if (error === null && /^mirador \d/.test(output)) {
          resolve(undefined);
          return;
        }
        resolve(trouble(how, shown, error, errors));
      },
    );
  });
}

function trouble(how: Launch, shown: string, error: Error | null, errors: string): Trouble {
  const where = how.origin === "the PATH" ? "" : ` (setting ${how.origin})`;
  const remedy =
    "Install Mirador as its README says, then name its executable in the setting mirador.path.";
  if (error === null) {
    return { message: `“${shown}”${where} is not Mirador.`, remedy };
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "EACCES") {
    const why = code === "ENOENT" ? "was not found" : "may not be run";
    return { message: `Mirador's server “${shown}”${where} ${why}.`, remedy };
  }
  if (errors.includes("No module named")) {
    return { message: `The Python of ${how.origin} has no Mirador.`, remedy };
  }
  const last = errors.trim().split("\n").at(-1) ?? "";
  return { message: `Mirador's server “${shown}”${where} does not run: ${last}`, remedy };
}

