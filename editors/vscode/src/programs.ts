/** Runs other programs: what they write, line by line, and an end that takes their children along. */

import { type ChildProcess, spawn } from "node:child_process";
import { homedir } from "node:os";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** It ended, but not well. */
export class ProgramFailed extends Error {
  constructor(
    readonly program: Program,
    /** What the system says of it, or its exit code in words. */
    readonly reason: string,
    /** The last lines it wrote. */
    readonly said: readonly string[],
  ) {
    super([`“${shown(program)}” failed: ${reason}`, said.at(-1) ?? ""].filter(Boolean).join(": "));
  }
}

/** It was ended, because nobody wants it any more. */
export class ProgramStopped extends Error {}

const KEPT_LINES = 20;
const GRACE_MS = 3000;

export function shown({ command, args }: Program): string {
  return [command, ...args].join(" ");
}

/**
 * Runs it to its end and returns what it wrote to its standard output. It runs in the
 * user's home, never in a workspace: what lies there may bear the name of something it loads.
 *
 * Throws `ProgramStopped` after `signal`, once it and its children are gone, else `ProgramFailed`
 * when it does not run or says that it failed.
 */
export async function runProgram(
  program: Program,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted) {
    throw new ProgramStopped();
  }
  const child = spawn(program.command, program.args, {
    cwd: homedir(),
    env: { ...process.env, ...program.environment },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all of it can be ended.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const tail: string[] = [];
  const heard = (line: string): void => {
    tail.push(line);
    tail.splice(0, tail.length - KEPT_LINES);
    say(line);
  };
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  lines(child.stdout, heard);
  lines(child.stderr.setEncoding("utf8"), heard);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    endAll(child);
  };
  const wasStopped = (): boolean => stopped;
  signal.addEventListener("abort", stop, { once: true });
  try {
    const reason = await ended(child);
    if (wasStopped()) {
      throw new ProgramStopped();
    }
    if (reason !== "") {
      throw new ProgramFailed(program, reason, tail);
    }
    return output;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** "" when it went well, else what went wrong. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    child.once("close", (code, name) => {
      resolve(code === 0 ? "" : code === null ? `ended by ${name ?? "a signal"}` : `exit code ${code}`);
    });
  });
}

function lines(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let rest = "";
  stream.on("data", (text: string) => {
    const found = (rest + text).split(/\r\n|\r|\n/);
    rest = found.pop() ?? "";
    found.filter(Boolean).forEach(hear);
  });
  stream.on("end", () => {
    if (rest) {
      hear(rest);
    }
  });
}

function endAll(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore", windowsHide: true });
    return;
  }
  const send = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // It is gone by itself.
    }
  };
  send("SIGTERM");
  const hard = setTimeout(() => {
    send("SIGKILL");
  }, GRACE_MS);
  child.once("close", () => {
    clearTimeout(hard);
  });
}
