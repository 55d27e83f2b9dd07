/** Says news to screen readers: now and then a sentence, never each word of a model. */

import type { State } from "../panel/state";
import { newsOf } from "../panel/wording";
import { el } from "./dom";

/** News of this time are told together. */
const GATHER_MS = 400;

export class Announcer {
  readonly root = el("div", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly waiting: string[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** The news between two states. */
  hear(before: State, after: State): void {
    if (before.reviews !== after.reviews) {
      for (const review of after.reviews) {
        const earlier = before.reviews.find(({ run }) => run === review.run);
        const news = earlier === review ? "" : newsOf(earlier, review);
        this.say(news && `${review.name}: ${news}`);
      }
    }
    for (const answer of after.answers) {
      const earlier = before.answers.find(({ id }) => id === answer.id);
      if (earlier?.state === "running" && answer.state !== "running") {
        this.say(answer.state === "finished" ? `Answer: ${answer.text}` : `The answer ${answer.state}.`);
      }
    }
  }


  say(words: string): void {
    if (!words) {
      return;
    }
    this.waiting.push(words);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.root.textContent = this.waiting.splice(0).join(" ");
    }, GATHER_MS);
  }
}
