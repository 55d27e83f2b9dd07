/** The tab with figures: what requests cost and what came of them. */

import { charts, tiles } from "../panel/charts";
import type { Figures } from "../panel/figures";
import type { State } from "../panel/state";
import { figureOf } from "./chart";
import { button, el, option, say, set } from "./dom";
import type { Chosen, Page, Part } from "./shared";

const SPANS: readonly [number, string][] = [[7, "The last 7 days"], [30, "The last 30 days"], [90, "The last 90 days"], [365, "The last year"]];

export class MetricsPart implements Part {
  readonly root = el("section", { class: "metrics", "aria-label": "Metrics" });
  private readonly days = el("select", { "aria-label": "Span" }, ...SPANS.map(([days, text]) => option(String(days), text)));
  private readonly note = el("p", { class: "note", role: "status" });
  private readonly body = el("div");
  private shown: Figures | null | undefined;

  constructor(page: Page) {
    const again = button("Refresh", () => {
      page.tell({ kind: "measure", days: page.chosen.days });
    }, { class: "secondary" });
    this.days.addEventListener("change", () => {
      const days = Number(this.days.value);
      page.choose({ days });
      page.tell({ kind: "measure", days });
    });
    this.root.append(el("div", { class: "bar" }, this.days, again), this.note, this.body);
  }

  update({ metrics }: State, { days }: Chosen): void {
    this.days.value = String(days);
    set(this.root, { "aria-busy": String(metrics.state === "loading"), "data-state": metrics.state });
    const note = words(metrics);
    say(this.note, note);
    this.note.hidden = note === "";
    if (metrics.figures === this.shown) {
      return;
    }
    this.shown = metrics.figures;
    this.body.replaceChildren(...(metrics.figures === null || metrics.figures.requests === 0 ? [] : drawn(metrics.figures)));
  }
}

function words({ state, message, figures }: State["metrics"]): string {
  switch (state) {
    case "none":
    case "loading":
      return figures === null ? "Counting…" : "";
    case "off":
      return "Nothing is counted: the setting mirador.metrics.enabled, or your own settings file, says so.";
    case "error":
      return `There are no figures: ${message}`;
    case "there":
      return figures?.requests === 0 ? "Nothing was measured in this time. Figures come with every review, answer and fix." : "";
  }
}

function drawn(figures: Figures): Node[] {
  const facts = tiles(figures).map(({ name, value, more }) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value, el("small", {}, more))));
  return [
    el("dl", { class: "tiles" }, ...facts),
    el("div", { class: "charts" }, ...charts(figures).map(figureOf)),
    el("p", { class: "legend" }, "Counted on this machine, and kept on it."),
  ];
}
