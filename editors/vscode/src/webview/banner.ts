/** What is wrong, if anything, with what mends it. It stands above all tabs. */

import type { Action } from "../panel/messages";
import type { State } from "../panel/state";
import { button, el, say, set } from "./dom";
import type { Page, Part } from "./shared";

interface Words {
  readonly kind: "normal" | "warning" | "error";
  readonly message: string;
  readonly remedy: string;
  readonly actions: readonly Action[];
}

const BUTTONS: Partial<Readonly<Record<Action, string>>> = {
  mend: "What can be done…",
  restart: "Try again",
  settings: "Open the setting",
  log: "Show the log",
  doctor: "Doctor",
};

export class Banner implements Part {
  readonly root = el("div", { class: "banner", hidden: true });
  private readonly message = el("p", { role: "status" });
  private readonly remedy = el("p");
  private readonly buttons = el("p", { class: "buttons" });
  private shown = "";

  constructor(private readonly page: Page) {
    this.root.append(this.message, this.remedy, this.buttons);
  }

  update({ server, health }: State): void {
    const words = wordsFor(server, health);
    this.root.hidden = words === undefined;
    set(this.root, { "data-kind": words?.kind });
    say(this.message, words?.message ?? "");
    say(this.remedy, words?.remedy ?? "");
    const actions = words?.actions ?? [];
    if (actions.join() !== this.shown) {
      this.shown = actions.join();
      this.buttons.replaceChildren(
        ...actions.map((action) =>
          button(BUTTONS[action] ?? action, () => {
            this.page.tell({ kind: "act", action });
          }, { class: "secondary" }),
        ),
      );
    }
  }
}

function wordsFor(server: State["server"], health: State["health"]): Words | undefined {
  switch (server.condition) {
    case "starting":
      return { kind: "normal", message: "The server is starting…", remedy: "", actions: [] };
    case "stopped":
    case "missing": {
      const { message, remedy } = server;
      const actions: Action[] = ["mend", "restart", "settings", "log"];
      return { kind: "error", message: message || "The server does not run.", remedy, actions };
    }
    case "running": {
      const { kind, message, remedy } = health;
      return kind === "normal" ? undefined : { kind, message, remedy, actions: ["doctor", "log"] };
    }
  }
}
