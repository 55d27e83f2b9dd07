/** What the server says of reviews, read and turned into events of the panel. */

import type { Event } from "./events";
import { chosen, health } from "./model";
import { type Read, count, flag, list, maybe, number, object, oneOf, share, tagged, text } from "./schema";

/** `mirador/review` */
export const reviewNews = tagged({
  began: {
    run: count, uri: text(), name: text(), stages: list(text(40), 20), spared: list(text(40), 20), reason: text(),
  },
  stage: { run: count, stage: text(40), model: text(), reason: text(), units: count, leaves: flag },
  at: { run: count, stage: text(40), done: count, total: count, unit: text(), lens: text(40), waiting: count },
  done: {
    run: count, stage: text(40), model: text(), seconds: number, promptTokens: count, cachedTokens: count,
    completionTokens: count, firstTokenSeconds: maybe(number), notReviewed: count,
  },
  failed: { run: count, stage: text(40), model: text(), seconds: number, message: text(), remedy: text() },
  notice: { run: count, message: text() },
  ended: {
    run: count, state: oneOf("finished", "stopped", "failed"), message: text(), summary: text(),
    seconds: number, findings: count, withheld: count, hushed: count, withdrawn: count,
  },
});
export type ReviewNews = Read<typeof reviewNews>;

/** `mirador/stream` */
export const streamNews = object({
  uri: text(), stage: text(40), unit: text(), lens: text(40), content: text(100_000), confidence: share,
});

/** `mirador/status`, the part that the panel shows. */
export const statusNews = object({
  kind: oneOf("normal", "warning", "error"),
  busy: flag,
  message: text(),
  remedy: text(),
  stages: maybe(list(chosen, 40)),
});

const KINDS = {
  began: "reviewBegan", stage: "stageBegan", at: "stageAt", done: "stageDone", failed: "stageFailed",
  notice: "notice", ended: "reviewEnded",
} as const;

/**
 * The event for news of a review. A server that is started anew counts its runs from the beginning:
 * `life` says which server it was. `now` is in milliseconds since the epoch.
 */
export function reviewEvent(news: ReviewNews, life: number, now: number): Event {
  const { kind, run, ...rest } = news;
  return { ...rest, kind: KINDS[kind], run: `${life}.${run}`, now } as Event;
}

export function statusEvent({ stages, ...said }: Read<typeof statusNews>): Event {
  return { kind: "health", health: health(said), models: stages ?? [] };
}
