"""Data that goes through several files of a workspace."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mirador_lsp.analysis.flow.contract import Budget
from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.analysis.flow.neighbours import Bounds, Neighbours
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.ports import Analysis
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.syntax.parser import parse

AMPLE = Budget(steps=1_000_000, seconds=60)
Look = Callable[..., Analysis]


@pytest.fixture
def look_at(tmp_path: Path) -> Look:
    """Write files and analyse the first of them."""

    def look_at(files: Mapping[str, str], bounds: Bounds | None = None) -> Analysis:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        own = next(iter(files))
        parsed = parse(files[own], language_of(own), budget_seconds=30)
        assert not parsed.broken
        ample = bounds or Bounds(seconds=60)
        return look(parsed, AMPLE, Neighbours(tmp_path, own, bounds=ample))

    return look_at


def way(finding: Finding) -> list[str]:
    """The files that a finding's data goes through; "" is the analysed one."""
    names = [station.name for station in finding.stations]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


RUN = "import os\n\ndef run(command):\n    os.system('ls ' + command)\n"
ASK = "from flask import request\n\ndef ask():\n    return request.args['q']\n"
HEAD = "from flask import request\n"
CALL = "\n\ndef view():\n    {}(request.args['q'])\n"

PYTHON = {
    "a sibling": ({"app.py": HEAD + "import lib" + CALL.format("lib.run"), "lib.py": RUN}),
    "a name of it": (
        {"app.py": HEAD + "from lib import run as go" + CALL.format("go"), "lib.py": RUN}
    ),
    "by another name": ({"app.py": HEAD + "import lib as l" + CALL.format("l.run"), "lib.py": RUN}),
    "all of it": ({"app.py": HEAD + "from lib import *" + CALL.format("run"), "lib.py": RUN}),
    "relative": (
        {
            "p/app.py": HEAD + "from .lib import run" + CALL.format("run"),
            "p/lib.py": RUN,
            "p/__init__.py": "",
        }
    ),
    "a module, relative": (
        {"p/app.py": HEAD + "from . import lib" + CALL.format("lib.run"), "p/lib.py": RUN}
    ),
    "from above": (
        {
            "p/q/app.py": HEAD + "from ..lib import run" + CALL.format("run"),
            "p/__init__.py": "",
            "p/q/__init__.py": "",
            "p/lib.py": RUN,
        }
    ),
    "dotted": (
        {
            "app.py": HEAD + "import p.q.lib" + CALL.format("p.q.lib.run"),
            "p/__init__.py": "",
            "p/q/__init__.py": "",
            "p/q/lib.py": RUN,
        }
    ),
    "a package that does not say so": (
        {"app.py": HEAD + "from p import lib" + CALL.format("lib.run"), "p/lib.py": RUN}
    ),
    "passed on by a package": (
        {
            "app.py": HEAD + "from p import run" + CALL.format("run"),
            "p/__init__.py": "from .lib import run",
            "p/lib.py": RUN,
        }
    ),
    "passed on by a package as an attribute": (
        {
            "app.py": HEAD + "import p" + CALL.format("p.go"),
            "p/__init__.py": "from .lib import run as go",
            "p/lib.py": RUN,
        }
    ),
    "in src": (
        {
            "tests/app.py": HEAD + "from p.lib import run" + CALL.format("run"),
            "src/p/lib.py": RUN,
        }
    ),
    "from the root of its own package": (
        {
            "src/p/q/app.py": HEAD + "from p.lib import run" + CALL.format("run"),
            "src/p/__init__.py": "",
            "src/p/q/__init__.py": "",
            "src/p/lib.py": RUN,
        }
    ),
    "a method": (
        {
            "app.py": HEAD + "from lib import A" + CALL.format("A('ls').run"),
            "lib.py": "import os\nclass A:\n    def __init__(self, a):\n        self.a = a\n"
            "    def run(self, b):\n        os.system(self.a + b)\n",
        }
    ),
    "an inherited method": (
        {
            "app.py": HEAD + "import lib\nclass B(lib.A): pass" + CALL.format("B().run"),
            "lib.py": "import os\nclass A:\n    def run(self, b):\n        os.system(b)\n",
        }
    ),
    "imported within the function": (
        {
            "app.py": HEAD + "def view():\n    from lib import run\n    run(request.args['q'])\n",
            "lib.py": RUN,
        }
    ),
    "two files on": (
        {
            "app.py": HEAD + "import one" + CALL.format("one.go"),
            "one.py": "import lib\ndef go(a):\n    lib.run(a)\n",
            "lib.py": RUN,
        }
    ),
    "files that import each other": (
        {
            "app.py": HEAD + "import lib\nNAME = 'ls '" + CALL.format("lib.run"),
            "lib.py": "import app, os\ndef run(a):\n    os.system(app.NAME + a)\n",
        }
    ),
}


