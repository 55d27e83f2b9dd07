/** The script of the panel: shows what it is told, and tells what the user does. */

import { ALL } from "../panel/findings";
import type { Event } from "../panel/events";
import { type FromPanel, type Saved, type Tab, type ToPanel, saved, toPanel } from "../panel/messages";
import { Malformed } from "../panel/schema";
import { BEGINNING, type State, reduce } from "../panel/state";
import { many } from "../panel/wording";
import { Announcer } from "./announcer";
import { AnswersPart } from "./answers";
import { Banner } from "./banner";
import { el } from "./dom";
import { ListPart } from "./list";
import { MetricsPart } from "./metrics";
import { ReviewPart } from "./review";
import type { Chosen, Page, Part } from "./shared";
import { Tabs } from "./tabs";

declare function acquireVsCodeApi(): {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: Saved): void;
};

const KEEP_MS = 300;
const COUNTED_MS = 1500;

class Panel implements Page {
  chosen: Chosen = { tab: "review", filters: ALL, days: 30, draft: "" };
  private readonly host = acquireVsCodeApi();
  private readonly announcer = new Announcer();
  private readonly parts: readonly Part[];
  private readonly tabs: Tabs;
  private state: State = BEGINNING;
  /** The extension has told how things are. */
  private told = false;
  private frame = 0;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement) {
    const banner = new Banner(this);
    const review = new ReviewPart(this);
    const list = new ListPart(this);
    const answers = new AnswersPart(this);
    const metrics = new MetricsPart(this);
    this.parts = [banner, review, list, answers, metrics];
    this.tabs = new Tabs(
      [
        { name: "review", title: "Review", content: review.root },
        { name: "findings", title: "Findings", content: list.root },
        { name: "ask", title: "Ask", content: answers.root },
        { name: "metrics", title: "Metrics", content: metrics.root },
      ],
      (tab) => {
        this.show(tab);
      },
    );
    this.recall();
    root.replaceChildren(el("h1", { class: "unseen" }, "Mirador"), this.tabs.list, banner.root, ...this.tabs.panels, this.announcer.root);
    window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      this.hear(data);
    });
    window.addEventListener("error", ({ message }) => {
      this.tell({ kind: "failed", why: message.slice(0, 1000) });
    });
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) {
        this.stop();
      }
    });
    this.show(this.chosen.tab);
    this.tell({ kind: "ready" });
  }

  tell(message: FromPanel): void {
    this.host.postMessage(message);
  }

  choose(what: Partial<Chosen>): void {
    this.chosen = { ...this.chosen, ...what };
    // At once: the window may be closed right after.
    this.keep();
    this.draw();
  }

  show(tab: Tab): void {
    this.choose({ tab });
    this.tabs.show(tab);
    if (tab === "metrics") {
      this.tell({ kind: "measure", days: this.chosen.days });
    }
  }

  /** A message that cannot be read is left out, and the extension's log says so. */
  private hear(said: unknown): void {
    let message: ToPanel;
    try {
      message = toPanel(said);
    } catch (error) {
      if (!(error instanceof Malformed)) {
        throw error;
      }
      this.tell({ kind: "unread", why: error.message.slice(0, 1000) });
      return;
    }
    switch (message.kind) {
      case "state":
        this.state = message.state;
        this.told = true;
        break;
      case "event": {
        const before = this.state;
        this.state = reduce(before, message.event);
        this.announcer.hear(before, this.state);
        this.keepSoon();
        this.measureAfter(message.event.kind);
        break;
      }
      case "show":
        this.show(message.tab);
        break;
    }
    this.draw();
  }

  /** Figures that somebody looks at follow what happens; a request is counted soon after its end. */
  private measureAfter(kind: Event["kind"]): void {
    if (kind === "reviewEnded" || kind === "answerEnded") {
      setTimeout(() => {
        if (this.chosen.tab === "metrics") {
          this.tell({ kind: "measure", days: this.chosen.days });
        }
      }, COUNTED_MS);
    }
  }

  private stop(): void {
    if (this.chosen.tab === "ask" && this.state.answers.some(({ state }) => state === "running")) {
      this.tell({ kind: "act", action: "stopAnswer" });
    } else if (this.chosen.tab === "review" && this.state.reviews.some(({ state }) => state === "running")) {
      this.tell({ kind: "act", action: "stopReview" });
    }
  }

  /** Once for all that came since the last picture. */
  private draw(): void {
    if (this.frame !== 0) {
      return;
    }
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      for (const part of this.parts) {
        part.update(this.state, this.chosen);
      }
      const count = this.state.findings.length + this.state.left;
      this.tabs.title("findings", count > 0 ? `Findings (${count})` : "Findings");
      document.title = count > 0 ? `Mirador: ${many(count, "finding")}` : "Mirador";
    });
  }

  /** Before the extension has told anything there is nothing to keep: it would overwrite what was. */
  private keep(): void {
    if (!this.told) {
      return;
    }
    const answers = this.state.answers.filter(({ state }) => state !== "running");
    this.host.setState({ ...this.chosen, answers, thread: this.state.thread });
  }

  private keepSoon(): void {
    this.keeping ??= setTimeout(() => {
      this.keeping = undefined;
      this.keep();
    }, KEEP_MS);
  }

  /** What was chosen before the page was hidden, or the window closed. */
  private recall(): void {
    try {
      const { tab, filters, days, draft } = saved(this.host.getState());
      this.chosen = { tab, filters, days, draft };
    } catch (error) {
      if (!(error instanceof Malformed)) {
        throw error;
      }
    }
  }
}

const root = document.getElementById("root");
if (root !== null) {
  new Panel(root);
}
