/** One stage of a review, as a stop of the timeline. */

import { mean, percent } from "../panel/confidence";
import type { Reply, Stage } from "../panel/model";
import { costsInWords, many, seconds, stageName, statusInWords } from "../panel/wording";
import { el, keyed, say, set } from "./dom";
import { fillPieces } from "./pieces";

/** Told apart by shape, not by colour alone. */
const MARKS: Readonly<Record<Stage["status"], string>> = {
  waiting: "○",
  running: "…",
  done: "✓",
  failed: "✕",
  skipped: "–",
};

export class StageNode {
  readonly root = el("li", { class: "stage" });
  private readonly mark = el("span", { class: "mark", "aria-hidden": "true" });
  private readonly name = el("h2");
  private readonly status = el("span", { class: "status" });
  private readonly time = el("span", { class: "time" });
  private readonly by = el("p", { class: "who" });
  private readonly bar = el("progress");
  private readonly at = el("p", { class: "at" });
  private readonly costs = el("p", { class: "costs" });
  private readonly trouble = el("p", { class: "trouble" });
  private readonly talk = el("details", { class: "talk" });
  private readonly talkHead = el("summary");
  private readonly replies = el("div", { class: "replies" });
  private touched = false;
  private shown: Stage | undefined;

  constructor() {
    this.talk.append(this.talkHead, this.replies);
    this.talkHead.addEventListener("click", () => {
      // From now on it is open or closed as the user wants it.
      this.touched = true;
    });
    const head = el("div", { class: "head" }, this.name, this.status, this.time);
    this.root.append(
      this.mark,
      el("div", { class: "body" }, head, this.by, this.bar, this.at, this.costs, this.trouble, this.talk),
    );
  }

  fill(stage: Stage): void {
    if (stage === this.shown) {
      return;
    }
    const before = this.shown;
    this.shown = stage;
    const name = stageName(stage.name);
    set(this.root, { "data-status": stage.status });
    say(this.mark, MARKS[stage.status]);
    say(this.name, name);
    say(this.status, statusInWords(stage));
    this.tick(Date.now());
    const model = stage.model || (stage.name === "instant" ? "analyzers, no model" : "");
    line(this.by, [model, stage.leaves ? "leaves this machine" : "", stage.reason].filter(Boolean).join(" · "));
    const running = stage.status === "running";
    this.bar.hidden = !running;
    set(this.bar, {
      "aria-label": `${name}: progress`,
      max: Math.max(1, stage.total),
      value: stage.total > 0 ? Math.min(stage.done, stage.total) : undefined,
    });
    line(this.at, running ? where(stage) : "");
    line(this.costs, costsInWords(stage).join(" · "));
    line(this.trouble, [stage.message, stage.remedy].filter(Boolean).join(" "));
    this.fillTalk(stage, before);
  }

  /** The seconds of a stage that runs. */
  tick(now: number): void {
    const stage = this.shown;
    if (stage === undefined) {
      return;
    }
    const elapsed = stage.since === null ? null : Math.max(0, now - stage.since) / 1000;
    const runs = stage.status === "running" && elapsed !== null;
    say(this.time, stage.seconds !== null ? seconds(stage.seconds) : runs ? `${Math.floor(elapsed)} s` : "");
  }

  private fillTalk(stage: Stage, before: Stage | undefined): void {
    this.talk.hidden = stage.replies.length === 0;
    if (!this.touched && stage.status !== before?.status) {
      this.talk.open = stage.status === "running";
    }
    say(this.talkHead, `What the model says: ${many(stage.replies.length, "reply", "replies")}`);
    const running = stage.status === "running";
    // Newest first: what is said now is where the eye is.
    keyed(
      this.replies,
      stage.replies.toReversed(),
      ({ id }) => String(id),
      () => {
        const said = el("div", { class: "said" });
        return el("div", { class: "reply" }, el("p", { class: "about" }), said);
      },
      (node, reply) => {
        fillReply(node, reply, running);
      },
    );
  }
}

const FILLED = new WeakMap<Element, Reply>();

function fillReply(node: HTMLElement, reply: Reply, running: boolean): void {
  set(node, { "aria-busy": running ? "true" : undefined });
  if (FILLED.get(node) === reply) {
    return;
  }
  FILLED.set(node, reply);
  const [about, said] = node.children;
  if (about === undefined || said === undefined) {
    return;
  }
  const sure = mean(reply.pieces);
  const parts = [reply.unit, reply.lens, sure === null ? "" : `${percent(sure)} sure`];
  say(about, parts.filter(Boolean).join(" · ") + (reply.cut ? " (its end)" : ""));
  fillPieces(said, reply.pieces);
}

function where({ done, total, unit, lens }: Stage): string {
  const count = total > 0 ? `${done} of ${total}` : "";
  const about = unit && (lens ? `${unit} (${lens})` : unit);
  return [count, about].filter(Boolean).join(": ");
}

function line(node: HTMLElement, text: string): void {
  say(node, text);
  node.hidden = text === "";
}