@pytest.mark.parametrize("files", PYTHON.values(), ids=PYTHON)
def test_python_is_followed_into_what_it_imports(look_at: Look, files: dict[str, str]) -> None:
    """What surely comes from outside and does harm in another file is told at the call that leads
    there, and the harm is named as the last station.
    """
    own = next(iter(files))
    analysis = look_at(files)
    (finding,) = analysis.findings
    assert finding.rule == "flow/command-injection"
    assert "request.args['q'])" in finding.quote
    assert finding.stations[0].name == ""
    sink = finding.stations[-1]
    assert sink.name.endswith("lib.py")
    assert sink.name in finding.message
    assert "os.system" in sink.quote
    assert files[sink.name].splitlines()[sink.line].strip() == sink.quote
    assert own not in way(finding)
    assert analysis.notices == ()


def test_what_an_imported_function_brings_is_a_source(look_at: Look) -> None:
    """The source is in the other file, the harm in the reviewed one."""
    files = {"app.py": "import os, ask\n\n\ndef go():\n    os.system(ask.ask())\n", "ask.py": ASK}
    (finding,) = look_at(files).findings
    assert way(finding) == ["ask.py", ""]
    assert finding.stations[0].line == 3
    assert "request.args" in finding.stations[0].quote


def test_a_file_may_only_bring_two_others_together(look_at: Look) -> None:
    """Source and harm are elsewhere, and neither is told there: here they meet."""
    app = "import ask, lib\n\n\ndef go():\n    lib.run(ask.ask())\n"
    (finding,) = look_at({"app.py": app, "ask.py": ASK, "lib.py": RUN}).findings
    assert way(finding) == ["ask.py", "", "lib.py"]


def test_what_happens_in_another_file_alone_is_told_there(look_at: Look) -> None:
    """A call into a file that does harm by itself is not at fault."""
    other = f"{ASK}\nimport os\ndef both():\n    os.system(ask())\n"
    assert not look_at({"app.py": "import lib\nlib.both()\n", "lib.py": other}).findings


def test_what_may_come_from_outside_is_told_where_it_does_harm(look_at: Look) -> None:
    """The parameter of the other function is told there; each caller would say the same again."""
    files = {"app.py": "import lib\ndef go(a):\n    lib.run(a)\n", "lib.py": RUN}
    assert not look_at(files).findings


def test_what_another_file_cleans_is_clean(look_at: Look) -> None:
    """And what it gives back unchanged is not."""
    lib = "import shlex\ndef clean(a):\n    return shlex.quote(a)\ndef same(a):\n    return a\n"
    app = "import os, sys, lib\nos.system('ls ' + lib.{}(sys.argv[1]))\n"
    assert not look_at({"app.py": app.format("clean"), "lib.py": lib}).findings
    assert len(look_at({"app.py": app.format("same"), "lib.py": lib}).findings) == 1


def test_a_library_that_is_known_is_the_library(look_at: Look) -> None:
    """Whatever a file of the workspace is called."""
    files = {
        "app.py": "import os\nfrom flask import request\nos.system(request.args['q'])\n",
        "flask/__init__.py": "request = None\n",
    }
    assert len(look_at(files).findings) == 1


