/**
 * The little Markdown that answers may hold, as a tree: paragraphs, headings, lists, code spans,
 * fenced code, emphasis of whole words. HTML, links and images stay the text they are: the tree has
 * no node for them, so no model can make one.
 */

export type Inline =
  | { readonly kind: "text" | "code" | "strong"; readonly text: string };
export interface Item {
  readonly nested: boolean;
  readonly inlines: readonly Inline[];
}
export type Block =
  | { readonly kind: "paragraph" | "heading"; readonly inlines: readonly Inline[] }
  | { readonly kind: "list"; readonly numbered: boolean; readonly items: readonly Item[] }
  | { readonly kind: "code"; readonly text: string };

const FENCE = /^\s*(```|~~~)/;
const BULLET = /^(\s*)(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const INLINE = /(`+)(.+?)\1(?!`)|\*\*([^*\s](?:[^*]*[^*\s])?)\*\*/g;

interface Taken {
  readonly block: Block;
  /** The first line after it. */
  readonly next: number;
}

/** Unfinished text, as it is while it streams, gives what there is so far. */
export function parse(text: string): readonly Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    const { block, next } = taken(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function taken(lines: readonly string[], at: number): Taken {
  const line = lines[at] ?? "";
  if (FENCE.test(line)) {
    return fenced(lines, at);
  }
  if (BULLET.test(line)) {
    return list(lines, at);
  }
  const heading = HEADING.exec(line);
  return heading === null
    ? paragraph(lines, at)
    : { block: { kind: "heading", inlines: inlines(heading[1] ?? "") }, next: at + 1 };
}

function fenced(lines: readonly string[], start: number): Taken {
  let end = start + 1;
  while (end < lines.length && !FENCE.test(lines[end] ?? "")) {
    end += 1;
  }
  return { block: { kind: "code", text: lines.slice(start + 1, end).join("\n") }, next: end + 1 };
}

function list(lines: readonly string[], start: number): Taken {
  const numbered = BULLET.exec(lines[start] ?? "")?.[2] !== undefined;
  const items: { nested: boolean; inlines: Inline[] }[] = [];
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const match = BULLET.exec(line);
    if (match !== null) {
      items.push({ nested: (match[1]?.length ?? 0) >= 2, inlines: inlines(match[3] ?? "") });
    } else if (/^\s+\S/.test(line)) {
      items.at(-1)?.inlines.push({ kind: "text", text: " " }, ...inlines(line.trim()));
    } else {
      break;
    }
  }
  return { block: { kind: "list", numbered, items }, next: at };
}

function paragraph(lines: readonly string[], start: number): Taken {
  let at = start;
  const words: string[] = [];
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line.trim() === "" || FENCE.test(line) || BULLET.test(line) || HEADING.test(line)) {
      break;
    }
    words.push(line.trim());
  }
  return { block: { kind: "paragraph", inlines: inlines(words.join(" ")) }, next: at };
}

function inlines(text: string): Inline[] {
  const found: Inline[] = [];
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, , code, strong] = match;
    if (match.index > done) {
      found.push({ kind: "text", text: text.slice(done, match.index) });
    }
    found.push(code === undefined ? { kind: "strong", text: strong ?? "" } : { kind: "code", text: code.trim() });
    done = match.index + whole.length;
  }
  if (done < text.length) {
    found.push({ kind: "text", text: text.slice(done) });
  }
  return found;
}
