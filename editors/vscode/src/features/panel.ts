/** Explanations and answers, in a panel beside the code that fills while the model speaks. */

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { WorkDoneProgress } from "vscode-languageclient/node";
import type { Context } from "../context";
import { given, here } from "../place";
import {
  type AnswerParams,
  type AnswerResult,
  type Part,
  type Place,
  askRequest,
  explainRequest,
  partType,
} from "../protocol";
import { page } from "../page";
import { report } from "../run";
import type { FromPanel, ToPanel } from "../talk";

export interface Question {
  readonly place: Place;
  /** Empty: explain. */
  readonly question: string;
  /** Goes on with what the panel shows. */
  readonly follows: boolean;
}

/** The panel, for whoever has a question. */
export interface Answers {
  ask(question: Question): Promise<void>;
}

export function activate(context: Context): Answers {
  const panel = new Panel(context);
  context.extension.subscriptions.push(
    panel,
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
  private view: vscode.WebviewPanel | undefined;
  private ready: Promise<void> = Promise.resolve();
  private running: vscode.CancellationTokenSource | undefined;
  private count = 0;
  private place: Place | undefined;
  private conversation: string | undefined;

  constructor(private readonly context: Context) {}

  /** Ask, and show the answer as it comes. A question that still runs is cancelled. */
  async ask({ place, question, follows }: Question): Promise<void> {
    const client = await this.context.server.running();
    if (client === undefined) {
      return;
    }
    this.running?.cancel();
    const cancel = new vscode.CancellationTokenSource();
    this.running = cancel;
    this.count += 1;
    const id = this.count;
    this.place = place;
    if (!follows) {
      this.conversation = undefined;
    }
    await this.show();
    const title = question || "Explain";
    this.tell({ kind: "begin", id, title, question, follows });
    const started = Date.now();
    try {
      const result = await this.request(client, id, place, question, cancel.token);
      this.finish(id, result);
    } catch (error) {
      const state = cancel.token.isCancellationRequested ? "stopped" : "failed";
      if (state === "failed") {
        const message = error instanceof Error ? error.message : String(error);
        this.tell({ kind: "notice", id, message });
        this.context.log.error(message);
      }
      this.tell({ kind: "end", id, state, seconds: (Date.now() - started) / 1000 });
    } finally {
      if (this.running === cancel) {
        this.running = undefined;
      }
      cancel.dispose();
    }
  }

  dispose(): void {
    this.running?.cancel();
    this.view?.dispose();
  }

  private async request(
    client: LanguageClient,
    id: number,
    place: Place,
    question: string,
    cancelled: vscode.CancellationToken,
  ): Promise<AnswerResult> {
    const partialResultToken = randomUUID();
    const workDoneToken = randomUUID();
    const listeners = [
      client.onProgress(partType, partialResultToken, (part) => this.tell(told(id, part))),
      client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind !== "end" && value.message) {
          this.tell({ kind: "progress", id, message: value.message });
        }
      }),
    ];
    const { uri, ...where } = place;
    const params: AnswerParams = {
      textDocument: { uri },
      ...where,
      partialResultToken,
      workDoneToken,
    };
    const conversation = this.conversation;
    try {
      return await (question
        ? client.sendRequest(
            askRequest,
            { ...params, question, ...(conversation === undefined ? {} : { conversation }) },
            cancelled,
          )
        : client.sendRequest(explainRequest, params, cancelled));
    } finally {
      for (const listener of listeners) {
        listener.dispose();
      }
    }
  }

  private finish(id: number, result: AnswerResult): void {
    this.conversation = result.conversation || this.conversation;
    this.tell({ kind: "title", id, title: result.title });
    if (result.text) {
      const { stage, model, text, confidence } = result;
      this.tell({ kind: "answer", id, stage, model, text, confidence });
    }
    for (const message of result.notices) {
      this.tell({ kind: "notice", id, message });
    }
    this.tell({ kind: "end", id, state: result.state, seconds: result.seconds });
  }

  private tell(message: ToPanel): void {
    void this.view?.webview.postMessage(message);
  }

  /** The panel beside the code; the code keeps the focus. */
  private async show(): Promise<void> {
    if (this.view === undefined) {
      this.open();
    } else {
      this.view.reveal(undefined, true);
    }
    await this.ready;
  }

  private open(): void {
    const media = vscode.Uri.joinPath(this.context.extension.extensionUri, "media");
    const dist = vscode.Uri.joinPath(this.context.extension.extensionUri, "dist");
    const view = vscode.window.createWebviewPanel(
      "mirador.answers",
      "Mirador",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [media, dist], retainContextWhenHidden: true },
    );
    view.iconPath = vscode.Uri.joinPath(media, "icon.svg");
    this.view = view;
    this.ready = new Promise((resolve) => {
      view.webview.onDidReceiveMessage((message: FromPanel) => {
        if (message.kind === "ready") {
          resolve();
        } else {
          this.heard(message);
        }
      });
      view.onDidDispose(() => {
        this.view = undefined;
        this.running?.cancel();
        resolve();
      });
    });
    view.webview.html = page(view.webview, dist, media);
  }

  private heard(message: FromPanel): void {
    if (message.kind === "cancel") {
      this.running?.cancel();
    } else if (message.kind === "ask" && this.place !== undefined && message.question.trim()) {
      const question = { place: this.place, question: message.question.trim(), follows: true };
      this.ask(question).catch(report);
    }
  }
}

function told(id: number, part: Part): ToPanel {
  switch (part.kind) {
    case "stage":
      return { kind: "stage", id, stage: part.stage, model: part.model, reason: part.reason };
    case "text":
      return { kind: "text", id, content: part.content, confidence: part.confidence };
    case "answer": {
      const { stage, model, text, confidence } = part;
      return { kind: "answer", id, stage, model, text, confidence };
    }
    case "notice":
      return { kind: "notice", id, message: part.message };
  }
}
