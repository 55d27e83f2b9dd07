/** Places and texts after edits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Edit, type Point, type Stretch, compare, edited, shifted } from "../src/shift";

const at = (line: number, character: number): Point => ({ line, character });
const from = (start: Point, end: Point): Stretch => ({ start, end });
const place = from(at(4, 4), at(4, 10));
const insert = (where: Point, text: string): Edit => ({ range: from(where, where), text });

test("an edit behind a place leaves it where it is", () => {
  assert.deepEqual(shifted(place, insert(at(4, 11), "x\ny")), place);
});

test("lines typed above move it down, and lines deleted above move it up", () => {
  assert.deepEqual(shifted(place, insert(at(0, 0), "a\r\nb\r\n")), from(at(6, 4), at(6, 10)));
  const deleted = { range: from(at(1, 0), at(3, 0)), text: "" };
  assert.deepEqual(shifted(place, deleted), from(at(2, 4), at(2, 10)));
});

test("what is typed before it on its line moves it along, also across a new line", () => {
  assert.deepEqual(shifted(place, insert(at(4, 0), "ab")), from(at(4, 6), at(4, 12)));
  assert.deepEqual(shifted(place, insert(at(4, 2), "ab\n")), from(at(5, 2), at(5, 8)));
});

test("what is typed at its beginning stands before it, at its end behind it", () => {
  assert.deepEqual(shifted(place, insert(at(4, 4), "ab")), from(at(4, 6), at(4, 12)));
  assert.deepEqual(shifted(place, insert(at(4, 10), "ab")), place);
});

test("what is typed inside makes it longer", () => {
  assert.deepEqual(shifted(place, insert(at(4, 6), "ab\n")), from(at(4, 4), at(5, 4)));
});

test("of a place that is replaced as a whole nothing is left but where it was", () => {
  const replaced = { range: from(at(3, 0), at(5, 0)), text: "new\n" };
  const { start, end } = shifted(place, replaced);
  assert.equal(compare(start, end) <= 0, true);
  assert.equal(start.line >= 3 && end.line <= 4, true);
});

test("edits of one text are made from the back, and those at one place in their order", () => {
  const offset = ({ character }: Point): number => character;
  const edits = [
    insert(at(0, 1), "X"),
    insert(at(0, 1), "Y"),
    { range: from(at(0, 3), at(0, 4)), text: "" },
  ];
  assert.equal(edited("abcdef", edits, offset), "aXYbcef");
});
