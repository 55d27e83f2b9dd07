"""`mirador index` over an index that says what a test wants."""

import argparse
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.folders import own_folders
from mirador_lsp.cli import index as command
from mirador_lsp.cli.index import Surroundings, with_index
from mirador_lsp.cli.main import Parser
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.retrieval import IndexReport, VectorFile

_READY = IndexReport(
    "ready",
    files=1234,
    chunks=5678,
    vectors=2839,
    skipped=(("ignored", 12), ("too large", 1)),
    embedder="minilm\x1b[2J",
    bytes=3_400_000,
    notes=("The index was damaged and is built anew.",),
)


@dataclass
class Index:
    """Plays reports, and remembers what it was asked."""

    reports: list[IndexReport] = field(default_factory=lambda: [_READY])
    runs: bool = True
    last: IndexReport | None = None
    asked: list[str] = field(default_factory=list)
    file: VectorFile = field(default_factory=lambda: VectorFile("minilm", 5_678, 4_500_000))

    async def follow(self) -> AsyncIterator[IndexReport]:
        for report in self.reports:
            yield report

    async def build(self, *, asked: bool) -> None:
        self.asked.append(f"build {asked}")

    async def report(self) -> IndexReport:
        return self.reports[-1]

    async def running(self) -> bool:
        return self.runs

    async def kept(self) -> IndexReport | None:
        return self.last

    async def stop(self) -> bool:
        ran, self.runs = self.runs, False
        return ran

    async def drop(self) -> int:
        self.asked.append("drop")
        return 5_000_000 if self.runs else 0

    async def export_to(self, path: Path) -> VectorFile:
        self.asked.append(f"export {path.name}")
        return self.file

    async def import_from(self, path: Path) -> VectorFile:
        self.asked.append(f"import {path.name}")
        return self.file


@dataclass
class App:
    fake: Index | None

    @asynccontextmanager
    async def opened(self, _settings: object) -> AsyncIterator["App"]:
        yield self

    def index(self, folder: Path) -> Index:
        if self.fake is None:
            message = "The index is switched off (index.enabled)."
            raise UserError(message)
        assert folder.is_absolute()
        return self.fake


