"""`mirador search`: what is asked, what is printed, how it ends."""

import argparse
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.index import FakeIndex, hit
from mirador_lsp.cli import search
from mirador_lsp.cli.main import Parser
from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.retrieval import Collection, IndexReport
from mirador_lsp.settings import Loaded

LONG = "".join(f"    step_{number}()\n" for number in range(20)) + "    refresh_token()\n"


class OneIndex:
    """An application with one index."""

    def __init__(self, index: FakeIndex) -> None:
        self._index = index
        self.folders: list[Path] = []

    def index(self, folder: Path) -> FakeIndex:
        self.folders.append(folder)
        return self._index


class Terminal:
    """Runs the command in a folder of its own and keeps what it prints."""

    def __init__(self, folder: Path, index: FakeIndex) -> None:
        (folder / ".git").mkdir()
        (folder / "src").mkdir()
        self.app = OneIndex(index)
        self.index = index
        self.out, self.err = io.StringIO(), io.StringIO()
        self._around = search.Surroundings(
            stdout=self.out,
            stderr=self.err,
            env={"MIRADOR_CONFIG_DIR": str(folder / "config")},
            folder=folder / "src",
            open_app=self._open,
        )

    async def run(self, *words: str) -> int:
        """Run it with these arguments; give its exit code."""
        parser = Parser(prog="mirador")
        search.add_parser(parser.add_subparsers())
        arguments: argparse.Namespace = parser.parse_args(["search", *words])
        return await search.search(arguments, self._around)

    @asynccontextmanager
    async def _open(self, _loaded: Loaded) -> AsyncIterator[OneIndex]:
        yield self.app


async def test_hits_are_shown_with_place_reason_and_the_lines_that_fit(tmp_path: Path) -> None:
    """Of a long piece the lines that hold the words, with their numbers in the file."""
    index = FakeIndex([hit("src/auth.py", "Session.renew", LONG, why=("meaning #1", "words #2"))])
    terminal = Terminal(tmp_path, index)

    assert await terminal.run("where", "is", "the", "token", "refresh") == 0
    printed = terminal.out.getvalue()
    assert "1 src/auth.py:5  Session.renew  method  meaning #1, words #2" in printed
    assert "25     refresh_token()" in printed
    assert "step_1()" not in printed
    assert terminal.app.folders == [tmp_path]


async def test_nothing_found_is_said_and_is_another_exit_code(tmp_path: Path) -> None:
    """As grep does it; what was not looked at is said beside it."""
    terminal = Terminal(tmp_path, FakeIndex())
    terminal.index.notes = ("Search by meaning needs an embedder.",)

    assert await terminal.run("nowhere") == 1
    assert terminal.out.getvalue() == "Nothing fits.\n"
    assert terminal.err.getvalue() == "mirador: Search by meaning needs an embedder.\n"


async def test_json_has_everything_and_counts_lines_from_one(tmp_path: Path) -> None:
    """One object, for programs."""
    terminal = Terminal(tmp_path, FakeIndex([hit()]))

    assert await terminal.run("--format", "json", "prices") == 0
    said = json.loads(terminal.out.getvalue())
    assert said["query"] == "prices"
    assert said["hits"][0]["name"] == "cart.py"
    assert (said["hits"][0]["first"], said["hits"][0]["last"]) == (5, 6)


async def test_options_reach_the_index(tmp_path: Path) -> None:
    """A folder is named from where the user stands, and told relative to the workspace."""
    terminal = Terminal(tmp_path, FakeIndex())
    await terminal.run("--most", "3", "--language", "Go", "--under", ".", "--in", "talk", "x")

    (query,) = terminal.index.queries
    assert (query.most, query.languages, query.under) == (3, ("go",), "src")
    assert query.collections == (Collection.TALK,)
    assert query.rerank


async def test_what_leaves_is_said_unless_nothing_is_to(tmp_path: Path) -> None:
    """On stderr, before the search; `--no-rerank` leaves the order as it is."""
    terminal = Terminal(tmp_path, FakeIndex())
    terminal.index.reports = [IndexReport("ready", sends="It leaves.")]
    await terminal.run("x")
    assert terminal.err.getvalue() == "mirador: It leaves.\n"
    await terminal.run("--no-rerank", "x")
    assert terminal.err.getvalue() == "mirador: It leaves.\n"
    assert [query.rerank for query in terminal.index.queries] == [True, False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--most", "0", "x"), "--most is a number from 1 to 100."),
        (("--under", "gone", "x"), "There is no folder gone."),
        (("--under", "/", "x"), "/ lies outside of the workspace"),
        ((" ",), "There is nothing to look for."),
        (("--language", "klingon", "x"), "No file is indexed as of a language klingon."),
    ],
)
async def test_bad_options_are_refused_in_one_sentence(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Before anything is opened."""
    terminal = Terminal(tmp_path, FakeIndex())
    with pytest.raises(UserError, match="^" + said.replace(".", r"\.")):
        await terminal.run(*words)
    assert terminal.app.folders == []


async def test_the_first_search_waits_until_the_workspace_was_read(tmp_path: Path) -> None:
    """A search over half of the files would look like one over all."""
    terminal = Terminal(tmp_path, FakeIndex([hit()]))
    terminal.index.reports = [
        IndexReport("looking"),
        IndexReport("reading", files=1, waiting=2),
        IndexReport("embedding", files=3),
    ]

    assert await terminal.run("prices") == 0
    assert terminal.err.getvalue() == "mirador: reading what is new in the workspace\n"
    assert len(terminal.index.reports) == 1


async def test_an_index_that_cannot_be_asked_ends_the_command(tmp_path: Path) -> None:
    """With its sentence and remedy, which the caller prints."""
    terminal = Terminal(tmp_path, FakeIndex())
    terminal.index.broken = True
    with pytest.raises(IndexUnavailable) as raised:
        await terminal.run("x")
    assert raised.value.remedy


@pytest.mark.parametrize("phase", ["off", "failed"])
async def test_an_index_that_may_not_read_has_no_answer(tmp_path: Path, phase: str) -> None:
    """It does not say that nothing fits: its reason is an error, for scripts too."""
    terminal = Terminal(tmp_path, FakeIndex())
    terminal.index.reports = [IndexReport(phase, "This is the home folder.")]
    with pytest.raises(IndexUnavailable, match="home folder"):
        await terminal.run("x")
    assert terminal.out.getvalue() == ""


async def test_hostile_names_and_texts_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """No escape sequence of a file or its name is passed on."""
    evil = hit("src/\x1b]0;owned\x07.py", "a\x1b[31m", "x = '\x1b[2J' # prices\n")
    terminal = Terminal(tmp_path, FakeIndex([evil]))

    assert await terminal.run("--color", "never", "prices") == 0
    assert "\x1b" not in terminal.out.getvalue()
    assert "\x07" not in terminal.out.getvalue()
