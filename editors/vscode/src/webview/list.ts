/** The tab with all findings: filters, the list, and what can be done with the selected one. */

import { ALL, type Filters, MOST_SHOWN, choices, fitting, grouped, inWords, isAll, neighbour } from "../panel/findings";
import type { Deed } from "../panel/messages";
import type { Row } from "../panel/model";
import type { State } from "../panel/state";
import { grouped as figure, many, stageName } from "../panel/wording";
import { Detail } from "./detail";
import { button, el, keyed, option, say, set } from "./dom";
import type { Chosen, Page, Part } from "./shared";

const BARS: readonly [Filters["severity"], string][] = [
  ["hint", "All severities"],
  ["information", "Information and worse"],
  ["warning", "Warnings and worse"],
  ["error", "Errors only"],
];
const MARKS: Readonly<Record<Row["severity"], string>> = { error: "✕", warning: "!", information: "i", hint: "•" };
const PAGE = 10;

export class ListPart implements Part {
  readonly root = el("section", { class: "findings", "aria-label": "Findings" });
  private readonly search = el("input", { type: "search", placeholder: "Filter by text", "aria-label": "Filter by text", spellcheck: "false" });
  private readonly severity = el("select", { "aria-label": "Severity" }, ...BARS.map(([value, text]) => option(value, text)));
  private readonly by = {
    lens: el("select", { "aria-label": "Lens" }),
    stage: el("select", { "aria-label": "Stage" }),
    file: el("select", { "aria-label": "File" }),
  };
  private readonly count = el("p", { class: "count", role: "status" });
  private readonly clear: HTMLButtonElement;
  private readonly list = el("div", { class: "rows", role: "listbox", "aria-label": "Findings" });
  private readonly none = el("p", { class: "none" });
  private readonly detail: Detail;
  private rows: readonly Row[] = [];
  private shown: readonly Row[] = [];
  private selected = "";
  private last: { state: State["findings"]; filters: Filters; left: number; busy: boolean } | undefined;

  constructor(private readonly page: Page) {
    this.detail = new Detail((deed) => {
      this.act(deed);
    });
    this.clear = button("Clear filters", () => {
      this.narrow(ALL);
      this.search.focus();
    }, { class: "secondary" });
    this.search.addEventListener("input", () => {
      this.narrow({ ...page.chosen.filters, text: this.search.value.slice(0, 200) });
    });
    this.search.addEventListener("keydown", (event) => {
      this.inSearch(event);
    });
    this.severity.addEventListener("change", () => {
      this.narrow({ ...page.chosen.filters, severity: this.severity.value as Filters["severity"] });
    });
    for (const [name, select] of Object.entries(this.by)) {
      select.addEventListener("change", () => {
        this.narrow({ ...page.chosen.filters, [name]: select.value });
      });
    }
    this.list.addEventListener("keydown", (event) => {
      this.inList(event);
    });
    const { lens, stage, file } = this.by;
    this.root.append(
      el("div", { class: "filters", role: "search", "aria-label": "Filters" }, this.search, this.severity, lens, stage, file, this.clear),
      this.count,
      this.none,
      this.list,
      this.detail.root,
    );
  }

  update({ findings, left, health, server }: State, { filters }: Chosen): void {
    const busy = health.busy && server.condition === "running";
    const { last } = this;
    if (last?.state === findings && last.filters === filters && last.left === left && last.busy === busy) {
      return;
    }
    this.last = { state: findings, filters, left, busy };
    this.rows = findings;
    this.fillFilters(filters);
    const shown = fitting(findings, filters);
    this.selected = neighbour(this.shown, shown, this.selected);
    this.shown = shown;
    const more = [
      shown.length > MOST_SHOWN ? `the first ${MOST_SHOWN} are listed; narrow the filters to see the rest` : "",
      left > 0 ? `${figure(left)} more are in the editor` : "",
    ].filter(Boolean);
    const counts = isAll(filters) ? inWords(shown) : `${figure(shown.length)} of ${many(findings.length, "finding")}: ${inWords(shown)}`;
    say(this.count, [counts, ...more].join("; "));
    this.count.hidden = findings.length === 0;
    say(this.none, findings.length > 0 ? "No finding fits the filters." : busy ? "Nothing was found so far; a review runs." : "There are no findings in the open files.");
    this.none.hidden = shown.length > 0;
    this.list.hidden = shown.length === 0;
    this.fillList();
  }

