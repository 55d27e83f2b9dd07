/** Nodes made and kept up to date. Text is always text: nothing here parses markup. */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Inside = Node | string;

export const SVG = "http://www.w3.org/2000/svg";

export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...inside: readonly Inside[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...inside);
  return made;
}

export function shape(name: string, attributes: Attributes = {}, ...inside: readonly Inside[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  made.append(...inside);
  return made;
}

/** Sets attributes; false and undefined take one away. */
export function set(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const wanted = value === true ? "" : value;
    if (wanted === false || wanted === undefined) {
      node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(wanted)) {
      node.setAttribute(name, String(wanted));
    }
  }
}

/** Sets the text unless it is there: a screen reader hears of no change where there is none. */
export function say(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

const KEYS = new WeakMap<Element, string>();

/**
 * Makes the children of `parent` those of `items`: nodes that are there are filled anew and keep
 * the focus, new ones are made, others are removed.
 */
export function keyed<T, E extends Element>(
  parent: Element,
  items: readonly T[],
  key: (item: T) => string,
  make: (item: T) => E,
  fill: (node: E, item: T, at: number) => void,
): void {
  const there = new Map<string, E>();
  for (const child of parent.children) {
    const name = KEYS.get(child);
    if (name !== undefined) {
      there.set(name, child as E);
    }
  }
  const wanted = new Set(items.map(key));
  for (const [name, child] of there) {
    if (!wanted.has(name)) {
      child.remove();
    }
  }
  let before: Element | null = parent.firstElementChild;
  items.forEach((item, at) => {
    const name = key(item);
    const node = there.get(name) ?? make(item);
    KEYS.set(node, name);
    if (node === before) {
      before = node.nextElementSibling;
    } else {
      parent.insertBefore(node, before);
    }
    fill(node, item, at);
  });
}

export function option(value: string, text: string): HTMLOptionElement {
  return el("option", { value }, text);
}
