"""`mirador history`: what it shows, finds, writes and forgets."""

import argparse
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fakes.history import NOW, FakeHistoryBook, exchange, life
from mirador_lsp.cli import history
from mirador_lsp.cli.history import Surroundings, look
from mirador_lsp.cli.main import Parser
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.history import (
    EVERYTHING,
    Forgotten,
    Kept,
    Kind,
    Page,
    Retention,
    Selection,
    Step,
)
from mirador_lsp.core.retrieval import Collection, Hit
from mirador_lsp.settings import Loaded

NASTY = "\x1b[31mred\u202e[bold]x[/bold]\n\ud800"


@dataclass(frozen=True)
class Gone:
    """What a fake past has forgotten."""

    history: Forgotten
    decisions: int = 0
    figures: int = 0
    replies: int = 0
    left: Sequence[Kept] = ()


class FakePast:
    """A past over a fake book."""

    def __init__(self) -> None:
        self.retention = Retention(90, 256 * 1024 * 1024)
        self.book = FakeHistoryBook()
        self.hits: Sequence[Hit] = ()
        self.left: Sequence[Kept] = ()

    async def meant(self, folder: Path, question: str, most: int) -> Sequence[Hit]:
        return self.hits

    async def would_forget(self, which: Selection) -> Gone:
        return Gone(await self.book.meant(which), 1)

    async def forget(self, which: Selection) -> Gone:
        return Gone(await self.book.forget(which), 1, 2, 1, self.left)


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@dataclass
class Desk:
    """Where the command is run."""

    folder: Path
    past: FakePast = field(default_factory=FakePast)
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    async def run(self, *words: str, stdin: io.StringIO | None = None) -> int:
        """Run the command; its exit code."""
        commands = Parser(prog="mirador").add_subparsers()
        history.add_parser(commands)
        options = argparse.Namespace()
        commands.choices["history"].parse_args(list(words), options)

        @asynccontextmanager
        async def open_past(_loaded: Loaded) -> AsyncIterator[FakePast]:
            yield self.past

        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        around = Surroundings(
            stdin=stdin or io.StringIO(),
            stdout=self.stdout,
            stderr=self.stderr,
            env={"MIRADOR_CONFIG_DIR": str(self.folder)},
            folder=self.folder,
            open_past=open_past,
            now=lambda: NOW + 60,
        )
        return await look(options, around)

    async def said(self, *words: str) -> Any:
        """What it prints as JSON."""
        await self.run(*words, "--json")
        return json.loads(self.stdout.getvalue())


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """Two requests, of which one is a review with a finding."""
    made = Desk(tmp_path)
    steps = (Step.REPORTED, Step.SHOWN, Step.DISMISSED)
    review = exchange(
        "beef01",
        kind=Kind.REVIEW,
        question="save",
        response="",
        stages=("instant",),
        findings=("f1cafe",),
        time=NOW + 1,
    )
    pages = (exchange("abcd01", conversation="c1"), review)
    await made.past.book.keep(Page(None, pages, (life("f1cafe", *steps),)))
    return made


async def test_requests_are_listed_the_latest_first(desk: Desk) -> None:
    """Without a word about what to do as well; and how much there is."""
    for words in ((), ("list",)):
        assert await desk.run(*words) == 0
        lines = desk.stdout.getvalue().splitlines()
        assert lines[1].split()[-1] == "beef01"
        assert "1 finding, instant" in lines[1]
        assert lines[2].split()[-1] == "abcd01"
        assert "Why a list?" in lines[2]
        assert lines[3].startswith("2 requests in 0 sessions, 1 finding")


async def test_a_list_can_be_narrowed(desk: Desk) -> None:
    """By kind, time, file and number; nothing left is told by the exit code."""
    assert [row["id"] for row in (await desk.said("--kind", "ask"))["rows"]] == ["abcd01"]
    assert [row["id"] for row in (await desk.said("--limit", "1"))["rows"]] == ["beef01"]
    assert (await desk.said("list", "--file", "other.py"))["rows"] == []
    assert await desk.run("--since", "1m", "--before", "1m") == 1
    assert "Nothing of the kind is kept." in desk.stdout.getvalue()


async def test_a_request_is_shown_with_the_lives_of_its_findings(desk: Desk) -> None:
    """By the beginning of its id; a finding can be shown by its own."""
    assert await desk.run("show", "beef") == 0
    text = desk.stdout.getvalue()
    assert "the file was saved" in text
    assert text.index("reported") < text.index("shown") < text.index("dismissed")
    assert await desk.run("show", "f1ca") == 0
    assert "It divides by zero." in desk.stdout.getvalue()
    assert await desk.run("show", "ABCD") == 0
    assert "Because prices repeat." in desk.stdout.getvalue()


async def test_an_id_has_to_mean_one_thing(desk: Desk) -> None:
    """Too short, unknown and ambiguous ones are told apart."""
    await desk.past.book.keep(Page(exchanges=(exchange("abcd02"),)))
    for words, why in (("abc", "four characters"), ("ffff", "kept"), ("abcd", "More than one")):
        with pytest.raises(UserError, match=why):
            await desk.run("show", words)


