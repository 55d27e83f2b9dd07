/**
 * An environment of Mirador's own: a Python environment in the extension's storage with Mirador in
 * it. Nothing here asks the user; `features/environment.ts` does, and calls this after a yes.
 *
 * An environment counts once its note lies in it, which is written last. What has no note and is
 * made by no living process is a ruin, and is removed.
 */

import { access, constants, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type Program, ProgramFailed, runProgram } from "./programs";

/** The oldest Python that Mirador runs on. */
export const OLDEST: readonly [number, number] = [3, 11];

const NOTE = "mirador.json";
const NAME = /^server-(\d+)-(\d+)$/;
/** A window may still run its server from the environment before this one. */
const SPARED_MS = 24 * 3600 * 1000;
const NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];
const FACTS = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";

export interface Python {
  readonly command: string;
  readonly version: string;
}

/** What `pip` is to install: a package's name, or a wheel or folder on this machine. */
export interface Source {
  readonly what: string;
  readonly local: boolean;
}

export interface Making {
  readonly python: string;
  readonly source: Source;
  /** The folder of all environments. */
  readonly home: string;
  /** Told which step begins. */
  readonly step: (words: string) => void;
  /** Told each line that `venv` and `pip` write. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The name of a package, with a version if wanted; nothing that `pip` could take for an option. */
export function isPackage(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*(?:(?:==|~=|>=)[A-Za-z0-9.*+!_-]+)?$/.test(name);
}

/** Every Python in the PATH that is new enough, each once, in the order of preference. */
export async function findPythons(
  searched: string | undefined,
  signal: AbortSignal,
  platform: NodeJS.Platform = process.platform,
): Promise<Python[]> {
  const found = new Map<string, Python>();
  for (const command of await candidates(searched ?? "", platform)) {
    const python = await look(command, signal);
    if (python !== undefined && newEnough(python.version)) {
      found.set(python.command, found.get(python.command) ?? python);
    }
  }
  return [...found.values()];
}

/** What this Python is; undefined when it is none. It loads nothing from where it stands. */
export async function look(command: string, signal: AbortSignal): Promise<Python | undefined> {
  try {
    const said = await runProgram({ command, args: ["-I", "-c", FACTS] }, () => undefined, signal);
    const [version = "", executable = ""] = said.trim().split(/\r?\n/);
    return /^\d+\.\d+\.\d+$/.test(version) ? { command: executable || command, version } : undefined;
  } catch (error) {
    if (error instanceof ProgramFailed) {
      return undefined;
    }
    throw error;
  }
}

export function newEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The environment's Python. */
export function pythonIn(folder: string, platform: NodeJS.Platform = process.platform): string {
  return platform === "win32"
    ? path.join(folder, "Scripts", "python.exe")
    : path.join(folder, "bin", "python");
}

/**
 * Makes one and returns its folder. When that fails or is stopped, nothing of it stays.
 *
 * Throws what `runProgram` throws.
 */
export async function makeEnvironment(making: Making): Promise<string> {
  const { python, source, home, step, say, signal } = making;
  const folder = path.join(home, `server-${process.pid}-${Date.now()}`);
  const own = pythonIn(folder);
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    say(`$ ${[command, ...args].join(" ")}`);
    return runProgram({ command, args, environment: QUIET }, say, signal);
  };
  await mkdir(home, { recursive: true });
  try {
    step("Making an environment…");
    await run(python, ["-I", "-m", "venv", folder]);
    step(`Installing ${source.what}…`);
    const pinned = await constraints(source);
    await run(own, ["-I", "-m", "pip", "install", ...pinned, "--", source.what]);
    step("Looking whether it runs…");
    await check({ command: own, args: ["-P", "-m", "mirador_lsp", "--version"] }, say, signal);
    const note = { source: source.what, python, made: new Date().toISOString() };
    await writeFile(path.join(folder, NOTE), `${JSON.stringify(note, null, 2)}\n`);
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}

/** The latest one that is whole, if there is any. */
export async function currentEnvironment(home: string): Promise<string | undefined> {
  const whole = (await all(home)).filter((one) => one.made !== undefined);
  return whole.sort((a, b) => b.begun - a.begun)[0]?.folder;
}

/** The Python of the latest one that is whole. */
export async function currentPython(home: string): Promise<string | undefined> {
  const folder = await currentEnvironment(home);
  return folder && pythonIn(folder);
}

/** Removes ruins, and those that a later one has replaced for a day. Returns how many. */
export async function tidy(home: string, now = Date.now()): Promise<number> {
  const found = await all(home);
  const latest = Math.max(0, ...found.filter((one) => one.made !== undefined).map((one) => one.begun));
  const gone = found.filter((one) =>
    one.made === undefined ? !lives(one.pid) : one.begun < latest && now - latest > SPARED_MS,
  );
  for (const { folder } of gone) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return gone.length;
}

/** Removes them all. */
export async function removeEnvironments(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}

const QUIET = { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", PIP_PROGRESS_BAR: "off" };

interface Found {
  readonly folder: string;
  readonly pid: number;
  readonly begun: number;
  /** When it was whole; undefined while it is not. */
  readonly made: string | undefined;
}

async function all(home: string): Promise<Found[]> {
  const names = await readdir(home).catch(() => []);
  const found = names.flatMap((name) => {
    const [, pid, begun] = NAME.exec(name) ?? [];
    return pid && begun ? [{ folder: path.join(home, name), pid: Number(pid), begun: Number(begun) }] : [];
  });
  return Promise.all(found.map(async (one) => ({ ...one, made: await made(one.folder) })));
}

async function made(folder: string): Promise<string | undefined> {
  try {
    const note = JSON.parse(await readFile(path.join(folder, NOTE), "utf8")) as { made?: unknown };
    await access(pythonIn(folder), constants.X_OK);
    return typeof note.made === "string" ? note.made : undefined;
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A clone of Mirador says which versions it was tested with. */
async function constraints({ what, local }: Source): Promise<string[]> {
  const file = path.join(what, "constraints.txt");
  const there = local && (await stat(file).then((facts) => facts.isFile()).catch(() => false));
  return there ? ["-c", file] : [];
}

async function check(program: Program, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const said = await runProgram(program, say, signal);
  if (!/^mirador \d/.test(said)) {
    throw new ProgramFailed(program, "it is not Mirador", said.trim().split("\n"));
  }
}

async function candidates(searched: string, platform: NodeJS.Platform): Promise<string[]> {
  const windows = platform === "win32";
  // A folder that is not absolute would be the workspace's.
  const folders = searched.split(windows ? ";" : ":").filter((folder) => path.isAbsolute(folder));
  const found: string[] = [];
  for (const name of windows ? ["python.exe"] : NAMES) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (await access(file, constants.X_OK).then(() => true, () => false)) {
        found.push(file);
      }
    }
  }
  return found;
}