SERVER = """const app = require('express')();
{}
app.get('/', (req, res) => {{ {}; }});
"""
CP = "const cp = require('child_process');\n"
JAVASCRIPT = [
    ("const {go} = require('./a')", "go(req.query.q)", "module.exports = { go(c) { cp.exec(c) } }"),
    ("const a = require('./a')", "a.go(req.query.q)", "exports.go = c => cp.exec(c)"),
    ("const a = require('./a.js')", "a.go(req.query.q)", "exports.go = c => cp.exec(c)"),
    ("const go = require('./a').go", "go(req.query.q)", "exports.go = c => cp.exec(c)"),
    ("", "require('./a').go(req.query.q)", "exports.go = c => cp.exec(c)"),
    ("const go = require('./a')", "go(req.query.q)", "module.exports = c => cp.exec(c)"),
    ("import go from './a'", "go(req.query.q)", "export default function (c) { cp.exec(c) }"),
    ("import go from './a'", "go(req.query.q)", "module.exports = c => cp.exec(c)"),
    ("import {b} from './a'", "b(req.query.q)", "export { g as b }; function g(c) { cp.exec(c) }"),
    ("import * as a from './a'", "a.go(req.query.q)", "export const go = c => cp.exec(c)"),
    ("import * as a from './b'", "a.go(req.query.q)", "export const go = c => cp.exec(c)"),
    ("import {go} from './b'", "go(req.query.q)", "export const go = c => cp.exec(c)"),
    ("import {go} from './c'", "go(req.query.q)", "export const go = c => cp.exec(c)"),
    ("import {go} from './d'", "go(req.query.q)", "export const go = c => cp.exec(c)"),
    (
        "import {A} from './a'",
        "new A(req.query.q).go()",
        "export class A { constructor(c) { this.c = c } go() { cp.exec(this.c) } }",
    ),
]


@pytest.mark.parametrize(("imported", "called", "other"), JAVASCRIPT)
def test_javascript_is_followed_into_what_it_imports(
    look_at: Look, imported: str, called: str, other: str
) -> None:
    """In every way to import and export, also where files pass each other on."""
    files = {
        "app.js": SERVER.format(imported, called),
        "a.js": f"{CP}{other}",
        "b.js": "export * from './e'; export * from './a'",
        "c/index.js": "export { go } from '../a'",
        "d.js": "import { go } from './a'; export { go }",
        "e.js": "export * from './b'; export const other = 1",
    }
    (finding,) = look_at(files).findings
    assert finding.rule == "flow/command-injection"
    assert way(finding) == ["", "a.js"]


PATHS = {
    "a path of tsconfig": (
        "@/lib/a",
        '{ // ours\n "compilerOptions": { "paths": { "@/*": ["./src/*"], }, } }',
    ),
    "an exact one": ("lib", '{"compilerOptions": {"paths": {"lib": ["src/lib/a.ts"]}}}'),
    "one from the base": (
        "lib/a",
        '{"compilerOptions": {"baseUrl": "./src", "paths": {"x": ["y"]}}}',
    ),
}


@pytest.mark.parametrize(("module", "config"), PATHS.values(), ids=PATHS)
def test_paths_of_the_configuration_are_followed(look_at: Look, module: str, config: str) -> None:
    """Comments and commas at the end included."""
    files = {
        "src/app/main.ts": "import * as express from 'express';\n"
        f"import {{ go }} from '{module}';\n"
        "express().get('/', (req: any, res: any) => { go(req.query.q); });\n",
        "src/lib/a.ts": "import * as cp from 'child_process';\n"
        "export function go(c: string) { cp.exec(c); }\n",
        "tsconfig.json": config,
    }
    (finding,) = look_at(files).findings
    assert way(finding) == ["", "src/lib/a.ts"]


