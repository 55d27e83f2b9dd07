/** What all parts of the page have at hand. */

import type { Filters } from "../panel/findings";
import type { FromPanel, Tab } from "../panel/messages";
import type { State } from "../panel/state";

/** What the user chose on the page; it outlives the page. */
export interface Chosen {
  tab: Tab;
  filters: Filters;
  days: number;
  /** A question that was not sent yet. */
  draft: string;
}

export interface Page {
  readonly chosen: Chosen;
  tell(message: FromPanel): void;
  /** Something was chosen: it is kept, and shown. */
  choose(what: Partial<Chosen>): void;
  show(tab: Tab): void;
}

/** A part of the page. */
export interface Part {
  readonly root: HTMLElement;
  update(state: State, chosen: Chosen): void;
}
