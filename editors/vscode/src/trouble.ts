/** Why there is no server, in one sentence, and what mends it. */

import type { Launch } from "./launch";

/** What the user can do about it; each is a button of the message. */
export type Offer = "environment" | "interpreter" | "setting" | "log" | "again";

export interface Trouble {
  readonly message: string;
  readonly remedy: string;
  readonly offers: readonly Offer[];
}

/** Why `--version` did not say that this is Mirador. */
export function missing(how: Launch, error: Error | undefined, errors: string): Trouble {
  const shown = `“${[how.command, ...how.args].join(" ")}”`;
  const where = how.setting === undefined ? "" : ` (setting ${how.setting})`;
  const remedy = REMEDIES[how.origin];
  const offers = OFFERS[how.origin];
  if (error === undefined) {
    return { message: `${shown}${where} is not Mirador.`, remedy, offers };
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "EACCES") {
    const why = code === "ENOENT" ? "was not found" : "may not be run";
    return { message: `Mirador's server ${shown}${where} ${why}.`, remedy, offers };
  }
  if (errors.includes("Unknown option")) {
    return { message: `The Python ${shown}${where} is older than 3.11.`, remedy, offers };
  }
  if (errors.includes("No module named")) {
    return { message: `The Python ${shown}${where} has no Mirador.`, remedy, offers };
  }
  const last = errors.trim().split("\n").at(-1) ?? "";
  return { message: `Mirador's server ${shown}${where} does not run: ${last}`, remedy, offers };
}

/** It ended before it had answered `initialize`. */
export const UNREADY: Trouble = {
  message: "Mirador's server ended before it was ready.",
  remedy: "Its log, under Mirador in the Output panel, says why.",
  offers: ["log", "again", "environment"],
};

/** It ran, and ended more often than it is started again by itself. */
export const ENDED: Trouble = {
  message: "Mirador's server ended by itself again and again, so it is not started any more.",
  remedy: "Its log says why.",
  offers: ["log", "again", "environment"],
};

/** Nobody has started it, or it was stopped. */
export const STOPPED: Trouble = {
  message: "Mirador's server does not run.",
  remedy: "Try again, or look into its log.",
  offers: ["again", "log"],
};

const REMEDIES: Readonly<Record<Launch["origin"], string>> = {
  path: "Correct the setting, or let Mirador make an environment of its own.",
  interpreter: "Choose a Python that has Mirador, or let Mirador make an environment of its own.",
  environment: "Let Mirador make its environment anew.",
  search: "Let Mirador make an environment of its own, or say in the settings where it is (mirador.path).",
};
const OFFERS: Readonly<Record<Launch["origin"], readonly Offer[]>> = {
  path: ["setting", "environment", "interpreter", "log"],
  interpreter: ["interpreter", "environment", "setting", "log"],
  environment: ["environment", "interpreter", "log", "again"],
  search: ["environment", "interpreter", "setting", "log"],
};
