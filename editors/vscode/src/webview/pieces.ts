/** Text of a model in the shades of its confidence, which is told by more than colour. */

import { SURE, percent } from "../panel/confidence";
import type { Piece } from "../panel/model";
import { el, keyed, say, set } from "./dom";

export function fillPieces(into: Element, pieces: readonly Piece[]): void {
  keyed(
    into,
    pieces,
    ({ id }) => String(id),
    () => el("span"),
    (node, { content, tone, confidence }) => {
      set(node, { class: tone, title: `${percent(confidence)}: the model was ${SURE[tone]} of these words` });
      say(node, content);
    },
  );
}

/** What the shades mean. */
export function legend(): HTMLElement {
  return el(
    "p",
    { class: "legend" },
    "How sure the model is of its words, not whether they are true: ",
    el("span", { class: "low" }, "unsure"),
    " (under 50 %), ",
    el("span", { class: "fair" }, "fairly sure"),
    ", ",
    el("span", { class: "high" }, "sure"),
    " (from 80 %).",
  );
}
