/** What the panel shows, as plain data. The readers are the definition; the types follow from them. */

import { type Read, count, flag, list, maybe, number, object, oneOf, share, text } from "./schema";

/** Bounds on what is kept: a panel is looked at, not archived. */
export const MOST_REVIEWS = 8;
export const MOST_ANSWERS = 12;
export const MOST_FINDINGS = 2000;
export const MOST_REPLIES = 30;
export const MOST_REPLY_CHARACTERS = 8000;
export const MOST_NOTICES = 40;
/** As many as there are characters, at worst. */
const MOST_PIECES = 4 * MOST_REPLY_CHARACTERS;
const LONG = 100_000;

/** How sure a model was: below 50 %, below 80 %, and the rest. */
export const tone = oneOf("low", "fair", "high");
export type Tone = Read<typeof tone>;

/** Text of one confidence. `id` is unique within what holds the piece, and grows. */
export const piece = object({ id: count, content: text(LONG), tone, confidence: share });
export type Piece = Read<typeof piece>;

/** What a model says to one question, as it comes. */
export const reply = object({
  id: count,
  unit: text(),
  lens: text(40),
  pieces: list(piece, MOST_PIECES),
  /** Its beginning is not kept any more. */
  cut: flag,
});
export type Reply = Read<typeof reply>;

export const stageStatus = oneOf("waiting", "running", "done", "failed", "skipped");
export type StageStatus = Read<typeof stageStatus>;

export const stage = object({
  name: text(40),
  status: stageStatus,
  model: text(),
  /** Why this model or, of a stage that was skipped, why. */
  reason: text(),
  leaves: flag,
  spared: flag,
  done: count,
  total: count,
  unit: text(),
  lens: text(40),
  waiting: count,
  /** In milliseconds since the epoch. */
  since: maybe(number),
  seconds: maybe(number),
  firstTokenSeconds: maybe(number),
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  notReviewed: count,
  message: text(),
  remedy: text(),
  replies: list(reply, MOST_REPLIES),
});
export type Stage = Read<typeof stage>;

export const ending = oneOf("running", "finished", "stopped", "failed");

export const review = object({
  run: text(40),
  uri: text(),
  name: text(),
  reason: text(),
  state: ending,
  message: text(),
  summary: text(),
  seconds: maybe(number),
  since: number,
  findings: count,
  withheld: count,
  hushed: count,
  withdrawn: count,
  stages: list(stage, 20),
  notices: list(text(), MOST_NOTICES),
});
export type Review = Read<typeof review>;

export const answer = object({
  id: count,
  title: text(),
  question: text(),
  state: ending,
  stage: text(40),
  model: text(),
  reason: text(),
  /** What holds so far; `by` and `sure` are about it. */
  text: text(LONG),
  by: object({ stage: text(40), model: text(), confidence: share }),
  /** What the stage that speaks has said. */
  draft: list(piece, MOST_PIECES),
  progress: text(),
  notices: list(text(), MOST_NOTICES),
  seconds: maybe(number),
});
export type Answer = Read<typeof answer>;

const position = object({ line: count, character: count });
/** What a further question is about, and the conversation it goes on with. */
export const thread = object({
  uri: text(8000),
  range: maybe(object({ start: position, end: position })),
  position: maybe(position),
  findingId: maybe(text(200)),
  conversation: text(200),
});
export type Thread = Read<typeof thread>;

export const severity = oneOf("error", "warning", "information", "hint");
export type Severity = Read<typeof severity>;

export const row = object({
  key: text(8000),
  file: text(),
  line: count,
  severity,
  message: text(),
  rule: text(),
  stage: text(40),
  tool: text(),
  lens: text(40),
  symbol: text(),
  confidence: share,
});
export type Row = Read<typeof row>;

export const condition = oneOf("stopped", "starting", "running", "missing");

export const server = object({ condition, message: text(), remedy: text() });
export const health = object({
  kind: oneOf("normal", "warning", "error"),
  busy: flag,
  message: text(),
  remedy: text(),
});
export const chosen = object({ stage: text(40), model: text(), reason: text() });
