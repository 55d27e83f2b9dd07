"""Bad input of every kind against the real command and the real server: nothing crashes or hangs,
what is left out is said, and what comes out is plain.
"""

import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote_to_bytes

import pytest
from markdown_it import MarkdownIt

from fakes.folders import own_folders
from fakes.hostile import FORBIDDEN, HOSTILE
from fakes.session import SERVE
from fakes.wire import Wire, over_pipes, process

SYNTAX = Path(__file__).parent.parent / "fixtures" / "bad" / "syntax"
CODE = "def ratio(values):\n    return eval(values) / len(values)\n"
QUOTE = "return eval(values) / len(values)"
SAYS = f"- bug: One thing is wrong with this. Code: `{QUOTE}`"
INSTANT = ("--stages", "instant")
FORMATS = ("text", "json", "sarif", "markdown")


class Desk:
    """A folder to review, a script for the model, and the command in an environment of its own."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self._script = root / "script.toml"
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(root),
            **own_folders(root / "own"),
            "MIRADOR_ENGINE_BACKEND": "scripted",
            "MIRADOR_ENGINE_SCRIPT": str(self._script),
        }
        self.script()

    def script(self, *replies: str, head: str = "") -> None:
        """Say what the model says."""
        tables = "".join(f"[[reply]]\n{reply}\n" for reply in replies)
        model = '[[model]]\nname = "qwen2.5-coder-0.5b"\n'
        self._script.write_text(f"{head}\n{model}{tables}", "utf-8")

    def write(self, name: str | bytes, content: str | bytes = CODE) -> Path:
        """Put a file into the folder."""
        path = self.folder / os.fsdecode(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
        """Start the command in the folder."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": self.env} | options
        command = [sys.executable, "-P", "-m", "mirador_lsp", *arguments]
        return subprocess.Popen(command, cwd=self.folder, **options)

    def mirador(self, *arguments: str, stdin: bytes = b"", **env: str) -> "Ended":
        """Run the command to its end."""
        with self.start(*arguments, stdin=subprocess.PIPE, env=self.env | env) as child:
            out, err = child.communicate(stdin, timeout=60)
        return Ended(child.returncode, out, err)

    def review(self, *arguments: str, **env: str) -> dict[str, Any]:
        """The JSON report of a review, whose exit code it agrees with."""
        ended = self.mirador("review", "--format", "json", *arguments, **env)
        assert ended.out, ended.err
        report: dict[str, Any] = json.loads(ended.out)
        assert report["exit_code"] == ended.code
        return report


class Ended:
    """What a command left behind. What it wrote must be plain."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code = code
        self.out = plain(out)
        self.err = plain(err)
        assert "Traceback" not in self.err


def plain(written: bytes) -> str:
    """The text, which must hold no control, bidi or invisible characters but line ends."""
    text = written.decode()
    bad = {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"}}
    assert not bad
    return text


def assert_plain(value: object) -> None:
    """Every text in a message, at whatever depth, is plain."""
    if isinstance(value, str):
        plain(value.encode())
    elif isinstance(value, dict):
        for inner in value.values():
            assert_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_plain(inner)


def quoted(text: str, **more: str | bool) -> str:
    """A reply for the script: any text, as one TOML string."""
    escaped = "".join(c if c.isalnum() or c in " -:." else f"\\U{ord(c):08x}" for c in text)
    keys = [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    return "\n".join([f'text = "{escaped}"', *keys])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder."""
    return Desk(tmp_path)


