/** How the server is started: what was said, turned into a program. */

import * as os from "node:os";
import * as path from "node:path";

export interface Launch {
  readonly command: string;
  /** Come before `serve`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where the command comes from. */
  readonly origin: "path" | "interpreter" | "environment" | "search";
  /** The setting that says so, if one does. */
  readonly setting?: string;
}

export interface Said {
  readonly path: string;
  readonly interpreter: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The Python of the environment that Mirador made for itself, if it did. */
  readonly own: string | undefined;
}

/** Without `-P` a folder `mirador_lsp` in the workspace would be run in the place of ours. */
const AS_MODULE = ["-P", "-m", "mirador_lsp"];

/** The path, else a Python that has it, else the environment of its own, else what the PATH finds. */
export function launch(said: Said): Launch {
  const { environment } = said;
  const executable = said.path.trim();
  if (executable) {
    return { command: expand(executable), args: [], environment, origin: "path", setting: "mirador.path" };
  }
  const interpreter = said.interpreter.trim();
  if (interpreter) {
    const setting = "mirador.interpreter";
    return { command: expand(interpreter), args: AS_MODULE, environment, origin: "interpreter", setting };
  }
  if (said.own !== undefined) {
    return { command: said.own, args: AS_MODULE, environment, origin: "environment" };
  }
  return { command: "mirador", args: [], environment, origin: "search" };
}

function expand(file: string): string {
  return file.startsWith("~/") ? path.join(os.homedir(), file.slice(2)) : file;
}
