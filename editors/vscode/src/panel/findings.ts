/** The list of findings: which are shown, in which order, and what can be chosen from. */

import type { Row, Severity } from "./model";
import { type Read, object, oneOf, text } from "./schema";

export const SEVERITIES: readonly Severity[] = ["error", "warning", "information", "hint"];
export const MOST_SHOWN = 500;

export const filters = object({
  text: text(200),
  /** The least severe that is shown; "hint" shows all. */
  severity: oneOf("error", "warning", "information", "hint"),
  /** Empty: all. */
  lens: text(40),
  stage: text(40),
  file: text(),
});
export type Filters = Read<typeof filters>;

export const ALL: Filters = { text: "", severity: "hint", lens: "", stage: "", file: "" };

export function isAll(chosen: Filters): boolean {
  return (Object.keys(ALL) as (keyof Filters)[]).every((name) => chosen[name] === ALL[name]);
}

/** The findings that fit: by file, and within a file by line, the worse first on the same line. */
export function fitting(rows: readonly Row[], chosen: Filters): readonly Row[] {
  const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  const bar = SEVERITIES.indexOf(chosen.severity);
  return rows
    .filter(
      (row) =>
        SEVERITIES.indexOf(row.severity) <= bar &&
        (!chosen.lens || row.lens === chosen.lens) &&
        (!chosen.stage || row.stage === chosen.stage) &&
        (!chosen.file || row.file === chosen.file) &&
        words.every((word) => haystack(row).includes(word)),
    )
    .toSorted(
      (a, b) =>
        compare(a.file, b.file) ||
        a.line - b.line ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        compare(a.key, b.key),
    );
}

export interface Group {
  readonly file: string;
  readonly rows: readonly Row[];
}

/** Sorted findings by file, `MOST_SHOWN` of them. */
export function grouped(rows: readonly Row[]): readonly Group[] {
  const groups: { file: string; rows: Row[] }[] = [];
  for (const row of rows.slice(0, MOST_SHOWN)) {
    const last = groups.at(-1);
    if (last?.file === row.file) {
      last.rows.push(row);
    } else {
      groups.push({ file: row.file, rows: [row] });
    }
  }
  return groups;
}

export interface Choice {
  readonly value: string;
  readonly count: number;
}

/** What can be chosen for a filter, with how many findings have it. The chosen one is always there. */
export function choices(rows: readonly Row[], by: "lens" | "stage" | "file", chosen: string): readonly Choice[] {
  const counts = new Map<string, number>(chosen ? [[chosen, 0]] : []);
  for (const row of rows) {
    if (row[by]) {
      counts.set(row[by], (counts.get(row[by]) ?? 0) + 1);
    }
  }
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => compare(a.value, b.value));
}

/** The finding that takes the place of a selected one that is gone: the one now at its place. */
export function neighbour(before: readonly Row[], after: readonly Row[], key: string): string {
  if (after.some((row) => row.key === key)) {
    return key;
  }
  const at = Math.max(0, before.findIndex((row) => row.key === key));
  return after[Math.min(at, after.length - 1)]?.key ?? "";
}

/** "2 errors, 1 warning"; "no findings" where there are none. */
export function inWords(rows: readonly Row[]): string {
  const counts = SEVERITIES.map((each) => [each, rows.filter(({ severity }) => severity === each).length] as const);
  const said = counts
    .filter(([, count]) => count > 0)
    .map(([each, count]) => (each === "information" ? `${count} information` : `${count} ${each}${count > 1 ? "s" : ""}`));
  return said.join(", ") || "no findings";
}

function haystack(row: Row): string {
  return `${row.message} ${row.rule} ${row.file} ${row.symbol} ${row.tool}`.toLowerCase();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
