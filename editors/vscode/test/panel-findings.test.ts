/** The list of findings: filters, order, groups. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL, MOST_SHOWN, choices, fitting, grouped, inWords, isAll, neighbour } from "../src/panel/findings";
import { row } from "./panel-samples";

const ROWS = [
  row({ file: "b.py", line: 3, severity: "hint", lens: "style", stage: "instant", tool: "ruff", rule: "ruff/E501", message: "Too long." }),
  row({ file: "a.py", line: 9, severity: "error", lens: "security", stage: "deep", message: "SQL from outside." }),
  row({ file: "a.py", line: 2, severity: "warning", message: "May be empty.", symbol: "Cart.total" }),
  row({ file: "a.py", line: 2, severity: "error", message: "Wrong name.", key: "z" }),
];
const messages = (filters: Partial<typeof ALL>) => fitting(ROWS, { ...ALL, ...filters }).map(({ message }) => message);

test("by file, then by line, the worse first on the same line", () => {
  assert.deepEqual(messages({}), ["Wrong name.", "May be empty.", "SQL from outside.", "Too long."]);
});

test("every word of the text must be somewhere: message, rule, file, symbol or tool", () => {
  assert.deepEqual(messages({ text: "EMPTY cart.total" }), ["May be empty."]);
  assert.deepEqual(messages({ text: "e501" }), ["Too long."]);
  assert.deepEqual(messages({ text: "a.py wrong" }), ["Wrong name."]);
  assert.deepEqual(messages({ text: "nowhere" }), []);
});

test("severity is a bar, the others are exact, and all hold at once", () => {
  assert.deepEqual(messages({ severity: "error" }), ["Wrong name.", "SQL from outside."]);
  assert.deepEqual(messages({ severity: "warning", file: "a.py", stage: "quick" }), ["Wrong name.", "May be empty."]);
  assert.deepEqual(messages({ lens: "security" }), ["SQL from outside."]);
  assert.deepEqual(messages({ lens: "security", stage: "quick" }), []);
});

test("rows stand in groups of their file, and no more than can be looked at", () => {
  assert.deepEqual(grouped(fitting(ROWS, ALL)).map(({ file, rows }) => [file, rows.length]), [["a.py", 3], ["b.py", 1]]);
  const many = Array.from({ length: MOST_SHOWN + 50 }, (_, line) => row({ line }));
  assert.equal(grouped(many)[0]?.rows.length, MOST_SHOWN);
});

test("what can be chosen is what there is, with its count; the chosen one stays", () => {
  assert.deepEqual(choices(ROWS, "lens", "performance"), [
    { value: "bug", count: 2 }, { value: "performance", count: 0 }, { value: "security", count: 1 }, { value: "style", count: 1 },
  ]);
});

test("a selected finding that goes is followed by the one at its place", () => {
  const rows = fitting(ROWS, ALL);
  assert.equal(neighbour(rows, rows, "z"), "z");
  assert.equal(neighbour(rows, rows.slice(1), "z"), rows[1]?.key);
  assert.equal(neighbour(rows, rows.slice(0, -1), rows.at(-1)?.key ?? ""), rows.at(-2)?.key);
  assert.equal(neighbour(rows, [], "z"), "");
});

test("counts in words", () => {
  assert.equal(inWords(ROWS), "2 errors, 1 warning, 1 hint");
  assert.equal(inWords([]), "no findings");
  assert.ok(isAll(ALL));
  assert.ok(!isAll({ ...ALL, text: "x" }));
});
