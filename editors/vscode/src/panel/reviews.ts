/** Reviews as they go: what each event does to them. */

import { grown, tail } from "./confidence";
import type { Event, Of } from "./events";
import {
  MOST_NOTICES, MOST_REPLIES, MOST_REPLY_CHARACTERS, MOST_REVIEWS,
  type Reply, type Review, type Stage,
} from "./model";

type Reviews = readonly Review[];
type Chosen = readonly { readonly stage: string; readonly model: string; readonly reason: string }[];
type ReviewEvent = Of<
  | "reviewBegan" | "stageBegan" | "stageAt" | "stageDone" | "stageFailed" | "notice"
  | "reviewEnded" | "streamed"
>;
export type AnyReviewEvent = Extract<Event, ReviewEvent>;

export function applyToReviews(reviews: Reviews, event: ReviewEvent, models: Chosen): Reviews {
  switch (event.kind) {
    case "reviewBegan":
      return [begun(event, models), ...reviews.filter(({ run }) => run !== event.run)].slice(0, MOST_REVIEWS);
    case "streamed":
      return streamed(reviews, event);
    case "stageBegan":
      return inStage(reviews, event, (stage) => ({
        ...stage,
        status: "running",
        model: event.model,
        reason: event.reason,
        leaves: event.leaves,
        total: event.units,
        done: 0,
        since: event.now,
        message: "",
        remedy: "",
      }));
    case "stageAt": {
      const { done, total, unit, lens, waiting } = event;
      return inStage(reviews, event, (stage) => ({ ...stage, done, total, unit, lens, waiting }));
    }
    case "stageDone": {
      const { model, seconds, promptTokens, cachedTokens, completionTokens, firstTokenSeconds, notReviewed } = event;
      return inStage(reviews, event, (stage) => ({
        ...stage, model, seconds, promptTokens, cachedTokens, completionTokens, firstTokenSeconds, notReviewed,
        status: "done", waiting: 0, done: stage.total,
      }));
    }
    case "stageFailed": {
      const { model, seconds, message, remedy } = event;
      return inStage(reviews, event, (stage) => ({
        ...stage, status: "failed", model: model || stage.model, seconds, message, remedy, waiting: 0,
      }));
    }
    case "notice":
      return inReview(reviews, event.run, (review) =>
        review.notices.includes(event.message) || review.notices.length >= MOST_NOTICES
          ? review
          : { ...review, notices: [...review.notices, event.message] });
    case "reviewEnded":
      return inReview(reviews, event.run, (review) => ended(review, event));
  }
}

/** The server ended: what ran was stopped. */
export function lost(reviews: Reviews): Reviews {
  const message = "Stopped: the server ended.";
  return reviews.map((review) =>
    review.state === "running"
      ? { ...review, state: "stopped", message, stages: review.stages.map((each) => over(each, message)) }
      : review);
}

function begun(event: Of<"reviewBegan">, models: Chosen): Review {
  const { run, uri, name, reason, now } = event;
  return {
    run, uri, name, reason, state: "running", message: "", summary: "", seconds: null, since: now,
    findings: 0, withheld: 0, hushed: 0, withdrawn: 0, notices: [],
    stages: event.stages.map((each) => {
      const choice = models.find(({ stage }) => stage === each);
      return waiting(each, choice?.model ?? "", choice?.reason ?? "", event.spared.includes(each));
    }),
  };
}

function waiting(name: string, model: string, reason: string, spared: boolean): Stage {
  return {
    name, status: "waiting", model, reason, spared, leaves: false, done: 0, total: 0, unit: "", lens: "",
    waiting: 0, since: null, seconds: null, firstTokenSeconds: null, promptTokens: 0, cachedTokens: 0,
    completionTokens: 0, notReviewed: 0, message: "", remedy: "", replies: [],
  };
}

function ended(review: Review, event: Of<"reviewEnded">): Review {
  const { state, message, summary, seconds, findings, withheld, hushed, withdrawn } = event;
  const why = event.state === "stopped" ? "The review was stopped." : "The review ended before it.";
  return {
    ...review, state, message, summary, seconds, findings, withheld, hushed, withdrawn,
    stages: review.stages.map((each) => over(each, why)),
  };
}

/** A stage of a review that is over does not wait or run any more. */
function over(stage: Stage, why: string): Stage {
  return stage.status === "waiting" || stage.status === "running"
    ? { ...stage, status: "skipped", message: why, waiting: 0 }
    : stage;
}

function inReview(reviews: Reviews, run: string, change: (review: Review) => Review): Reviews {
  const at = reviews.findIndex((each) => each.run === run);
  const before = reviews[at];
  const after = before === undefined ? undefined : change(before);
  return after === undefined || after === before ? reviews : reviews.with(at, after);
}

/** A stage that was not announced is shown all the same: rather a line more than something unseen. */
function inStage(
  reviews: Reviews,
  event: { readonly run: string; readonly stage: string },
  change: (stage: Stage) => Stage,
): Reviews {
  return inReview(reviews, event.run, (review) => {
    const at = review.stages.findIndex(({ name }) => name === event.stage);
    const before = review.stages[at] ?? waiting(event.stage, "", "", false);
    const after = change(before);
    return {
      ...review,
      stages: at < 0 ? [...review.stages, after] : review.stages.with(at, after),
    };
  });
}

/** Text names its document, not its review: the review of it that runs is meant. */
function streamed(reviews: Reviews, event: Of<"streamed">): Reviews {
  const meant = reviews.find(({ uri, state }) => uri === event.uri && state === "running");
  if (meant === undefined) {
    return reviews;
  }
  return inStage(reviews, { run: meant.run, stage: event.stage }, (stage) => ({
    ...stage,
    replies: heard(stage.replies, event),
  }));
}

/** Several units may speak at once: text goes on with the latest reply about its unit and lens. */
function heard(replies: readonly Reply[], event: Of<"streamed">): readonly Reply[] {
  const at = replies.findLastIndex(({ unit, lens }) => unit === event.unit && lens === event.lens);
  const before = replies[at] ?? {
    id: (replies.at(-1)?.id ?? -1) + 1, unit: event.unit, lens: event.lens, pieces: [], cut: false,
  };
  const whole = grown(before.pieces, event.content, event.confidence);
  const characters = whole.reduce((sum, each) => sum + each.content.length, 0);
  const long = characters > MOST_REPLY_CHARACTERS;
  const after = {
    ...before,
    pieces: long ? tail(whole, MOST_REPLY_CHARACTERS) : whole,
    cut: before.cut || long,
  };
  return at < 0 ? [...replies, after].slice(-MOST_REPLIES) : replies.with(at, after);
}
