/**
 * The server process: found, checked, started, started anew.
 *
 * It is checked before it is started, and what ends by itself is started again only some times: a
 * user whose server cannot run is told why, once, with what mends it.
 */

import * as vscode from "vscode";
import {
  type LanguageClient,
  CloseAction,
  ErrorAction,
  State,
} from "vscode-languageclient/node";
import { check } from "./check";
import { type EditMiddleware, MiradorClient } from "./client";
import { type Manifest, SECTION, STARTS_ANEW, saidOfStart, serverSettings } from "./config";
import { Crashes } from "./crashes";
import { launch } from "./launch";
import { Shown } from "./shown";
import { type Offer, type Trouble, ENDED, STOPPED, UNREADY } from "./trouble";
import { unlinked } from "./words";

/** Several settings often change together; the server is started anew once for all of them. */
const SETTLE_MS = 300;

export type Condition = "stopped" | "starting" | "running" | "missing";

type Hook = (client: LanguageClient) => void;

export class Server implements vscode.Disposable {
  /** Asked before the server's edits are made; see `features/preview.ts`. */
  applyEdit: EditMiddleware = (params, next) => next(params, new vscode.CancellationTokenSource().token);
  private client: LanguageClient | undefined;
  private condition: Condition = "stopped";
  private problem: Trouble | undefined;
  private turn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly crashes = new Crashes();
  private readonly shown: Shown;
  private readonly hooks: Hook[] = [];
  private readonly changed = new vscode.EventEmitter<Condition>();
  private readonly disposables: { dispose: () => unknown }[] = [this.changed];
  /** Fires with the new condition. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly manifest: Manifest,
    private readonly log: vscode.LogOutputChannel,
    private readonly hidden: (uri: vscode.Uri) => boolean,
    /** The Python of the environment that Mirador made for itself. */
    private readonly own: () => Promise<string | undefined>,
  ) {
    this.shown = new Shown(log);
    this.disposables.push(
      this.shown,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (STARTS_ANEW.some((name) => event.affectsConfiguration(name))) {
          this.restartSoon(SETTLE_MS);
        }
      }),
      // What the settings may do depends on trust, and that is declared once, when a session begins.
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.restartSoon(SETTLE_MS);
      }),
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
    this.crashes.forget();
    return this.startAnew();
  }

  async stop(): Promise<void> {
    this.turn = this.turn.then(() => this.end());
    await this.turn;
  }

  /** The one error of a server that does not run, with what can be done about it. */
  async explainTrouble(): Promise<void> {
    const { message, remedy, offers } = this.problem ?? STOPPED;
    // Nothing is installed for a workspace that may not be trusted.
    const possible = offers.filter((offer) => offer !== "environment" || vscode.workspace.isTrusted);
    const words = possible.map((offer) => BUTTONS[offer]);
    const choice = await vscode.window.showErrorMessage(unlinked(`${message} ${remedy}`), ...words);
    const chosen = possible.find((offer) => BUTTONS[offer] === choice);
    if (chosen !== undefined) {
      await vscode.commands.executeCommand(...COMMANDS[chosen]);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private restartSoon(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.restart(), milliseconds);
  }

  private startAnew(): Promise<void> {
    clearTimeout(this.timer);
    this.turn = this.turn.then(async () => {
      await this.end();
      await this.begin();
    });
    return this.turn;
  }

  private async begin(): Promise<void> {
    this.become("starting");
    const how = launch({ ...saidOfStart(), own: await this.own() });
    const trouble = await check(how);
    if (trouble !== undefined) {
      this.fail(trouble);
      return;
    }
    this.shown.forget();
    const client = new MiradorClient(how, {
      log: this.log,
      settings: serverSettings(this.manifest),
      hidden: this.hidden,
      shown: this.shown,
      applyEdit: (params, next) => this.applyEdit(params, next),
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.ended(client);
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    });
    for (const hook of this.hooks) {
      hook(client);
    }
    this.client = client;
    this.crashes.begun(Date.now());
    try {
      await client.start();
    } catch (error) {
      this.log.error(String(error));
      this.fail(UNREADY);
      return;
    }
    if (client.state === State.Running) {
      this.become("running");
    }
  }

  /** It ended by itself. While it starts, `begin` hears of it, too, and says so. */
  private ended(client: LanguageClient): void {
    if (this.client !== client || this.condition !== "running") {
      return;
    }
    const wait = this.crashes.ended(Date.now());
    if (wait === undefined) {
      this.fail(ENDED);
      return;
    }
    this.log.warn(`The server ended by itself; it is started again in ${wait} ms.`);
    this.become("starting");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.startAnew(), wait);
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => {
        this.log.warn(String(error));
      });
    }
    this.become("stopped");
  }

  private fail(trouble: Trouble): void {
    this.log.error(`${trouble.message} ${trouble.remedy}`);
    this.become("missing", trouble);
    void this.explainTrouble();
  }

  private become(condition: Condition, trouble?: Trouble): void {
    this.condition = condition;
    this.problem = trouble;
    void vscode.commands.executeCommand("setContext", "mirador.running", condition === "running");
    this.changed.fire(condition);
  }
}

const BUTTONS: Readonly<Record<Offer, string>> = {
  environment: "Make Environment…",
  interpreter: "Choose Python…",
  setting: "Open Setting",
  log: "Show Log",
  again: "Try Again",
};
const COMMANDS: Readonly<Record<Offer, [string, ...unknown[]]>> = {
  environment: ["mirador.makeEnvironment"],
  interpreter: ["mirador.chooseInterpreter"],
  setting: ["workbench.action.openSettings", `${SECTION}.path`],
  log: ["mirador.showLog"],
  again: ["mirador.restartServer"],
};
