/** What the extension and its panel say to each other. Each end reads the other's with these. */

import { event } from "./events";
import { filters } from "./findings";
import { MOST_ANSWERS, answer, thread } from "./model";
import { type Read, count, list, maybe, number, object, oneOf, tagged, text } from "./schema";
import { state } from "./state";

export const tab = oneOf("review", "findings", "ask", "metrics");
export type Tab = Read<typeof tab>;

export const toPanel = tagged({
  /** All there is: the page was just made. */
  state: { state },
  event: { event },
  /** Show a tab; `focus` where the user asked for it. */
  show: { tab },
});
export type ToPanel = Read<typeof toPanel>;

/** What can be asked for with a button; each is a command, or nearly one. */
export const action = oneOf(
  "review", "restart", "settings", "mend", "log", "doctor", "stopReview", "stopAnswer", "explainHere",
);
export type Action = Read<typeof action>;

/** What can be done with a finding. */
export const deed = oneOf("open", "explain", "fix", "dismiss", "helpful", "notHelpful");
export type Deed = Read<typeof deed>;

export const fromPanel = tagged({
  ready: {},
  act: { action },
  ask: { question: text(2000) },
  finding: { key: text(8000), deed },
  measure: { days: count },
  /** A message of ours that the page could not read: for the log. */
  unread: { why: text() },
  /** A defect of the page's script: for the log. */
  failed: { why: text() },
});
export type FromPanel = Read<typeof fromPanel>;

/** What outlives the window: the page keeps it, and hands it to the extension when it is made anew. */
export const saved = object({
  tab,
  filters,
  days: number,
  draft: text(2000),
  answers: list(answer, MOST_ANSWERS),
  thread: maybe(thread),
});
export type Saved = Read<typeof saved>;
