/** Explanations and answers: asked of the server, told to the panel as they come. */

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { type LanguageClient, WorkDoneProgress } from "vscode-languageclient/node";
import type { Event } from "../../panel/events";
import type { Answer } from "../../panel/model";
import { type AnswerParams, type AnswerResult, type Part, type Place, askRequest, explainRequest, partType } from "../../protocol";
import type { Context } from "../../context";

export interface Question {
  readonly place: Place;
  /** Empty: explain. */
  readonly question: string;
  /** Goes on with what the panel shows. */
  readonly follows: boolean;
}

export class Asking implements vscode.Disposable {
  private running: vscode.CancellationTokenSource | undefined;
  private last: Question | undefined;
  private conversation: string | undefined;
  private count = 0;

  constructor(
    private readonly context: Context,
    private readonly tell: (event: Event) => void,
  ) {}

  /** Where a further question would go; undefined before the first. */
  get place(): Place | undefined {
    return this.last?.place;
  }

  /** Ids of answers that were there before are not given again. */
  after(answers: readonly Answer[]): void {
    this.count = Math.max(this.count, ...answers.map(({ id }) => id));
  }

  /** Ask, and tell the answer as it comes. A question that still runs is cancelled. */
  async ask(question: Question): Promise<void> {
    const client = await this.context.server.running();
    if (client === undefined) {
      return;
    }
    this.running?.cancel();
    const cancel = new vscode.CancellationTokenSource();
    this.running = cancel;
    this.count += 1;
    const id = this.count;
    this.last = question;
    if (!question.follows) {
      this.conversation = undefined;
    }
    const title = question.question || "Explain";
    this.tell({ kind: "asked", id, title, question: question.question, follows: question.follows });
    const started = Date.now();
    try {
      this.finish(id, await this.request(client, id, question, cancel.token));
    } catch (error) {
      const state = cancel.token.isCancellationRequested ? "stopped" : "failed";
      if (state === "failed") {
        const message = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
        this.tell({ kind: "answerNotice", id, message });
        this.context.log.error(message);
      }
      this.tell({ kind: "answerEnded", id, state, seconds: (Date.now() - started) / 1000 });
    } finally {
      if (this.running === cancel) {
        this.running = undefined;
      }
      cancel.dispose();
    }
  }

  stop(): void {
    this.running?.cancel();
  }

  dispose(): void {
    this.stop();
  }

  private async request(
    client: LanguageClient,
    id: number,
    { place, question }: Question,
    cancelled: vscode.CancellationToken,
  ): Promise<AnswerResult> {
    const partialResultToken = randomUUID();
    const workDoneToken = randomUUID();
    const listeners = [
      client.onProgress(partType, partialResultToken, (part) => {
        this.tell(told(id, part));
      }),
      client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind !== "end" && value.message) {
          this.tell({ kind: "progressed", id, message: value.message });
        }
      }),
    ];
    const { uri, ...where } = place;
    const params: AnswerParams = { textDocument: { uri }, ...where, partialResultToken, workDoneToken };
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
    this.tell({ kind: "titled", id, title: result.title });
    if (result.text) {
      const { stage, model, text, confidence } = result;
      this.tell({ kind: "answerWhole", id, stage, model, text, confidence });
    }
    for (const message of result.notices) {
      this.tell({ kind: "answerNotice", id, message });
    }
    this.tell({ kind: "answerEnded", id, state: result.state, seconds: result.seconds });
  }
}

function told(id: number, part: Part): Event {
  switch (part.kind) {
    case "stage":
      return { kind: "answerStage", id, stage: part.stage, model: part.model, reason: part.reason };
    case "text":
      return { kind: "answerText", id, content: part.content, confidence: part.confidence };
    case "answer": {
      const { stage, model, text, confidence } = part;
      return { kind: "answerWhole", id, stage, model, text, confidence };
    }
    case "notice":
      return { kind: "answerNotice", id, message: part.message };
  }
}
