/** Where the server comes from, and what is said when it does not. */

import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Said, launch } from "../src/launch";
import { missing } from "../src/trouble";

const NOTHING: Said = { path: "", interpreter: "", environment: {}, own: undefined };

test("the path comes first, then the interpreter, then the own environment, then the PATH", () => {
  const all = { ...NOTHING, path: " ~/m/mirador ", interpreter: "/py", own: "/own/python" };
  assert.deepEqual(
    [all, { ...all, path: "" }, { ...all, path: "", interpreter: " " }, NOTHING].map((said) => {
      const { origin, command } = launch(said);
      return [origin, command];
    }),
    [
      ["path", join(homedir(), "m/mirador")],
      ["interpreter", "/py"],
      ["environment", "/own/python"],
      ["search", "mirador"],
    ],
  );
});

test("a Python never takes a module of the folder it stands in for Mirador", () => {
  assert.deepEqual(launch({ ...NOTHING, own: "/own/python" }).args, ["-P", "-m", "mirador_lsp"]);
});

test("each trouble names the setting at fault and offers what mends it", () => {
  const named = launch({ ...NOTHING, path: "/nowhere/mirador" });
  const absent = missing(named, Object.assign(new Error(), { code: "ENOENT" }), "");
  assert.match(absent.message, /“\/nowhere\/mirador” \(setting mirador\.path\) was not found/);
  assert.deepEqual(absent.offers[0], "setting");
  const python = launch({ ...NOTHING, interpreter: "/py" });
  assert.match(missing(python, new Error(), "No module named mirador_lsp").message, /has no Mirador/);
  assert.match(missing(python, new Error(), "Unknown option: -P\nusage").message, /older than 3\.11/);
  assert.match(missing(python, new Error(), "a\nlast words").message, /does not run: last words/);
  assert.match(missing(launch(NOTHING), undefined, "").message, /“mirador” is not Mirador/);
  assert.equal(missing(launch(NOTHING), undefined, "").offers.includes("environment"), true);
});
