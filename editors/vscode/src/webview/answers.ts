/** The tab with explanations and answers, and the field for the next question. */

import { percent, toneOf } from "../panel/confidence";
import type { Answer } from "../panel/model";
import type { State } from "../panel/state";
import { seconds, stageName } from "../panel/wording";
import { button, el, keyed, say, set } from "./dom";
import { render } from "./markdown";
import { fillPieces, legend } from "./pieces";
import type { Chosen, Page, Part } from "./shared";

export class AnswersPart implements Part {
  readonly root = el("section", { class: "ask", "aria-label": "Ask" });
  private readonly thread = el("div", { id: "thread" });
  private readonly empty = el("div", { class: "empty" });
  private readonly legend = legend();
  private readonly form = el("form", { id: "ask", autocomplete: "off" });
  private readonly question = el("textarea", {
    id: "question", rows: 2, maxlength: 2000, placeholder: "Ask about this code", "aria-label": "Ask about this code",
  });
  private readonly send = el("button", { id: "send", type: "submit" }, "Ask");
  private readonly stop: HTMLButtonElement;
  private readonly nodes = new WeakMap<Element, Entry>();
  private shown: readonly Answer[] = [];

  constructor(private readonly page: Page) {
    this.stop = button("Stop", () => {
      page.tell({ kind: "act", action: "stopAnswer" });
    }, { id: "cancel", class: "secondary", title: "Stop the answer and its model (Escape)" });
    this.empty.append(
      el("h2", {}, "Nothing was asked yet"),
      el("p", {}, "Put the cursor into a function, or select some lines: Mirador explains them, and answers what you ask about them."),
      el("p", {}, button("Explain the code at the cursor", () => {
        page.tell({ kind: "act", action: "explainHere" });
      })),
    );
    this.form.append(this.question, this.send, this.stop);
    this.root.append(this.empty, this.thread, this.legend, this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.question.addEventListener("input", () => {
      page.choose({ draft: this.question.value });
    });
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
  }

  update({ answers }: State, { draft }: Chosen): void {
    if (this.question.value !== draft) {
      this.question.value = draft;
    }
    if (answers === this.shown) {
      return;
    }
    const longer = answers.length > this.shown.length || answers[0]?.id !== this.shown[0]?.id;
    this.shown = answers;
    this.empty.hidden = answers.length > 0;
    this.legend.hidden = answers.length === 0;
    const busy = answers.some(({ state }) => state === "running");
    this.stop.hidden = !busy;
    this.send.hidden = busy;
    const follow = longer || isAtEnd(this.thread);
    keyed(
      this.thread,
      answers,
      ({ id }) => String(id),
      () => {
        const made = new Entry();
        this.nodes.set(made.root, made);
        return made.root;
      },
      (node, answer) => {
        this.nodes.get(node)?.fill(answer);
      },
    );
    if (follow) {
      this.thread.scrollTop = this.thread.scrollHeight;
    }
  }

  private submit(): void {
    const question = this.question.value.trim();
    if (question) {
      this.page.tell({ kind: "ask", question });
      this.page.choose({ draft: "" });
    }
  }
}

/** One question with its answer. */
class Entry {
  readonly root = el("article");
  private readonly asked = el("p", { class: "asked" });
  private readonly title = el("h2");
  private readonly by = el("p", { class: "by" });
  private readonly answer = el("div", { class: "answer" });
  private readonly draft = el("div", { class: "draft" });
  private readonly notices = el("ul", { class: "notices" });
  private readonly foot = el("p", { class: "foot" });
  private shown: Answer | undefined;

  constructor() {
    this.root.append(this.asked, this.title, this.by, this.answer, this.draft, this.notices, this.foot);
  }

  fill(answer: Answer): void {
    const before = this.shown;
    if (answer === before) {
      return;
    }
    this.shown = answer;
    const running = answer.state === "running";
    set(this.root, { "data-state": answer.state, "aria-busy": String(running), "aria-label": answer.question || answer.title });
    say(this.asked, answer.question);
    this.asked.hidden = answer.question === "";
    say(this.title, answer.title);
    this.title.hidden = answer.question !== "";
    if (answer.text !== before?.text) {
      this.answer.replaceChildren(render(answer.text));
    }
    if (answer.by !== before?.by) {
      this.fillBy(answer);
    }
    // What an earlier stage said stays, faded, until the one that speaks has said all.
    this.answer.classList.toggle("older", running && answer.draft.length > 0 && answer.text !== "");
    fillPieces(this.draft, answer.draft);
    this.draft.hidden = answer.draft.length === 0;
    keyed(this.notices, answer.notices, (notice) => notice, () => el("li"), (node, notice) => {
      say(node, notice);
    });
    this.notices.hidden = answer.notices.length === 0;
    say(this.foot, foot(answer));
    set(this.foot, { title: answer.reason || undefined });
  }

  private fillBy({ by, text }: Answer): void {
    this.by.hidden = text === "";
    this.by.replaceChildren(
      el("span", { class: "badge" }, stageName(by.stage)),
      el("span", {}, by.model || "facts, no model"),
      el("span", {
        class: `sure ${toneOf(by.confidence)}`,
        title: "How sure the model was of its words. Not a measure of truth.",
      }, `${percent(by.confidence)} sure`),
    );
  }
}

function foot(answer: Answer): string {
  switch (answer.state) {
    case "running":
      return answer.progress || (answer.stage ? `${[stageName(answer.stage), answer.model].filter(Boolean).join(", ")} is at work…` : "Reading the code…");
    case "finished":
      return seconds(answer.seconds);
    case "stopped":
      return answer.seconds === null ? "Stopped" : `Stopped after ${seconds(answer.seconds)}`;
    case "failed":
      return "No answer";
  }
}

function isAtEnd(node: Element): boolean {
  return node.scrollTop + node.clientHeight >= node.scrollHeight - 40;
}