def test_every_kind_of_unreadable_thing_is_told_and_the_rest_is_reviewed(desk: Desk) -> None:
    """Encodings, binaries, empty things, links, pipes, sockets: skipped with a reason each."""
    program = b"\x7fELF\x02\x01\x01" + bytes(60)
    for name, content in {
        "latin.py": b"# caf\xe9\n",
        "cp932.py": "# 日本語\n".encode("cp932"),
        "packed.py": b"# coding: zlib\n",
        "utf16.py": "x = 1\n".encode("utf-16-le"),
        "image.py": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "program.py": program,
        "nul.py": b"x = 1\0\n",
        "empty.py": b"",
        "mark.py": b"\xef\xbb\xbf",
        "blank.py": b"\n" * 99,
        "what.xyz": b"words\n",
        "good.py": CODE.encode(),
    }.items():
        desk.write(name, content)
    with desk.write("huge.py", b"").open("r+b") as huge:
        huge.truncate(50_000_000)
    os.mkfifo(desk.folder / "pipe.py")
    for name, target in {"self": "self", "here": ".", "root": "/", "zero.py": "/dev/zero"}.items():
        (desk.folder / name).symlink_to(target)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(desk.folder / "socket.py"))
        report = desk.review(*INSTANT, ".")
    assert [(file["name"], file["state"]) for file in report["files"]] == [("good.py", "findings")]
    assert {entry["name"]: entry["kind"] for entry in report["skipped"]} == {
        **dict.fromkeys(("latin.py", "cp932.py", "packed.py"), "encoding"),
        **dict.fromkeys(("utf16.py", "image.py", "program.py", "nul.py"), "binary"),
        **dict.fromkeys(("empty.py", "mark.py", "blank.py"), "empty"),
        **dict.fromkeys(("pipe.py", "socket.py"), "not a file"),
        **dict.fromkeys(("self", "here", "root", "zero.py"), "symbolic link"),
        "what.xyz": "unknown language",
        "huge.py": "too large",
    }


@pytest.mark.parametrize("name", ["/dev/zero", "loop.py", "pipe.py", "empty.py", "gone.py", "x\ny"])
def test_a_lone_path_that_cannot_be_reviewed_is_two_and_one_line(desk: Desk, name: str) -> None:
    """Named alone, it is an error with its reason, and nothing waits for a pipe or a device."""
    desk.write("empty.py", b"")
    os.mkfifo(desk.folder / "pipe.py")
    (desk.folder / "loop.py").symlink_to("loop.py")
    ended = desk.mirador("review", *INSTANT, name)
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert line.startswith("mirador: ")
    assert name.replace("\n", " ") in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"x\0y", "binary"), (b"\xe9", "not UTF-8"), (b"x" * 10_000_001, "too large")],
    ids=["empty", "binary", "latin-1", "large"],
)
def test_what_comes_from_stdin_may_be_anything(desk: Desk, content: bytes, reason: str) -> None:
    """It is refused with the reason, however much of it there is."""
    ended = desk.mirador("review", *INSTANT, "-", "--stdin-filename", "a.py", stdin=content)
    assert ended.code == 2
    assert f"a.py: {reason}" in ended.err


def test_lines_are_counted_as_editors_count_them(desk: Desk) -> None:
    """Findings lie on the line that holds the call, whatever ends or looks like ending lines."""
    odd = "s = 'a\u2028b'  # \u2029 \x85 \x0b\n\x0c\n" + CODE
    desk.write("lf.py", CODE)
    desk.write("crlf.py", CODE.replace("\n", "\r\n"))
    desk.write("cr.py", CODE.replace("\n", "\r"))
    desk.write("mixed.py", "a = 1\r\n\rb = 2\n" + CODE)
    desk.write("odd.py", odd)
    desk.write("marked.py", "\ufeff" + CODE)
    desk.write("utf16.py", CODE.encode("utf-16"))
    desk.write("latin.py", b"# coding: latin-1\n# \xe9\n" + CODE.encode())
    report = desk.review(*INSTANT, ".")
    found = {
        finding["file"]: (finding["line"], finding["column"])
        for finding in report["findings"]
        if finding["rule"] == "flow/code-injection"
    }
    plainly = ("lf.py", "crlf.py", "cr.py", "marked.py", "utf16.py")
    later = {"mixed.py": (5, 12), "odd.py": (4, 12), "latin.py": (4, 12)}
    assert found == {**dict.fromkeys(plainly, (2, 12)), **later}


