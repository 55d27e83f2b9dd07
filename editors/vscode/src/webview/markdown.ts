/**
 * The little Markdown that answers may hold, as nodes: paragraphs, lists, code spans, fenced code,
 * emphasis of whole words. A model's text is never parsed as HTML, and a link stays the text it is.
 */

const FENCE = /^\s*(```|~~~)/;
const BULLET = /^(\s*)(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const INLINE = /(`+)(.+?)\1(?!`)|\*\*([^*\s](?:[^*]*[^*\s])?)\*\*/g;

/** Nodes for `text`. Unfinished text, as it is while it streams, gives what there is so far. */
export function render(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (FENCE.test(line)) {
      at = fenced(lines, at, out);
    } else if (BULLET.test(line)) {
      at = list(lines, at, out);
    } else if (line.trim() === "") {
      at += 1;
    } else {
      at = paragraph(lines, at, out);
    }
  }
  return out;
}

function fenced(lines: string[], start: number, out: ParentNode): number {
  let at = start + 1;
  const code: string[] = [];
  while (at < lines.length && !FENCE.test(lines[at] ?? "")) {
    code.push(lines[at] ?? "");
    at += 1;
  }
  const block = element("pre");
  block.append(element("code", code.join("\n")));
  out.append(block);
  return at + 1;
}

function list(lines: string[], start: number, out: ParentNode): number {
  const numbered = BULLET.exec(lines[start] ?? "")?.[2] !== undefined;
  const holder = element(numbered ? "ol" : "ul");
  let at = start;
  let item: HTMLElement | undefined;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const match = BULLET.exec(line);
    if (match !== null) {
      item = element("li");
      if ((match[1]?.length ?? 0) >= 2) {
        item.classList.add("nested");
      }
      inline(match[3] ?? "", item);
      holder.append(item);
    } else if (item !== undefined && /^\s+\S/.test(line)) {
      item.append(" ");
      inline(line.trim(), item);
    } else {
      break;
    }
    at += 1;
  }
  out.append(holder);
  return at;
}

function paragraph(lines: string[], start: number, out: ParentNode): number {
  const heading = HEADING.exec(lines[start] ?? "");
  if (heading !== null) {
    const strong = element("p");
    strong.classList.add("heading");
    inline(heading[1] ?? "", strong);
    out.append(strong);
    return start + 1;
  }
  let at = start;
  const words: string[] = [];
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "" || FENCE.test(line) || BULLET.test(line) || HEADING.test(line)) {
      break;
    }
    words.push(line.trim());
    at += 1;
  }
  const block = element("p");
  inline(words.join(" "), block);
  out.append(block);
  return at;
}

function inline(text: string, into: ParentNode): void {
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    into.append(text.slice(done, match.index));
    const [whole, , code, strong] = match;
    into.append(code === undefined ? element("strong", strong ?? "") : element("code", code.trim()));
    done = match.index + whole.length;
  }
  into.append(text.slice(done));
}

export function element(name: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}
