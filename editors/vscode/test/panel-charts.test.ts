/** The geometry of charts: everything lies within the picture and is as long as it is worth. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { charts, tiles } from "../src/panel/charts";
import type { Day } from "../src/panel/figures";
import { type Series, HEIGHT, WIDTH, ceiling, lying, spans, stacked } from "../src/panel/geometry";
import { seconds, short } from "../src/panel/wording";
import { NOW, day, figures } from "./panel-samples";

const plain = (value: number) => String(value);
const name = ({ day: said }: Day) => said;
const series: Series<Day>[] = [
  { name: "one", look: 1, of: ({ requests }) => requests },
  { name: "two", look: 2, of: ({ decided }) => decided },
];

test("the scale ends at an even number that is not below the highest", () => {
  assert.deepEqual([0, -1, Number.NaN, 0.3, 1, 1.1, 9, 10, 23, 999, 1000, 1001].map(ceiling), [1, 1, 1, 0.4, 2, 2, 10, 10, 40, 1000, 1000, 2000]);
});

test("bars of a day stand on each other, and their heights are in proportion", () => {
  const { bars, height } = stacked([day("a", { requests: 6, decided: 3 }), day("b", { requests: 0, decided: 0 })], name, series, plain);
  assert.equal(bars.length, 2);
  const [lower, upper] = bars;
  assert.ok(lower && upper);
  assert.ok(Math.abs(lower.height - 2 * upper.height) < 1e-9);
  assert.ok(Math.abs(upper.y + upper.height - lower.y) < 1e-9);
  assert.equal(lower.title, "a: 6 one");
  assert.equal(height, HEIGHT);
});

test("nothing lies outside of the picture, however many days there are", () => {
  for (const count of [1, 2, 30, 731]) {
    const days = Array.from({ length: count }, (_, at) => day(`d${at}`, { requests: (at * 7919) % 1000 }));
    const picture = stacked(days, name, series, plain);
    for (const { x, y, width, height } of picture.bars) {
      assert.ok(x >= 0 && x + width <= WIDTH + 1 && y >= 0 && y + height <= HEIGHT, `${count}: ${x} ${y} ${width} ${height}`);
    }
  }
});

test("no days, and days with nothing, have no bars but a scale", () => {
  for (const days of [[], [day("a", { requests: 0, decided: 0 })]]) {
    const picture = stacked(days, name, series, plain);
    assert.deepEqual([picture.bars.length, picture.lines.length], [0, 3]);
  }
});

test("bars that lie are named, and a value that is not there has none", () => {
  const rows = [{ name: "x".repeat(80), a: 4, b: null }, { name: "small", a: 1, b: 2 }];
  const picture = lying(rows, (each) => each.name, [
    { name: "a", look: 1, of: (each) => each.a },
    { name: "b", look: 2, of: (each) => each.b },
  ], plain);
  assert.equal(picture.bars.length, 3);
  assert.ok(picture.labels[0]?.text.endsWith("…"));
  assert.ok(picture.bars.every(({ x, width, y, height }) => x + width <= WIDTH && y + height <= picture.height));
});

test("when the stages ran, side by side", () => {
  const parts = spans(
    {
      since: NOW, seconds: null,
      stages: [
        { name: "instant", status: "done", since: NOW, seconds: 1 },
        { name: "quick", status: "running", since: NOW + 1000, seconds: null },
        { name: "deep", status: "waiting", since: null, seconds: null },
      ],
    },
    NOW + 4000,
  );
  assert.deepEqual(parts.map((each) => [each.name, each.x, each.width]), [["instant", 0, 90], ["quick", 90, 270]]);
  assert.equal(spans({ since: NOW, seconds: null, stages: [] }, NOW).length, 0);
});

test("each chart says in words and in a table what it draws", () => {
  const drawn = charts(figures());
  assert.deepEqual(drawn.map(({ title }) => title), [
    "Requests by day", "Tokens by day", "First token by stage and model", "Time by stage and model", "Findings by day", "Decisions by day",
  ]);
  for (const { words, heads, rows, picture } of drawn) {
    assert.ok(words.length > 10);
    assert.ok(rows.length > 0 && rows.every((cells) => cells.length === heads.length));
    assert.ok(picture.bars.length > 0);
  }
  assert.equal(drawn[1]?.words, "read: 900, reused: 1,800, written: 120, in 3 days");
});

test("without figures there is nothing to draw", () => {
  assert.deepEqual(charts(figures({ days: [], stages: [] })), []);
  const facts = new Map(tiles(figures({ stages: [] })).map((tile) => [tile.name, tile.value]));
  assert.deepEqual([facts.get("First token"), facts.get("Prompt reused")], ["–", "–"]);
});

test("figures in words", () => {
  assert.deepEqual([short(0), short(3.25), short(1234), short(12_345), short(2_500_000), short(null)], ["0", "3.3", "1,234", "12 k", "2.5 M", "–"]);
  assert.deepEqual([seconds(0.05), seconds(2.04), seconds(150), seconds(null)], ["50 ms", "2.0 s", "2.5 min", "–"]);
});
