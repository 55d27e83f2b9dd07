/** Looks at the server before it is started: is it there, does it run, is it Mirador? */

import { execFile } from "node:child_process";
import { homedir } from "node:os";
import type { Launch } from "./launch";
import { type Trouble, missing } from "./trouble";

const CHECK_MS = 30_000;

/** What is wrong with it; undefined when nothing is. */
export async function check(how: Launch): Promise<Trouble | undefined> {
  const options = { timeout: CHECK_MS, cwd: homedir(), env: { ...process.env, ...how.environment } };
  return new Promise((resolve) => {
    execFile(how.command, [...how.args, "--version"], options, (error, output, errors) => {
      const well = error === null && /^mirador \d/.test(output);
      resolve(well ? undefined : missing(how, error ?? undefined, errors));
    });
  });
}
