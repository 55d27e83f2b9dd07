/** The tree of an answer's Markdown as nodes. */

import { type Block, type Inline, parse } from "../panel/markup";
import { el } from "./dom";

export function render(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  out.append(...parse(text).map(block));
  return out;
}

function block(from: Block): HTMLElement {
  switch (from.kind) {
    case "paragraph":
      return el("p", {}, ...inline(from.inlines));
    case "heading":
      return el("p", { class: "heading" }, ...inline(from.inlines));
    case "code":
      // It may be wider than the panel: who has no mouse must be able to scroll it.
      return el("pre", { tabindex: 0 }, el("code", {}, from.text));
    case "list":
      return el(
        from.numbered ? "ol" : "ul",
        {},
        ...from.items.map(({ nested, inlines }) => el("li", nested ? { class: "nested" } : {}, ...inline(inlines))),
      );
  }
}

function inline(from: readonly Inline[]): (Node | string)[] {
  return from.map(({ kind, text }) => (kind === "text" ? text : el(kind, {}, text)));
}
