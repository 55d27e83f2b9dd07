/** Explanations and answers: asked of the server, told to the panel as they come. */

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { type LanguageClient, WorkDoneProgress } from "vscode-languageclient/node";
import type { Event } from "../../panel/events";
import type { Answer, Thread } from "../../panel/model";
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
  private thread: Thread | null = null;
  private count = 0;

  constructor(
    private readonly context: Context,
    private readonly tell: (event: Event) => void,
  ) {}

  /** What a further question would be about; undefined before the first. */
  get place(): Place | undefined {
    return this.thread === null ? undefined : placeOf(this.thread);
  }

  /** Goes on with what was asked in the window before. Its ids are not given again. */
  after(answers: readonly Answer[], thread: Thread | null): void {
    this.count = Math.max(this.count, ...answers.map(({ id }) => id));
    this.thread ??= thread;
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
    const conversation = question.follows ? (this.thread?.conversation ?? "") : "";
    this.go(question.place, conversation);
    const title = question.question || "Explain";
    this.tell({ kind: "asked", id, title, question: question.question, follows: question.follows });
    const started = Date.now();
    try {
      const result = await this.request(client, id, question, cancel.token);
      if (this.running === cancel) {
        this.go(question.place, result.conversation || conversation);
      }
      this.finish(id, result);
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
    const conversation = this.thread?.conversation ?? "";
    try {
      return await (question
        ? client.sendRequest(
            askRequest,
            { ...params, question, ...(conversation ? { conversation } : {}) },
            cancelled,
          )
        : client.sendRequest(explainRequest, params, cancelled));
    } finally {
      for (const listener of listeners) {
        listener.dispose();
      }
    }
  }

  private go(place: Place, conversation: string): void {
    const { uri, range = null, position = null, findingId = null } = place;
    this.thread = { uri, range, position, findingId, conversation };
    this.tell({ kind: "threaded", thread: this.thread });
  }

  private finish(id: number, result: AnswerResult): void {
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

function placeOf({ uri, range, position, findingId }: Thread): Place {
  return {
    uri,
    ...(range === null ? {} : { range }),
    ...(position === null ? {} : { position }),
    ...(findingId === null ? {} : { findingId }),
  };
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