async def test_search_finds_words_and_meaning(desk: Desk) -> None:
    """What the index means as well is not said twice."""
    desk.past.hits = [
        Hit(Collection.TALK, "id", asked, "talk", "", 0, 0, "So it is.", 1.0, (), "")
        for asked in ("Why a list?", "Why a tuple?")
    ]
    found = await desk.said("search", "prices")
    assert [row["id"] for row in found["requests"]] == ["abcd01"]
    assert [row["title"] for row in found["meant"]] == ["Why a tuple?"]
    assert await desk.run("search", "prices") == 0
    assert "Why a tuple?" in desk.stdout.getvalue()
    found = await desk.said("search", "divides", "zero")
    assert [row["finding"] for row in found["findings"]] == ["f1cafe"]
    desk.past.hits = []
    assert await desk.run("search", "nowhere") == 1


async def test_an_export_is_lines_of_json_for_its_owner(desk: Desk, tmp_path: Path) -> None:
    """To stdout or to a file, with the whole of everything."""
    await desk.past.book.keep(Page(exchanges=(exchange("abcd03", response=NASTY),)))
    assert await desk.run("export") == 0
    lines = [json.loads(line) for line in desk.stdout.getvalue().splitlines()]
    assert lines[0] == {"type": "mirador-history", "version": 1}
    assert [line["type"] for line in lines[1:]] == ["request"] * 3 + ["finding"]
    assert [line["response"] for line in lines if line.get("id") == "abcd03"] == [NASTY]
    assert lines[-1]["moments"][2]["step"] == "dismissed"

    assert await desk.run("export", "out.jsonl", "--file", "cart.py") == 0
    file = tmp_path / "out.jsonl"
    assert [json.loads(line) for line in file.read_text().splitlines()] == lines
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UserError, match="cannot be written"):
        await desk.run("export", "no/such/folder.jsonl")


async def test_nothing_is_forgotten_unasked(desk: Desk) -> None:
    """In a pipe `--yes` is needed; in a terminal a yes; nothing said means nothing."""
    with pytest.raises(UserError, match=r"2 requests.*1 finding.*1 decision"):
        await desk.run("forget", "--all")
    assert await desk.run("forget", "--all", stdin=Terminal("n\n")) == 1
    for words in (("forget",), ("forget", "--all", "--file", "x"), ("forget", "ab")):
        with pytest.raises(UserError):
            await desk.run(*words)
    assert len(await desk.past.book.exchanges(EVERYTHING, 9)) == 2


@pytest.mark.parametrize("file", ["./cart.py", "../{}/cart.py", "sub/../cart.py"])
async def test_a_file_is_meant_as_a_shell_completes_it(desk: Desk, file: str) -> None:
    """Else who forgets ./cart.py would be told that there is nothing of the kind."""
    here = desk.folder / "cart.py"
    about = {"document": here.as_uri(), "name": here.name}
    await desk.past.book.keep(Page(None, (exchange("face01", **about),)))

    rows = (await desk.said("list", "--file", file.format(desk.folder.name)))["rows"]
    assert "face01" in [row["id"] for row in rows]


async def test_in_a_pipe_a_request_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal is that the pipe was written in."""
    monkeypatch.setenv("COLUMNS", "40")
    question = "Why is this a list, and not a set as it is everywhere else in this file?"
    await desk.past.book.keep(Page(None, (exchange("face01", question=question),)))

    await desk.run()

    assert any(question in line for line in desk.stdout.getvalue().splitlines())


async def test_a_finding_of_one_id_in_two_files_is_shown_for_both(desk: Desk) -> None:
    """Copies have findings of the same id: there is no more of it to write."""
    other = life("f1cafe", Step.REPORTED, document="file:///work/copy.py", name="copy.py")
    await desk.past.book.keep(Page(None, (), (other,)))

    shown = (await desk.said("show", "f1cafe"))["findings"]
    assert sorted(each["name"] for each in shown) == ["cart.py", "copy.py"]


async def test_what_is_forgotten_is_counted(desk: Desk) -> None:
    """Of every kind; what an index still has is told."""
    desk.past.left = (Kept("m1", "/work", "cart.py", NOW),)
    assert await desk.run("forget", "beef", stdin=Terminal("y\n")) == 0
    text = desk.stdout.getvalue()
    assert "Removed for good: 1 request, 1 finding, 3 steps of their lives" in text
    assert "mirador index drop" in desk.stderr.getvalue()
    desk.past.left = ()
    gone = await desk.said("forget", "--all", "--yes")
    assert (gone["requests"], gone["decisions"], gone["replies"]) == (1, 1, 1)
    assert await desk.run() == 1


async def test_nothing_from_outside_reaches_the_terminal_as_it_is(desk: Desk) -> None:
    """No escape sequences, no markup, no reordering of letters."""
    nasty = exchange("dead01", question=NASTY, response=NASTY, name=NASTY, model=NASTY)
    lived = life("deaf01", Step.REPORTED, message=NASTY, name=NASTY, rule=NASTY)
    await desk.past.book.keep(Page(None, (nasty,), (lived,)))
    for words in ((), ("show", "dead01"), ("show", "deaf01"), ("search", "red")):
        await desk.run(*words)
        text = desk.stdout.getvalue()
        assert "[bold]" in text
        assert not {"\x1b", "\u202e", "\ud800"} & set(text)
