/** The script of the panel: shows what it is told, and tells what the user does. */

import type { FromPanel, ToPanel } from "../talk";
import { element, render } from "./markdown";

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const host = acquireVsCodeApi();
const thread = need("thread");
const form = need("ask") as HTMLFormElement;
const question = need("question") as HTMLTextAreaElement;
const stop = need("cancel");
const ask = need("send");

/** One question with its answer, as it stands on the page. */
class Entry {
  readonly root = element("article");
  private readonly title = element("h2");
  private readonly by = element("p");
  private readonly answer = element("div");
  private readonly draft = element("div");
  private readonly notices = element("ul");
  private readonly foot = element("p");

  constructor(title: string, question: string) {
    if (question) {
      const asked = element("p", question);
      asked.className = "asked";
      this.root.append(asked);
    }
    this.title.textContent = title;
    this.title.hidden = Boolean(question);
    this.by.className = "by";
    this.answer.className = "answer";
    this.draft.className = "draft";
    this.notices.className = "notices";
    this.notices.hidden = true;
    this.foot.className = "foot";
    this.root.append(this.title, this.by, this.answer, this.draft, this.notices, this.foot);
    this.root.setAttribute("aria-busy", "true");
    this.foot.textContent = "Reading the code…";
  }

  name(title: string): void {
    this.title.textContent = title;
  }

  progress(message: string): void {
    this.foot.textContent = message;
  }

  /** A stage begins; what an earlier one said stays until this one has said all. */
  stage(stage: string, model: string, reason: string): void {
    this.draft.replaceChildren();
    this.answer.classList.toggle("older", this.answer.hasChildNodes());
    this.foot.textContent = [stage, model].filter(Boolean).join(", ") + " is at work…";
    this.foot.title = reason;
  }

  text(content: string, confidence: number): void {
    const piece = element("span", content);
    piece.className = tone(confidence);
    this.draft.append(piece);
  }

  /** A stage has said all; its answer takes the place of what was there. */
  whole(stage: string, model: string, text: string, confidence: number): void {
    this.draft.replaceChildren();
    this.answer.classList.remove("older");
    this.answer.replaceChildren(render(text));
    const sure = element("span", `${Math.round(confidence * 100)} %`);
    sure.className = `sure ${tone(confidence)}`;
    sure.title = "How sure the model was of its words. Not a measure of truth.";
    const who = element("span", model || "facts, no model");
    who.className = "model";
    const label = element("span", stage);
    label.className = "stage";
    this.by.replaceChildren(label, who, sure);
  }

  notice(message: string): void {
    const shown = [...this.notices.children].some((child) => child.textContent === message);
    if (!shown) {
      this.notices.append(element("li", message));
      this.notices.hidden = false;
    }
  }

  end(state: "finished" | "stopped" | "failed", seconds: number): void {
    this.root.setAttribute("aria-busy", "false");
    this.answer.classList.remove("older");
    const took = `${seconds.toFixed(1)} s`;
    const words = { finished: took, stopped: `Stopped after ${took}`, failed: "No answer" };
    this.foot.textContent = words[state];
    this.root.dataset["state"] = state;
  }
}

let current: Entry | undefined;
let currentId = 0;

window.addEventListener("message", ({ data }: MessageEvent<ToPanel>) => {
  if (data.kind === "begin") {
    begin(data);
  } else if (data.id === currentId && current !== undefined) {
    const atEnd = isAtEnd();
    tell(current, data);
    if (atEnd) {
      window.scrollTo({ top: document.body.scrollHeight });
    }
  }
});

function begin(data: ToPanel & { kind: "begin" }): void {
  if (!data.follows) {
    thread.replaceChildren();
  }
  current?.root.setAttribute("aria-busy", "false");
  current = new Entry(data.title, data.question);
  currentId = data.id;
  thread.append(current.root);
  busy(true);
  window.scrollTo({ top: document.body.scrollHeight });
}

function tell(entry: Entry, data: Exclude<ToPanel, { kind: "begin" }>): void {
  switch (data.kind) {
    case "title":
      entry.name(data.title);
      break;
    case "progress":
      entry.progress(data.message);
      break;
    case "stage":
      entry.stage(data.stage, data.model, data.reason);
      break;
    case "text":
      entry.text(data.content, data.confidence);
      break;
    case "answer":
      entry.whole(data.stage, data.model, data.text, data.confidence);
      break;
    case "notice":
      entry.notice(data.message);
      break;
    case "end":
      entry.end(data.state, data.seconds);
      busy(false);
      break;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (question.value.trim()) {
    host.postMessage({ kind: "ask", question: question.value });
    question.value = "";
  }
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

stop.addEventListener("click", () => host.postMessage({ kind: "cancel" }));
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    host.postMessage({ kind: "cancel" });
  }
});

host.postMessage({ kind: "ready" });

function busy(on: boolean): void {
  stop.hidden = !on;
  ask.hidden = on;
}

/** Grey for doubtful, plain for fair, cyan for sure: the same steps as on the command line. */
function tone(confidence: number): string {
  return confidence < 0.5 ? "low" : confidence < 0.8 ? "fair" : "high";
}

function isAtEnd(): boolean {
  const page = document.documentElement;
  return page.scrollTop + page.clientHeight >= page.scrollHeight - 40;
}

function need(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}