def test_code_that_does_not_parse_is_never_clean_in_any_language(desk: Desk) -> None:
    """A broken file of each language is shown as broken, and the exit code is 1."""
    shutil.copytree(SYNTAX, desk.folder, dirs_exist_ok=True)
    report = desk.review(*INSTANT, ".")
    assert len(report["files"]) == 17
    assert {file["state"] for file in report["files"]} == {"does not parse"}
    assert report["exit_code"] == 1


def test_nesting_without_end_is_survived(desk: Desk) -> None:
    """A hundred thousand brackets, a line of a megabyte: each file is told about, none is lost."""
    deep = "(" * 100_000 + "1" + ")" * 100_000
    desk.write("deep.py", f"x = {deep}\neval(x)\n")
    desk.write("deep.js", f"x = {deep};\neval(x);\n")
    desk.write("deep.json", "[" * 100_000 + "]" * 100_000)
    desk.write("deep.html", "<div>" * 50_000)
    desk.write("long.py", f"x = '{'a' * 1_000_000}'\neval(x)\n")
    desk.write("packed.js", "var a=1;" * 20_000)
    report = desk.review(*INSTANT, ".")
    assert len(report["files"]) == 6
    assert all(file["reviewed"] for file in report["files"])
    lines = {(finding["file"], finding["line"]) for finding in report["findings"]}
    assert {("deep.py", 2), ("deep.js", 2), ("long.py", 2)} <= lines


_NAMES = (
    "new\nline.py",
    "\x1b[31mred.py",
    "\u202eyp.bidi.py",
    "[bold]b.py",
    "<img src=x>.py",
    "`tick`.py",
    "](http:x).py",
    "@all #1.py",
    "%s{0}.py",
    "-dash.py",
    os.fsdecode(b"bad\xff.py"),
)


@pytest.mark.parametrize("form", FORMATS)
def test_file_names_come_out_plain_in_every_format(desk: Desk, form: str) -> None:
    """Names that are control sequences or markup are shown as text; SARIF still finds the files."""
    for name in _NAMES:
        desk.write(name)
    desk.write("\x1b[2Jskipped.py", b"")
    ended = desk.mirador("review", *INSTANT, "--format", form, "--fail-on", "warning", ".")
    assert ended.code == 1
    if form in {"json", "sarif"}:
        assert_plain(json.loads(ended.out))
    if form == "sarif":
        (run,) = json.loads(ended.out)["runs"]
        uris = [artifact["location"]["uri"] for artifact in run["artifacts"]]
        assert {os.fsdecode(unquote_to_bytes(uri)) for uri in uris} == set(_NAMES)
    if form == "markdown":
        assert tags(ended.out).isdisjoint({"a", "img", "b"})


