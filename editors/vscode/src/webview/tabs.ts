/** The tabs: arrows go from one to the next, as everywhere. */

import type { Tab } from "../panel/messages";
import { el, say, set } from "./dom";

export interface TabPart {
  readonly name: Tab;
  readonly title: string;
  readonly content: HTMLElement;
}

export class Tabs {
  readonly list = el("div", { role: "tablist", "aria-label": "Mirador" });
  readonly panels: HTMLElement[];
  private readonly heads = new Map<Tab, HTMLButtonElement>();

  constructor(
    private readonly parts: readonly TabPart[],
    private readonly chosen: (tab: Tab) => void,
  ) {
    this.panels = parts.map(({ name, content }) => {
      const head = `tab-${name}`;
      return el("div", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": head, tabindex: 0 }, content);
    });
    for (const { name, title } of parts) {
      const head = el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` }, title);
      head.addEventListener("click", () => {
        this.chosen(name);
      });
      head.addEventListener("keydown", (event) => {
        this.moved(event, name);
      });
      this.heads.set(name, head);
      this.list.append(head);
    }
  }

  show(tab: Tab): void {
    this.parts.forEach(({ name }, at) => {
      const on = name === tab;
      const head = this.heads.get(name);
      if (head !== undefined) {
        set(head, { "aria-selected": String(on), tabindex: on ? 0 : -1 });
      }
      this.panels[at]?.toggleAttribute("hidden", !on);
    });
  }

  /** The title with a count, as in "Findings (3)". */
  title(tab: Tab, text: string): void {
    const head = this.heads.get(tab);
    if (head !== undefined) {
      say(head, text);
    }
  }

  focus(tab: Tab): void {
    this.heads.get(tab)?.focus();
  }

  private moved(event: KeyboardEvent, from: Tab): void {
    const names = this.parts.map(({ name }) => name);
    const at = names.indexOf(from);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    const name = to === undefined ? undefined : names.at(to % names.length);
    if (name !== undefined) {
      event.preventDefault();
      this.chosen(name);
      this.focus(name);
    }
  }
}
