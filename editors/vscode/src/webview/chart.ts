/** A chart as a picture with its words, and the same as a table. */

import type { Chart } from "../panel/charts";
import { el, shape } from "./dom";

let patterns = 0;

export function figureOf(chart: Chart): HTMLElement {
  const svg = drawn(chart);
  const table = el("details", {}, el("summary", {}, `${chart.title}: as a table`), tableOf(chart));
  const parts: Node[] = [el("figcaption", {}, chart.title)];
  if (chart.legend.length > 0) {
    parts.push(el("ul", { class: "legend" }, ...chart.legend.map(({ name, look }) => {
      const sample = shape("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
      const hatch = hatching(look);
      sample.append(...hatch.defs, shape("rect", { width: 12, height: 12, class: `look${look}` }), ...overlay(hatch, { x: 0, y: 0, width: 12, height: 12 }));
      return el("li", {}, sample, name);
    })));
  }
  return el("figure", {}, ...parts, svg, table);
}

function drawn({ title, words, picture }: Chart): SVGElement {
  const svg = shape("svg", {
    viewBox: `0 0 ${picture.width} ${picture.height}`, role: "img", "aria-label": `${title}. ${words}`,
  });
  svg.append(...picture.lines.map(({ y, from }) => shape("line", { x1: from, x2: picture.width, y1: y, y2: y, class: "grid" })));
  const hatches = new Map([1, 2, 3, 4].map((look) => [look, hatching(look)]));
  svg.append(...[...hatches.values()].flatMap(({ defs }) => defs));
  for (const { x, y, width, height, look, title: name } of picture.bars) {
    const place = { x: x.toFixed(2), y: y.toFixed(2), width: width.toFixed(2), height: height.toFixed(2) };
    const bar = shape("g", {}, shape("rect", { ...place, class: `look${look}` }));
    const hatch = hatches.get(look);
    if (hatch !== undefined) {
      bar.append(...overlay(hatch, place));
    }
    bar.append(shape("title", {}, name));
    svg.append(bar);
  }
  svg.append(...picture.labels.map(({ x, y, text, anchor, strong }) =>
    shape("text", { x: x.toFixed(2), y: y.toFixed(2), "text-anchor": anchor, class: strong ? "strong" : undefined }, text)));
  return svg;
}

interface Hatch {
  readonly id: string;
  readonly defs: readonly SVGElement[];
}

/** Lines over a bar, so that looks are told apart without colours: none, one way, the other, dots. */
function hatching(look: number): Hatch {
  patterns += 1;
  const id = `hatch${patterns}`;
  const mark = {
    2: shape("path", { d: "M0 6L6 0", class: "hatch" }),
    3: shape("path", { d: "M0 0L6 6", class: "hatch" }),
    4: shape("circle", { cx: 3, cy: 3, r: 1.1, class: "dot" }),
  }[look];
  return mark === undefined
    ? { id, defs: [] }
    : { id, defs: [shape("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, mark)] };
}

function overlay({ id, defs }: Hatch, place: Readonly<Record<string, string | number>>): SVGElement[] {
  return defs.length === 0 ? [] : [shape("rect", { ...place, fill: `url(#${id})` })];
}

function tableOf({ title, heads, rows }: Chart): HTMLElement {
  const cell = (text: string, at: number) => (at === 0 ? el("th", { scope: "row" }, text) : el("td", {}, text));
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": `${title}, table` },
    el(
      "table",
      {},
      el("caption", {}, title),
      el("thead", {}, el("tr", {}, ...heads.map((head) => (head ? el("th", { scope: "col" }, head) : el("td"))))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))),
    ),
  );
}