async def _run(tmp_path: Path, fake: Index | None, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `mirador index WORDS`."""
    parser = Parser(prog="mirador")
    command.add_parser(parser.add_subparsers())
    out, err = io.StringIO(), io.StringIO()
    around = Surroundings(out, err, own_folders(tmp_path), tmp_path, App(fake).opened)
    arguments: argparse.Namespace = parser.parse_args(["index", *words])
    code = await with_index(arguments, around)
    return code, out.getvalue(), err.getvalue()


async def test_a_build_is_awaited_and_summed_up(tmp_path: Path) -> None:
    """`build` asks for everything, tells how far it is, and ends with what there is."""
    fake = Index([IndexReport("reading", files=1, waiting=9), _READY])
    code, out, err = await _run(tmp_path, fake, "build")
    assert code == 0
    assert fake.asked == ["build True"]
    assert "mirador: reading files · 1 file · 9 waiting" in err
    assert "up to date" in out
    assert "1,234 files, 5,678 pieces" in out
    assert "2,839 of 5,678 pieces, minilm" in out
    assert "\x1b[2J" not in out + err
    assert "ignored 12, too large 1" in out
    assert "damaged" in out


@pytest.mark.parametrize("phase", ["off", "failed"])
async def test_a_build_that_cannot_be_says_why(tmp_path: Path, phase: str) -> None:
    """The exit code is 2 and the reason is shown."""
    code, out, _ = await _run(tmp_path, Index([IndexReport(phase, "The disk is full.")]), "build")
    assert code == 2
    assert "The disk is full." in out


async def test_the_status_of_one_that_runs(tmp_path: Path) -> None:
    """`status` shows the table, and as JSON every figure."""
    code, out, _ = await _run(tmp_path, Index(), "status")
    assert code == 0
    assert "3.4 MB" in out
    _, out, _ = await _run(tmp_path, Index(), "status", "--json")
    said = json.loads(out)
    assert (said["phase"], said["vectors"], said["skipped"]) == (
        "ready",
        2839,
        {"ignored": 12, "too large": 1},
    )


async def test_the_status_of_one_that_does_not_run(tmp_path: Path) -> None:
    """What was known last is told without starting anything; nothing at all says how to begin."""
    _, out, _ = await _run(tmp_path, Index(runs=False, last=_READY), "status")
    assert "does not run" in out
    assert "1,234 files" in out
    code, _, _ = await _run(tmp_path, Index(runs=False), "status")
    assert code == 0


async def test_where_there_is_nothing_no_share_of_it_is_shown(tmp_path: Path) -> None:
    """Not one hundred percent of nothing; and without an embedder, where one is chosen."""
    _, out, _ = await _run(tmp_path, Index([IndexReport("ready", embedder="minilm")]), "status")
    assert "nothing yet, minilm" in out
    assert "%" not in out
    _, out, _ = await _run(tmp_path, Index([IndexReport("ready", files=1, chunks=1)]), "status")
    assert "index.embedder" in out


async def test_watching_tells_every_change(tmp_path: Path) -> None:
    """Each report is a line, or a line of JSON, and the files are looked at meanwhile."""
    fake = Index([IndexReport("looking"), IndexReport("paused", "A model answers first."), _READY])
    code, out, _ = await _run(tmp_path, fake, "watch")
    assert code == 0
    assert [line.split(" · ")[0] for line in out.splitlines()] == [
        "looking at the files",
        "stands still",
        "up to date",
    ]
    _, out, _ = await _run(tmp_path, Index(), "watch", "--json")
    assert json.loads(out)["phase"] == "ready"


async def test_stopping_and_dropping(tmp_path: Path) -> None:
    """Both say what there was to end or to delete."""
    fake = Index()
    assert "has stopped" in (await _run(tmp_path, fake, "stop"))[1]
    assert "does not run" in (await _run(tmp_path, fake, "stop"))[1]
    assert "no index" in (await _run(tmp_path, fake, "drop"))[1]
    assert "5.0 MB are free again" in (await _run(tmp_path, Index(), "drop"))[1]


async def test_where_the_user_wants_none_it_says_so(tmp_path: Path) -> None:
    """An index that is switched off is an error with the setting's name."""
    with pytest.raises(UserError, match=r"index\.enabled"):
        await _run(tmp_path, None, "status")


async def test_vectors_are_written_for_others(tmp_path: Path) -> None:
    """`export` says what the file holds, and that a build that goes on is not all in it."""
    fake = Index()
    code, out, err = await _run(tmp_path, fake, "export", "team.vectors")
    assert (code, err) == (0, "")
    assert fake.asked == ["export team.vectors"]
    assert "5,678 vectors of minilm, 4.5 MB" in out
    assert "no code, no names of files" in out
    for half in (
        Index(file=VectorFile("minilm", 5, 500, missing=2)),
        Index([IndexReport("reading", files=1, waiting=9)]),
    ):
        code, _, err = await _run(tmp_path, half, "export", "team.vectors")
        assert code == 0
        assert "mirador index build" in err


async def test_vectors_of_others_are_taken_in(tmp_path: Path) -> None:
    """`import` says how many; those of another embedder are told; `--json` is for programs."""
    code, out, err = await _run(tmp_path, Index(), "import", "team.vectors")
    assert (code, err) == (0, "")
    assert "5,678 vectors of minilm will not be computed here" in out
    other = Index(file=VectorFile("bge", 5, 500, fits=False))
    code, _, err = await _run(tmp_path, other, "import", "team.vectors")
    assert code == 0
    assert "another embedder" in err
    for action in ("import", "export"):
        _, out, _ = await _run(tmp_path, other, action, "team.vectors", "--json")
        assert json.loads(out)["embedder"] == "bge"


async def test_what_is_sent_is_shown(tmp_path: Path) -> None:
    """`status` says it, where a team's server is named."""
    sends = "Of the index, hashes go to the team's server (x); no code."
    _, out, _ = await _run(tmp_path, Index([IndexReport("ready", sends=sends)]), "status")
    assert "hashes go to the team's server (x)" in " ".join(out.split())
    _, out, _ = await _run(tmp_path, Index(), "status")
    assert "\nsent " not in out
