/** The environment of Mirador's own, made by Pythons that are scripts. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Making,
  currentEnvironment,
  findPythons,
  isPackage,
  makeEnvironment,
  newEnough,
  pythonIn,
  removeEnvironments,
  tidy,
} from "../src/environment";
import { ProgramFailed, ProgramStopped } from "../src/programs";

const POSIX = { skip: process.platform === "win32" };
const FOREVER = new AbortController().signal;

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "mirador-unit-"));
  context.after(() => {
    rmSync(made, { recursive: true, force: true });
  });
  return made;
}

function script(file: string, lines: string): string {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A Python that makes environments whose Python writes down what it is asked, then does `then`. */
function maker(root: string, then: string): string {
  const inner = script(join(root, "inner"), `echo "$*" >> ${root}/asked\n${then}`);
  return script(
    join(root, "python3"),
    `case "$*" in *venv*) mkdir -p "$4/bin"; cp ${inner} "$4/bin/python";; *) echo 3.12.1; echo ${root}/python3;; esac`,
  );
}

function making(root: string, python: string, more: Partial<Making> = {}): Making {
  const nothing = (): void => undefined;
  const source = { what: "mirador-lsp", local: false };
  return { python, source, home: join(root, "home"), step: nothing, say: nothing, signal: FOREVER, ...more };
}

const WORKS = 'case "$*" in *--version) echo mirador 0.1.0;; esac';

test("the name of a package is nothing that pip could take for something else", () => {
  for (const name of ["mirador-lsp", "mirador_lsp==0.1.0", "m>=1.0"]) {
    assert.equal(isPackage(name), true, name);
  }
  for (const name of ["", "-r", "--index-url=x", "a b", "git+https://x", "./x", "a;b", "a==", "a,b"]) {
    assert.equal(isPackage(name), false, name);
  }
});

test("only a Python that Mirador runs on is offered", () => {
  assert.deepEqual(["3.10.9", "2.7.18", "3.11.0", "3.14.1", "4.0.0"].map(newEnough), [false, false, true, true, true]);
});

test("Pythons are looked for in absolute folders of the PATH alone, each is named once", POSIX, async (t) => {
  const root = folder(t);
  const python = maker(root, WORKS);
  script(join(root, "python3.9/python3"), "echo 3.9.2; echo /old");
  script(join(root, "broken/python"), "exit 1");
  const searched = [".", "", root, root, join(root, "python3.9"), join(root, "broken")].join(":");
  assert.deepEqual(await findPythons(searched, FOREVER), [{ command: python, version: "3.12.1" }]);
});

test("an environment is made by venv and pip, looked at, and found again", POSIX, async (t) => {
  const root = folder(t);
  const steps: string[] = [];
  const made = await makeEnvironment(making(root, maker(root, WORKS), { step: (words) => steps.push(words) }));
  assert.equal(await currentEnvironment(join(root, "home")), made);
  const asked = readFileSync(join(root, "asked"), "utf8").trim().split("\n");
  assert.deepEqual(asked, ["-I -m pip install -- mirador-lsp", "-P -m mirador_lsp --version"]);
  assert.equal(steps.length, 3);
});

test("a clone is installed with the versions that it names", POSIX, async (t) => {
  const root = folder(t);
  writeFileSync(join(root, "constraints.txt"), "");
  await makeEnvironment(making(root, maker(root, WORKS), { source: { what: root, local: true } }));
  const [pip] = readFileSync(join(root, "asked"), "utf8").split("\n");
  assert.equal(pip, `-I -m pip install -c ${root}/constraints.txt -- ${root}`);
});

test("of one that could not be made, or is not Mirador, nothing stays", POSIX, async (t) => {
  const root = folder(t);
  const home = join(root, "home");
  const fails = making(root, maker(root, "echo no such package >&2; exit 1"));
  await assert.rejects(makeEnvironment(fails), (error) => {
    assert.ok(error instanceof ProgramFailed);
    assert.equal(error.said.at(-1), "no such package");
    return true;
  });
  await assert.rejects(makeEnvironment(making(root, maker(root, "echo something else"))), /not Mirador/);
  assert.deepEqual(readdirSync(home), []);
  assert.equal(await currentEnvironment(home), undefined);
});

test("one that is given up is ended with its children, and nothing of it stays", POSIX, async (t) => {
  const root = folder(t);
  const stop = new AbortController();
  const python = maker(root, `(sleep 60 & echo $! > ${root}/child; wait)`);
  const say = (line: string): void => {
    if (line.includes("pip")) {
      const look = setInterval(() => {
        if (existsSync(join(root, "child")) && readFileSync(join(root, "child"), "utf8").trim()) {
          clearInterval(look);
          stop.abort();
        }
      }, 10);
    }
  };
  await assert.rejects(makeEnvironment(making(root, python, { say, signal: stop.signal })), ProgramStopped);
  assert.deepEqual(readdirSync(join(root, "home")), []);
  const child = Number(readFileSync(join(root, "child"), "utf8"));
  const gone = (): boolean => {
    try {
      process.kill(child, 0);
      return readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z");
    } catch {
      return true;
    }
  };
  for (const end = Date.now() + 20_000; !gone(); ) {
    assert.ok(Date.now() < end, "the child lives");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("ruins are removed, and what another window makes is not", POSIX, async (t) => {
  const home = join(folder(t), "home");
  const [day, dead] = [24 * 3600 * 1000, 2 ** 22 + 1];
  const add = (name: string, whole: boolean): string => {
    const made = join(home, name);
    script(pythonIn(made), "");
    if (whole) {
      writeFileSync(join(made, "mirador.json"), JSON.stringify({ made: "now" }));
    }
    return made;
  };
  add(`server-${dead}-1`, false);
  add(`server-${process.pid}-2`, false);
  add(`server-${dead}-3`, true);
  const latest = add(`server-${dead}-${day}`, true);
  add("of somebody else", false);
  assert.equal(await tidy(home, day + 10), 1);
  assert.equal(await currentEnvironment(home), latest);
  assert.equal(await tidy(home, 3 * day), 1);
  assert.deepEqual(readdirSync(home).sort(), ["of somebody else", `server-${process.pid}-2`, `server-${dead}-${day}`].sort());
  await removeEnvironments(home);
  assert.equal(existsSync(home), false);
});
