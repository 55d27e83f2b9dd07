/**
 * The messages Mirador adds to LSP, as `docs/protocol.md` describes them. The server's side is
 * `mirador_lsp/server/extensions.py`.
 */

import {
  type Range,
  type Position,
  type ProgressToken,
  NotificationType,
  ProgressType,
  RequestType,
} from "vscode-languageclient/node";

/** What this client can do, declared in `capabilities.experimental.mirador`. */
export interface Abilities {
  status: boolean;
  answers: boolean;
  checkDiagnostics: boolean;
  /** Links in hovers run `mirador.explain` and `mirador.ask`. */
  commandLinks: boolean;
  /** A promise of this code: settings are the user's own, or of a workspace the user trusts. */
  vouchesForSettings: boolean;
}

export interface Status {
  kind: "normal" | "warning" | "error";
  busy: boolean;
  message: string;
  remedy: string;
  uri: string;
  stage: string;
  model: string;
  reason?: string;
  waiting?: number;
  stages?: { stage: string; model: string; reason: string }[];
  queues?: {
    name: string;
    slots: number;
    running: number;
    waiting: number;
    residents: string[];
  }[];
  /** That the settings name; empty while they are not known. */
  profile?: string;
  /** Nothing is reviewed by itself until the user resumes it. */
  paused?: boolean;
}

export const statusNotification = new NotificationType<Status>("mirador/status");

/** What a command or a question is about. The server takes the most exact place it is given. */
export interface Place {
  uri: string;
  range?: Range;
  position?: Position;
  findingId?: string;
}

export interface AnswerParams {
  textDocument: { uri: string };
  range?: Range;
  position?: Position;
  findingId?: string;
  partialResultToken?: ProgressToken;
  workDoneToken?: ProgressToken;
}

export interface AskParams extends AnswerParams {
  question: string;
  /** Of an earlier answer, to go on with it. */
  conversation?: string;
}

export interface AnswerResult {
  state: "finished" | "stopped" | "failed";
  title: string;
  stage: string;
  model: string;
  confidence: number;
  seconds: number;
  /** Empty when the text was streamed. */
  text: string;
  notices: string[];
  /** Names it in the next question; empty for an explanation. */
  conversation: string;
}

/** What comes while an answer is made. */
export type Part =
  | { kind: "stage"; stage: string; model: string; reason: string }
  /** More text of the stage that speaks. */
  | { kind: "text"; stage: string; model: string; content: string; confidence: number }
  /** The whole answer of a stage; it replaces what was shown before. */
  | { kind: "answer"; stage: string; model: string; text: string; confidence: number }
  | { kind: "notice"; message: string };

export const partType = new ProgressType<Part>();
/** What a command that changes code answers. Why nothing came of it the user is told by then. */
export interface Changed {
  state: "applied" | "refused" | "notOffered" | "stopped";
  /** What was done and how far it was checked. */
  title: string;
  why: string;
  rungs: string[];
  attempts: number;
}

export const explainRequest = new RequestType<AnswerParams, AnswerResult, void>("mirador/explain");
export const askRequest = new RequestType<AskParams, AnswerResult, void>("mirador/ask");

export interface CheckParams {
  textDocument: { uri: string; version: number | null };
  /** The whole text as it would be. */
  text: string;
}

export interface CheckResult {
  /** False where nobody else looks at such documents. */
  asked: boolean;
  worse: { message: string; source: string }[];
}

export const checkDiagnosticsRequest = new RequestType<CheckParams, CheckResult, void>(
  "mirador/checkDiagnostics",
);

export interface SearchParams {
  query: string;
  most?: number;
  collections?: string[];
  languages?: string[];
  under?: string;
  /** The document from which is asked: what is close to it is ranked up. */
  uri?: string;
}

export interface SearchHit {
  collection: string;
  uri: string;
  name: string;
  symbol: string;
  kind: string;
  language: string;
  range: Range;
  text: string;
  score: number;
  why: string[];
}

export interface SearchResult {
  hits: SearchHit[];
  notes: string[];
  seconds: number;
}

export const searchRequest = new RequestType<SearchParams, SearchResult, void>("mirador/search");
