/** The selected finding as a whole, with what can be done about it. */

import { percent } from "../panel/confidence";
import type { Deed } from "../panel/messages";
import type { Row } from "../panel/model";
import { stageName } from "../panel/wording";
import { button, el, say } from "./dom";

const DEEDS: readonly (readonly [Deed, string])[] = [
  ["open", "Open"],
  ["explain", "Explain"],
  ["fix", "Fix"],
  ["dismiss", "Dismiss…"],
  ["helpful", "Helpful"],
  ["notHelpful", "Not helpful"],
];

export class Detail {
  readonly root = el("div", { class: "detail", role: "group", "aria-label": "The selected finding" });
  private readonly message = el("p", { class: "whole" });
  private readonly facts = el("p", { class: "who" });

  constructor(act: (deed: Deed) => void) {
    const buttons = DEEDS.map(([deed, text]) =>
      button(text, () => {
        act(deed);
      }, deed === "open" ? {} : { class: "secondary" }),
    );
    this.root.append(this.message, this.facts, el("p", { class: "buttons" }, ...buttons));
  }

  show(row: Row | undefined): void {
    this.root.hidden = row === undefined;
    if (row === undefined) {
      return;
    }
    say(this.message, row.message);
    const who = [stageName(row.stage), row.tool].filter(Boolean).join(", ");
    const place = `${row.file}:${row.line + 1}${row.symbol ? `, ${row.symbol}` : ""}`;
    say(this.facts, [place, row.rule, row.lens, who, `${percent(row.confidence)} sure`].filter(Boolean).join(" · "));
  }
}