def tags(markdown: str) -> set[str]:
    """The HTML elements a host would make of it."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return set(re.findall(r"<([a-z]+)", renderer.render(markdown)))


@pytest.mark.parametrize("form", FORMATS)
def test_a_hostile_reply_comes_out_plain_in_every_format(desk: Desk, form: str) -> None:
    """Escapes, bidi characters, HTML and markup in a message and in quoted code stay text."""
    message = HOSTILE.replace("`", "").replace("\r\n", " ")[:300]
    line = "eval('" + "".join(c for c in HOSTILE if c not in "'`\r\n\0") + "')"
    desk.write("bad.py", f"{CODE}\n\n{line}\n")
    desk.script(quoted(f"- bug: It says {message} here. Code: `{QUOTE}`\n{HOSTILE}"))
    ended = desk.mirador("review", "--format", form, "--show-withheld", "--stream", "bad.py")
    assert not [c for c in FORBIDDEN if c in ended.out]
    assert "It says" in ended.out
    if form in {"json", "sarif"}:
        assert_plain(json.loads(ended.out))
    if form == "markdown":
        assert tags(ended.out).isdisjoint({"a", "img", "script", "b"})


_REPLIES = {
    "json": '{"findings": [{"line": 99999, "message": "x',
    "html": f"<html><script>alert(1)</script><h1>{SAYS}</h1></html>",
    "made-up quote": "- bug: This pointer is never freed again. Code: `free(pointer)`",
    "other lens": SAYS.replace("bug", "weather"),
    "nothing": "",
    "blanks": " \n\t\n ",
}


@pytest.mark.parametrize("reply", _REPLIES.values(), ids=_REPLIES)
def test_a_reply_that_is_no_finding_leaves_none(desk: Desk, reply: str) -> None:
    """What does not follow the format, or quotes what is not there, is dropped."""
    desk.write("good.py")
    desk.script(quoted(reply))
    report = desk.review("--stages", "instant,quick,deep", "--show-withheld", "good.py")
    tools = {finding["tool"] for finding in report["findings"]}
    assert tools == {"flow"}, "the eval, which ruff confirms"


@pytest.mark.parametrize(
    "reply",
    [quoted("again and ", endless=True), 'text = ""\nraw = "' + "ab" * 5_000_000 + '"']
    + [quoted(SAYS, error=kind) for kind in ("unavailable", "overflow", "timeout", "bad")],
    ids=["endless", "10 MB", "unavailable", "overflow", "timeout", "bad"],
)
def test_a_model_that_fails_costs_its_stage_alone(desk: Desk, reply: str) -> None:
    """Facts are still found, and the file is "partly reviewed", never clean."""
    desk.write("good.py")
    desk.script(reply)
    report = desk.review("--stages", "instant,quick", "good.py")
    (file,) = report["files"]
    assert file["state"] == "partly reviewed"
    assert "flow/code-injection" in {finding["rule"] for finding in report["findings"]}


_SETTINGS = {
    "restricted": '[engine]\nbackend = "embedded"\n[stages.quick]\nmodels = ["x"]\n',
    "no TOML": "x = [",
    "no text": "\x00\x1b",
    "large": "#" * 10_000_000,
    "deep": "[review]\nlenses = " + "[" * 5000 + "]" * 5000,
    "wrong": '[review]\ngate = nan\nlenses = ["\\u001b"]\n"\\u202e" = 1\n',
}


@pytest.mark.parametrize("place", ["work/.mirador.toml", "own/config/config.toml"])
@pytest.mark.parametrize("content", _SETTINGS.values(), ids=_SETTINGS)
def test_settings_that_make_no_sense_are_said_and_skipped(
    desk: Desk, place: str, content: str
) -> None:
    """A review runs as without them, and each problem is one plain line on stderr."""
    desk.write("good.py")
    path = desk.folder.parent / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    ended = desk.mirador("review", *INSTANT, "good.py")
    assert ended.code == 0
    assert "good.py:2:12: warning" in ended.out
    if content != _SETTINGS["restricted"] or place.startswith("work"):
        assert ended.err
    assert all(line.startswith("mirador: ") for line in ended.err.splitlines())


def test_folders_that_cannot_be_had_do_not_stop_a_review(desk: Desk) -> None:
    """Settings a folder, state and cache a file, no home: facts are found all the same."""
    desk.write("good.py")
    (desk.folder / ".mirador.toml").mkdir()
    (desk.folder.parent / "file").touch()
    taken = str(desk.folder.parent / "file" / "below")
    names = ("MIRADOR_STATE_DIR", "MIRADOR_CACHE_DIR", "MIRADOR_RUNTIME_DIR", "HOME")
    ended = desk.mirador("review", *INSTANT, "good.py", **dict.fromkeys(names, taken))
    assert ended.code == 0
    assert "good.py:2:12: warning" in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["review"],
        ["review", "--formt", "json", "x"],
        ["review", "--form", "json", "x"],
        ["review", "--format", "yaml", "x"],
        ["review", "--stages", "instan", "x"],
        ["review", "--lens", "", "x"],
        ["review", "--fail-on", "info", "x"],
        ["review", "--gate", "nan", "x"],
        ["review", "--output", "/nowhere/at/all", "x"],
        ["review\x1b[31m", "x"],
        ["serve", "--stdio", "--tcp", "0"],
        ["serve", "--tcp", "99999"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_is_two_and_one_line(
    desk: Desk, arguments: Sequence[str]
) -> None:
    """The reason is on stderr, and stdout stays empty for whoever reads it."""
    ended = desk.mirador(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}, {}], ids=str)
def test_any_terminal_will_do(desk: Desk, env: dict[str, str]) -> None:
    """Dumb, without colour, twenty columns wide and ASCII: the review is shown, not a failure."""
    desk.write("good.py")
    desk.script(quoted(f"- bug: It says {HOSTILE[:100]} here. Code: `{QUOTE}`"))
    env = desk.env | {"COLUMNS": "20", "PYTHONIOENCODING": "ascii"} | env
    main, terminal = pty.openpty()
    with desk.start("review", "good.py", stdout=terminal, stdin=terminal, env=env) as child:
        os.close(terminal)
        shown = b"".join(_until_closed(main))
        assert child.wait(60) == 0
    os.close(main)
    assert not [c for c in FORBIDDEN if c not in "\x1b\r" and c.encode() in shown]
    sequences = set(re.findall(rb"\x1b(.[^A-Za-z]*[A-Za-z]?)", shown))
    assert all(re.fullmatch(rb"\[[?\d;]*[mKAhl]", sequence) for sequence in sequences)
    if env.get("TERM") == "dumb":
        assert not sequences


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:
            return
        if not data:
            return
        yield data


@contextmanager
def pending(desk: Desk, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", TextIO]]:
    """A review whose model says nothing until "go" exists, and the journal of what is asked."""
    path = desk.folder.parent / "journal"
    os.mkfifo(path)
    desk.script(quoted("No defects.", hold="go"), head='journal = "journal"')
    # Open for writing as well, so that it never ends while nobody writes.
    with os.fdopen(os.open(path, os.O_RDWR), "r") as journal, desk.start(*arguments) as child:
        try:
            assert "started" in journal.readline()
            yield child, journal
        finally:
            child.kill()


def test_files_that_vanish_or_change_under_way_are_told(desk: Desk) -> None:
    """What was deleted, became a link or became binary after the walk began is skipped."""
    for name in ("a.py", "b.py", "c.py", "d.py"):
        desk.write(name)
    arguments = ("review", "--stages", "quick", "--format", "json", ".")
    with pending(desk, *arguments) as (child, _):
        (desk.folder / "b.py").unlink()
        (desk.folder / "c.py").unlink()
        (desk.folder / "c.py").symlink_to("/etc/passwd")
        desk.write("d.py", bytes(99))
        (desk.folder.parent / "go").touch()
        out, _ = child.communicate(timeout=60)
    report = json.loads(out)
    assert [file["name"] for file in report["files"]] == ["a.py"]
    kinds = {entry["name"]: entry["kind"] for entry in report["skipped"]}
    assert kinds == {"b.py": "missing", "c.py": "symbolic link", "d.py": "binary"}


@pytest.mark.parametrize("form", FORMATS)
def test_a_signal_reaches_the_model_and_leaves_a_whole_report(desk: Desk, form: str) -> None:
    """SIGTERM in the middle: the reply is cancelled, and each format is complete."""
    desk.write("good.py")
    with pending(desk, "review", "--format", form, "good.py") as (child, journal):
        child.send_signal(signal.SIGTERM)
        assert "cancelled" in journal.readline()
        out, err = child.communicate(timeout=60)
    assert child.returncode == 128 + signal.SIGTERM
    assert "stopped" in plain(err)
    if form in {"json", "sarif"}:
        json.loads(out)
    assert "eval" in plain(out)


_DOCUMENTS = {
    "hostile": f"{CODE}\nx = {HOSTILE!a}  # {HOSTILE.splitlines()[0]}\n",
    "empty": "",
    "mark": "\ufeff" + CODE,
    "nul": CODE.replace("len", "len\0"),
    "cr": CODE.replace("\n", "\r"),
    "mixed": "a = 1\r\n\rb = eval(a)\n\r\ncc = eval(b)",
    "separators": "s = 'a\u2028b'  # \u2029 \x85\n\x0c\n" + CODE,
    "astral": "s = '😀😀'; t = eval('😀')\n",
    "surrogates": "s = '\ud83d'; t = eval('\udc00')  # \ud83d\n",
    "parens": f"x = {'(' * 100_000}1{')' * 100_000}\neval(x)\n",
    "unfinished": "def f(",
    "blank": "\n" * 1000,
}


@pytest.fixture
def wire(desk: Desk) -> Iterator[Wire]:
    """A session with the real server; it must end well."""
    desk.script(quoted(f"- bug: It says {HOSTILE[:150]} here. Code: `{QUOTE}`\n{HOSTILE}"))
    with process(SERVE, desk.env, errors=desk.folder / "errors") as child:
        made = over_pipes(child)
        mirador = {"status": True, "stream": True}
        made.initialize(
            capabilities={
                "window": {"workDoneProgress": True},
                "experimental": {"mirador": mirador},
            }
        )
        yield made
        made.ask("shutdown")
        made.notify("exit")
        assert child.wait(60) == 0


def review(wire: Wire, uri: str) -> None:
    """Have a document reviewed to the end."""
    wanted = {"command": "mirador.reviewFile", "arguments": [uri]}
    assert wire.ask("workspace/executeCommand", wanted)["result"]["state"] == "finished"


def assert_diagnostics_fit(wire: Wire, texts: dict[tuple[str, int], str]) -> None:
    """Everything published is plain and inside the version of the text it speaks of."""
    told = [m["params"] for m in wire.seen if m.get("method") == "textDocument/publishDiagnostics"]
    assert any(params["diagnostics"] for params in told)
    for params in told:
        lines = re.split(r"\r\n|\n|\r", texts.get((params["uri"], params.get("version", 0)), ""))
        for diagnostic in params["diagnostics"]:
            start, end = (diagnostic["range"][edge] for edge in ("start", "end"))
            assert (start["line"], start["character"]) <= (end["line"], end["character"])
            for place in (start, end):
                line = lines[place["line"]].encode("utf-16-le", "surrogatepass")
                assert 0 <= place["character"] <= len(line) // 2


def test_diagnostics_of_hostile_documents_are_plain_and_inside(wire: Wire) -> None:
    """Whatever an editor opens, in whatever language: every place exists, every word is plain."""
    texts = {}
    for name, text in _DOCUMENTS.items():
        for language in ("py", "js", "html", "json", "c", "xyz"):
            uri = f"file:///work/{name}.{language}"
            texts[uri, 1] = text
            item = {"uri": uri, "languageId": "", "version": 1, "text": text}
            wire.notify("textDocument/didOpen", {"textDocument": item})
            review(wire, uri)
            wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert_diagnostics_fit(wire, texts)
    assert_plain(wire.seen)


def test_diagnostics_stay_inside_while_a_document_is_torn_apart(wire: Wire) -> None:
    """Texts of odd pieces replace each other and are saved faster than they are reviewed."""
    chance = random.Random(7)  # noqa: S311 — the same every time is the point
    pieces = (CODE, "\r", "\n", "\r\n", "\u2028", "😀", "\ud83d", "def f(:", '"""', "\0", "\t")
    uri = "file:///work/torn.py"
    texts = {(uri, 1): CODE}
    wire.open(CODE, uri)
    for version in range(2, 80):
        text = "".join(chance.choices(pieces, k=chance.randrange(12)))
        texts[uri, version] = text
        change = {
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"text": text}],
        }
        wire.notify("textDocument/didChange", change)
        if chance.random() < 0.5:
            wire.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        if chance.random() < 0.2:
            review(wire, uri)
    review(wire, uri)
    assert_diagnostics_fit(wire, texts)
    assert_plain(wire.seen)
