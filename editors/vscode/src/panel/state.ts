/** The panel's state and how events change it. Pure: no clock, no editor, no page. */

import { applyToAnswers } from "./answers";
import type { Event } from "./events";
import { figures } from "./figures";
import {
  MOST_ANSWERS, MOST_FINDINGS, MOST_REVIEWS, answer, chosen, health, review, row, server, thread,
} from "./model";
import { applyToReviews, lost } from "./reviews";
import { type Read, count, list, maybe, object, oneOf, text } from "./schema";

export const state = object({
  server,
  health,
  /** The model that each stage would run on. */
  models: list(chosen, 40),
  /** Newest first. */
  reviews: list(review, MOST_REVIEWS),
  /** Oldest first: a conversation is read downwards. */
  answers: list(answer, MOST_ANSWERS),
  thread: maybe(thread),
  findings: list(row, MOST_FINDINGS),
  /** Findings beyond those. */
  left: count,
  metrics: object({
    state: oneOf("none", "loading", "there", "off", "error"),
    days: count,
    message: text(),
    figures: maybe(figures),
  }),
});
export type State = Read<typeof state>;

export const BEGINNING: State = {
  server: { condition: "starting", message: "", remedy: "" },
  health: { kind: "normal", busy: false, message: "", remedy: "" },
  models: [],
  reviews: [],
  answers: [],
  thread: null,
  findings: [],
  left: 0,
  metrics: { state: "none", days: 30, message: "", figures: null },
};

/** The state after an event. What an event does not change stays the same object. */
export function reduce(before: State, event: Event): State {
  switch (event.kind) {
    case "server":
      return { ...before, server: event.server };
    case "health":
      return { ...before, health: event.health, models: event.models };
    case "findings":
      return { ...before, findings: event.rows, left: event.left };
    case "lost":
      return {
        ...before,
        reviews: lost(before.reviews),
        health: BEGINNING.health,
        metrics: before.metrics.state === "loading" ? BEGINNING.metrics : before.metrics,
      };
    case "measuring":
      return { ...before, metrics: { ...before.metrics, state: "loading", days: event.days, message: "" } };
    case "measured":
    case "uncounted":
    case "unmeasured":
      return { ...before, metrics: measured(before.metrics, event) };
    case "threaded":
      return { ...before, thread: event.thread };
    case "restored":
      return before.answers.length > 0
        ? before
        : { ...before, answers: applyToAnswers(before.answers, event), thread: event.thread };
    case "asked":
    case "titled":
    case "progressed":
    case "answerStage":
    case "answerText":
    case "answerWhole":
    case "answerNotice":
    case "answerEnded":
      return changed(before, "answers", applyToAnswers(before.answers, event));
    case "reviewBegan":
    case "stageBegan":
    case "stageAt":
    case "stageDone":
    case "stageFailed":
    case "notice":
    case "reviewEnded":
    case "streamed":
      return changed(before, "reviews", applyToReviews(before.reviews, event, before.models));
  }
}

type Metrics = State["metrics"];

/** Only what was asked for last counts: an answer about other days comes too late. */
function measured(
  before: Metrics,
  event: Extract<Event, { kind: "measured" | "uncounted" | "unmeasured" }>,
): Metrics {
  if (event.days !== before.days) {
    return before;
  }
  switch (event.kind) {
    case "measured":
      return { ...before, state: "there", message: "", figures: event.figures };
    case "uncounted":
      return { ...before, state: "off", message: "", figures: null };
    case "unmeasured":
      return { ...before, state: "error", message: event.message };
  }
}

function changed<K extends "answers" | "reviews">(before: State, name: K, value: State[K]): State {
  return before[name] === value ? before : { ...before, [name]: value };
}
