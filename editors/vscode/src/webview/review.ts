/** The tab with the running review: its stages as a timeline, and the reviews before it. */

import type { Review } from "../panel/model";
import type { State } from "../panel/state";
import { spans } from "../panel/geometry";
import { many, seconds, stageName } from "../panel/wording";
import { button, el, keyed, option, say, set, shape } from "./dom";
import { legend } from "./pieces";
import type { Page, Part } from "./shared";
import { StageNode } from "./stage";

const TICK_MS = 1000;

export class ReviewPart implements Part {
  readonly root = el("section", { class: "review", "aria-label": "Review" });
  private readonly empty = el("div", { class: "empty" });
  private readonly whole = el("div");
  private readonly select = el("select", { id: "which", "aria-label": "Which review" });
  private readonly stop: HTMLButtonElement;
  private readonly outcome = el("p", { class: "outcome" });
  private readonly summary = el("p", { class: "summary" });
  private readonly chart = shape("svg", { class: "spans", "aria-hidden": "true", viewBox: "0 0 360 10", preserveAspectRatio: "none" });
  private readonly stages = el("ol", { class: "timeline", "aria-label": "Stages" });
  private readonly notes = el("details", { class: "notes" });
  private readonly notesHead = el("summary");
  private readonly noteList = el("ul");
  private readonly nodes = new WeakMap<Element, StageNode>();
  private shown: Review | undefined;
  private reviews: readonly Review[] = [];
  /** The review that the user chose to look at; "" shows the latest. */
  private which = "";

  constructor(page: Page) {
    this.stop = button("Stop", () => {
      page.tell({ kind: "act", action: "stopReview" });
    }, { class: "secondary", title: "Stop the review and its model (Escape)" });
    const again = button("Review file", () => {
      page.tell({ kind: "act", action: "review" });
    });
    const first = button("Review the open file", () => {
      page.tell({ kind: "act", action: "review" });
    });
    this.empty.append(
      el("h2", {}, "Nothing was reviewed yet"),
      el("p", {}, "A file is reviewed when you open or save it, stage by stage: analyzers at once, then models."),
      el("p", {}, first),
    );
    this.select.addEventListener("change", () => {
      this.which = this.select.value;
      this.refresh();
    });
    this.notes.append(this.notesHead, this.noteList);
    this.whole.append(
      el("div", { class: "bar" }, this.select, this.stop, again),
      this.outcome,
      this.summary,
      this.chart,
      this.stages,
      this.notes,
      legend(),
    );
    this.root.append(this.empty, this.whole);
    setInterval(() => {
      this.tick();
    }, TICK_MS);
  }

  update({ reviews }: State): void {
    if (reviews === this.reviews && this.shown !== undefined) {
      return;
    }
    if (reviews[0]?.run !== this.reviews[0]?.run) {
      // A new review begins: that is what one wants to see.
      this.which = "";
    }
    this.reviews = reviews;
    this.refresh();
  }

  private refresh(): void {
    const review = this.reviews.find(({ run }) => run === this.which) ?? this.reviews[0];
    this.empty.hidden = review !== undefined;
    this.whole.hidden = review === undefined;
    keyed(
      this.select,
      this.reviews,
      ({ run }) => run,
      ({ run }) => option(run, ""),
      (node, each) => {
        say(node, `${each.name} (${each.state})`);
      },
    );
    if (review !== undefined) {
      this.select.value = review.run;
      this.fill(review);
    }
  }

  private fill(review: Review): void {
    if (review === this.shown) {
      return;
    }
    this.shown = review;
    this.stop.hidden = review.state !== "running";
    set(this.root, { "aria-busy": String(review.state === "running"), "data-state": review.state });
    say(this.outcome, outcome(review));
    say(this.summary, review.summary);
    this.summary.hidden = review.summary === "";
    keyed(
      this.stages,
      review.stages,
      ({ name }) => `${review.run} ${name}`,
      () => {
        const made = new StageNode();
        this.nodes.set(made.root, made);
        return made.root;
      },
      (node, stage) => {
        this.nodes.get(node)?.fill(stage);
      },
    );
    this.notes.hidden = review.notices.length === 0;
    say(this.notesHead, `Left out, or done otherwise: ${many(review.notices.length, "note")}`);
    keyed(
      this.noteList,
      review.notices,
      (notice) => notice,
      () => el("li"),
      (node, notice) => {
        say(node, notice);
      },
    );
    this.tick();
  }

  private tick(): void {
    const review = this.shown;
    if (review === undefined) {
      return;
    }
    const now = Date.now();
    if (review.state === "running") {
      for (const node of this.stages.children) {
        this.nodes.get(node)?.tick(now);
      }
    }
    const parts = spans(review, now);
    this.chart.toggleAttribute("hidden", parts.length < 2);
    this.chart.replaceChildren(
      ...parts.map(({ x, width, name, status }) => {
        const bar = shape("rect", { x, y: 2, width, height: 6, "data-status": status });
        bar.append(shape("title", {}, stageName(name)));
        return bar;
      }),
    );
  }
}

function outcome(review: Review): string {
  if (review.state === "running") {
    return [`Reviewing ${review.name}`, review.reason].filter(Boolean).join(": ");
  }
  const hidden = [
    review.withheld > 0 ? `${review.withheld} withheld as too unsure` : "",
    review.hushed > 0 ? `${review.hushed} silenced` : "",
    review.withdrawn > 0 ? `${review.withdrawn} withdrawn` : "",
  ].filter(Boolean);
  const counts = review.state === "finished" && review.findings > 0 && hidden.length > 0 ? ` (${hidden.join(", ")})` : "";
  const took = review.seconds === null ? "" : ` ${seconds(review.seconds)}.`;
  return `${review.message.replace(/\.$/, "")}${counts}.${took}`;
}