def test_a_script_is_written_as_it_will_be_called(look_at: Look) -> None:
    """TypeScript imports `./a.js` and has `a.ts`."""
    files = {
        "app.ts": SERVER.format("import { go } from './a.js';", "go(req.query.q)"),
        "a.ts": "import * as cp from 'child_process';\nexport const go = (c: string) => cp.exec(c)",
    }
    assert len(look_at(files).findings) == 1


@pytest.mark.parametrize("folder", ["node_modules", "site-packages"])
def test_what_was_installed_is_not_read(look_at: Look, folder: str) -> None:
    """It is a library, whatever leads there."""
    files = {
        "app.js": SERVER.format(f"const a = require('./{folder}/a')", "a(req.query.q)"),
        f"{folder}/a.js": f"{CP}module.exports = c => cp.exec(c)",
    }
    assert not look_at(files).findings


def test_nothing_outside_the_workspace_is_read(look_at: Look, tmp_path: Path) -> None:
    """Neither by dots nor by links; what is no file is not read either."""
    inside = tmp_path / "workspace"
    inside.mkdir()
    (tmp_path / "lib.py").write_text(RUN, "utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/lib.py").write_text(RUN, "utf-8")
    (inside / "linked.py").symlink_to(tmp_path / "lib.py")
    (inside / "also").symlink_to(tmp_path / "folder")
    os.mkfifo(inside / "pipe.py")
    near = Neighbours(inside, "p/app.py")
    for module in ("linked", "also.lib", "pipe", "...lib", "..", "...", "a/b", "x" * 5000):
        assert near.find(module, "") is None, module
    near = Neighbours(inside, "p/app.js")
    for module in ("../../lib", "/etc/passwd", "../linked.py", "./\0", "file:///etc/passwd"):
        assert near.find(module, "") is None, module


def test_what_is_too_much_is_told(look_at: Look) -> None:
    """And counts as a library does: what goes through it is guessed."""
    app = "import os, sys, one, two\nos.system(one.same(sys.argv[1]))\ntwo.same(1)\n"
    same = "def same(a):\n    return a\n"
    files = {"app.py": app, "one.py": same, "two.py": same}
    whole = look_at(files)
    assert whole.notices == ()
    for bounds in (Bounds(files=1), Bounds(bytes=40), Bounds(largest=20), Bounds(depth=0)):
        cut = look_at(files, bounds)
        assert [finding.rule for finding in cut.findings] == ["flow/command-injection"]
        (notice,) = cut.notices
        assert "not looked into" in notice.message


def test_files_around_are_given_a_share_of_the_steps(tmp_path: Path) -> None:
    """A function that takes too long elsewhere is guessed, and the file itself is followed to its
    end.
    """
    long = "".join(f"    a = a + str({n})\n" for n in range(400))
    (tmp_path / "lib.py").write_text(f"def go(a):\n{long}    return a\n", "utf-8")
    text = "import os, sys, lib\nb = lib.go(sys.argv[1])\nos.system(b)\n"
    parsed = parse(text, "python", budget_seconds=30)
    budget = Budget(seconds=60, call=300)
    analysis = look(parsed, budget, Neighbours(tmp_path, "app.py"))
    (finding,) = analysis.findings
    assert finding.rule == "flow/command-injection"
    (notice,) = analysis.notices
    assert notice.message == "1 function of imported files took too long to be followed to the end."


def test_a_file_that_is_broken_or_hostile_breaks_nothing(look_at: Look) -> None:
    """What it is worth is not known then."""
    others = {
        "one.py": "def same(a:\n  return (((",
        "two.py": "raise SystemExit\n",
        "three.py": "while True:\n    pass\n",
        "four.py": "import four\nfrom four import same\nfrom five import *\n",
        "five.py": "from four import *\n",
    }
    calls = "".join(f"os.system({name[:-3]}.same(sys.argv[1]))\n" for name in others)
    app = f"import os, sys, one, two, three, four, five\n{calls}"
    found = look_at({"app.py": app, **others}).findings
    assert {finding.rule for finding in found} == {"flow/command-injection"}