  private narrow(filters: Filters): void {
    this.page.choose({ filters });
  }

  private fillFilters(filters: Filters): void {
    if (this.search.value !== filters.text) {
      this.search.value = filters.text;
    }
    this.severity.value = filters.severity;
    for (const name of ["lens", "stage", "file"] as const) {
      const all = { lens: "All lenses", stage: "All stages", file: "All files" }[name];
      const wording = name === "stage" ? stageName : (value: string) => value;
      keyed(
        this.by[name],
        [{ value: "", count: this.rows.length }, ...choices(this.rows, name, filters[name])],
        ({ value }) => value,
        ({ value }) => option(value, ""),
        (node, { value, count }) => {
          say(node, value ? `${wording(value)} (${count})` : all);
        },
      );
      this.by[name].value = filters[name];
    }
    this.clear.hidden = isAll(filters);
  }

  private fillList(): void {
    keyed(
      this.list,
      grouped(this.shown),
      ({ file }) => file,
      ({ file }) => el("div", { class: "group", role: "group", "aria-label": file }, el("div", { class: "file", "aria-hidden": "true" }), el("div", { role: "presentation" })),
      (node, { file, rows }) => {
        const [head, body] = node.children;
        if (head !== undefined && body !== undefined) {
          say(head, `${file} (${rows.length})`);
          keyed(body, rows, ({ key }) => key, (row) => this.option(row), fillRow);
        }
      },
    );
    this.mark();
  }

  private option(row: Row): HTMLElement {
    const made = el("div", { role: "option", class: "row", "data-key": row.key });
    made.append(el("span", { class: "mark", "aria-hidden": "true" }), el("span", { class: "what" }), el("span", { class: "rule" }), el("span", { class: "line" }));
    made.addEventListener("click", () => {
      this.select(row.key, true);
    });
    made.addEventListener("dblclick", () => {
      this.act("open");
    });
    return made;
  }

  /** One option is in the tab order: the selected one. */
  private mark(): void {
    for (const node of this.options()) {
      const on = node.dataset["key"] === this.selected;
      set(node, { "aria-selected": String(on), tabindex: on ? 0 : -1 });
    }
    this.detail.show(this.shown.find(({ key }) => key === this.selected));
  }

  private select(key: string, focus: boolean): void {
    this.selected = key;
    this.mark();
    if (focus) {
      this.options().find((node) => node.dataset["key"] === key)?.focus();
    }
  }

  private options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
  }

  private inList(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      this.act("open");
      return;
    }
    const options = this.options();
    const at = options.findIndex((node) => node.dataset["key"] === this.selected);
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: options.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const key = options[Math.max(0, Math.min(options.length - 1, to))]?.dataset["key"];
      if (key !== undefined) {
        this.select(key, true);
      }
    }
  }

  /** Down goes into the list; Escape empties the field, and only then means what it means elsewhere. */
  private inSearch(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" && this.selected) {
      event.preventDefault();
      this.select(this.selected, true);
    } else if (event.key === "Escape" && this.search.value) {
      event.preventDefault();
      event.stopPropagation();
      this.narrow({ ...this.page.chosen.filters, text: "" });
    }
  }

  private act(deed: Deed): void {
    if (this.selected) {
      this.page.tell({ kind: "finding", key: this.selected, deed });
    }
  }
}

function fillRow(node: HTMLElement, row: Row): void {
  const [mark, what, rule, line] = node.children;
  if (mark === undefined || what === undefined || rule === undefined || line === undefined) {
    return;
  }
  set(node, { "data-severity": row.severity, "aria-label": `${row.severity}: ${row.message}, line ${row.line + 1}, ${row.rule}` });
  say(mark, MARKS[row.severity]);
  say(what, row.message);
  say(rule, row.rule);
  say(line, String(row.line + 1));
}
