/** Where a place of a text is after the text was edited. */

/** Like the editor's own: lines and characters from 0. */
export interface Point {
  readonly line: number;
  readonly character: number;
}

export interface Stretch {
  readonly start: Point;
  readonly end: Point;
}

export interface Edit {
  readonly range: Stretch;
  readonly text: string;
}

/** `place` after `edit`; one that was wholly inside of what was replaced becomes empty. */
export function shifted(place: Stretch, edit: Edit): Stretch {
  const { start, end } = edit.range;
  const after = endOf(start, edit.text);
  const inside = (point: Point): boolean => compare(point, start) > 0 && compare(point, end) < 0;
  const move = (point: Point, stays: Point): Point => {
    if (compare(point, start) <= 0) {
      return point;
    }
    return inside(point) ? stays : moved(point, end, after);
  };
  // What is typed at the beginning of a place stands before it, at its end after it.
  const first = compare(place.start, start) === 0 && compare(start, end) === 0
    ? after
    : move(place.start, start);
  const last = compare(place.end, start) === 0 ? place.end : move(place.end, after);
  return { start: first, end: compare(last, first) < 0 ? first : last };
}

/** A text with edits made in it that do not overlap, all of them meant for `text` itself. */
export function edited(text: string, edits: readonly Edit[], offset: (point: Point) => number): string {
  return [...edits]
    .map((edit, index) => ({ edit, index }))
    // From the back, so that places before stay true; of two at one place the first goes first.
    .sort((a, b) => compare(b.edit.range.start, a.edit.range.start) || b.index - a.index)
    .reduce(
      (made, { edit }) =>
        made.slice(0, offset(edit.range.start)) + edit.text + made.slice(offset(edit.range.end)),
      text,
    );
}

export function compare(a: Point, b: Point): number {
  return a.line - b.line || a.character - b.character;
}

function moved(point: Point, end: Point, after: Point): Point {
  return {
    line: point.line + after.line - end.line,
    character: point.line === end.line ? after.character + point.character - end.character : point.character,
  };
}

function endOf(start: Point, text: string): Point {
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines.at(-1) ?? "";
  return {
    line: start.line + lines.length - 1,
    character: lines.length === 1 ? start.character + last.length : last.length,
  };
}
