"""`mirador baseline` and `mirador review --baseline`, over real files and a real engine."""

import argparse
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.engine_app import EngineApp
from fakes.folders import own_folders
from fakes.many import many_findings
from mirador_lsp.app import Skipped, Source, gather
from mirador_lsp.cli import baseline
from mirador_lsp.cli.against import Against, entries_of
from mirador_lsp.cli.main import Parser
from mirador_lsp.cli.outputs import Wishes
from mirador_lsp.cli.review import Surroundings, review
from mirador_lsp.cli.review_options import Options
from mirador_lsp.core.baseline import Baseline
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.settings.baseline_file import NAME


class Desk:
    """A folder with files, and commands run in it. Some words in them are findings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        (folder / ".git").mkdir()

    def write(self, **files: str) -> None:
        """Write `NAME.py` files."""
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(text)

    async def baseline(self, *words: str) -> int:
        """Run `mirador baseline …`."""
        parser = Parser()
        commands = parser.add_subparsers()
        baseline.add_parser(commands)
        arguments: argparse.Namespace = parser.parse_args(["baseline", *words])
        around = baseline.Around(self._around())
        if words[0] == "show":
            return baseline.run_show(arguments, around)
        arguments.stages = ["instant"]
        return await baseline.hold(arguments, around)

    async def review(self, *paths: str, form: str = "json", **options: object) -> int:
        """Run `mirador review …`."""
        wishes = Wishes(format=form)  # type: ignore[arg-type] # from a parameter
        asked = Options(paths=paths, stages=("instant",), wishes=wishes, **options)  # type: ignore[arg-type]
        return await review(asked, self._around())

    def said(self) -> str:
        """What came to stdout since it was last asked."""
        text = self.stdout.getvalue()
        self.stdout.seek(0)
        self.stdout.truncate()
        return text

    def entries(self) -> list[dict[str, str]]:
        """What the baseline's file holds."""
        found: list[dict[str, str]] = json.loads((self.folder / NAME).read_text())["findings"]
        return found

    def _around(self) -> Surroundings:
        return Surroundings(
            stdout=self.stdout,
            stderr=self.stderr,
            env=own_folders(self.folder / ".own"),
            folder=self.folder,
            open_app=EngineApp(["bad", "evil", "worse"]).opened,
            gather=self._gather,
        )

    def _gather(self, paths: Sequence[str], stdin_name: str) -> Iterator[Source | Skipped]:
        return gather(paths, cwd=self.folder, stdin_name=stdin_name, stdin=io.BytesIO())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One with two files and three findings."""
    made = Desk(tmp_path)
    made.write(a="bad\nx = evil\n", b="def f():\n    worse\n")
    return made


async def test_what_is_written_is_known_and_what_comes_is_new(desk: Desk) -> None:
    """The file has no code in it; a new finding fails the check, an edit elsewhere does not."""
    assert await desk.baseline("write") == 0
    text = (desk.folder / NAME).read_text()
    assert len(desk.entries()) == 3
    assert "x = evil" not in text
    assert "message" not in text
    assert await desk.baseline("check") == 0
    desk.write(a="# a line above\n\nbad\nx = evil\n")
    assert await desk.baseline("check") == 0
    desk.write(a="bad\nx = evil\ny = evil\n")
    desk.said()
    assert await desk.baseline("check") == 1
    told = desk.said()
    assert "a.py:3:5: warning" in told
    assert "a.py:1:1" not in told
    assert "1 warning in 2 files" in told
    assert "3 known to the baseline · 1 new" in told


async def test_the_file_is_sorted_and_written_the_same_again(desk: Desk) -> None:
    """One finding to a line: a change of it can be read, and nothing changes without a reason."""
    await desk.baseline("write")
    before = (desk.folder / NAME).read_bytes()
    await desk.baseline("write")
    assert (desk.folder / NAME).read_bytes() == before
    rows = [line.strip() for line in before.decode().splitlines() if '"path"' in line]
    assert rows == sorted(rows)
    assert all(json.loads(row.rstrip(","))["path"] in {"a.py", "b.py"} for row in rows)


async def test_code_that_moves_to_another_file_stays_known(desk: Desk) -> None:
    """Of a file that is gone, and of one that is still there; a copy is new."""
    await desk.baseline("write")
    (desk.folder / "b.py").rename(desk.folder / "renamed.py")
    assert await desk.baseline("check") == 0
    desk.write(a="x = evil\n", zz="bad\n")
    desk.said()
    assert await desk.baseline("check") == 0
    assert "zz.py: ruff/bad is known from a.py" in desk.said()
    desk.write(a="bad\nx = evil\n")
    assert await desk.baseline("check") == 1


async def test_what_is_gone_is_told_and_pruned(desk: Desk) -> None:
    """By `prune` alone; what the run could not judge stays."""
    await desk.baseline("write")
    desk.write(a="bad\n")
    (desk.folder / "b.py").unlink()
    desk.said()
    assert await desk.baseline("check") == 0
    told = desk.said()
    assert f"b.py: ruff/worse is in {NAME} and not there any more." in told
    assert f"a.py: ruff/evil is in {NAME} and not there any more." in told
    assert len(desk.entries()) == 3
    assert await desk.baseline("prune") == 0
    assert [(e["path"], e["rule"]) for e in desk.entries()] == [("a.py", "ruff/bad")]
    assert "2 findings taken out" in desk.stderr.getvalue()


async def test_writing_some_files_keeps_what_is_known_of_others(desk: Desk) -> None:
    """And what other stages found."""
    await desk.baseline("write")
    model = {
        "path": "a.py",
        "rule": "model/bug",
        "severity": "warning",
        "id": "0" * 16,
        "like": "1" * 16,
    }
    document = json.loads((desk.folder / NAME).read_text())
    document["findings"].append(model)
    (desk.folder / NAME).write_text(json.dumps(document))
    desk.write(a="bad\n", b="x\n")
    assert await desk.baseline("write", "a.py") == 0
    known = [(e["path"], e["rule"]) for e in desk.entries()]
    assert known == [("a.py", "model/bug"), ("a.py", "ruff/bad"), ("b.py", "ruff/worse")]


async def test_a_baseline_knows_more_than_is_shown_of_a_file(desk: Desk) -> None:
    """The cap of findings for one file does not hold for what is known."""
    desk.write(a="".join(f"x{n} = bad\n" for n in range(80)), b="x\n")
    await desk.baseline("write")
    assert len(desk.entries()) == 80
    assert await desk.baseline("check") == 0


async def test_a_review_against_a_baseline_tells_what_came_of_it(desk: Desk) -> None:
    """As data: how many are known, which are new, what moved and what is gone."""
    await desk.baseline("write")
    desk.write(a="x = evil\nnew = worse\n", c="bad\n")
    desk.said()
    assert await desk.review(".", baseline=NAME, fail_on="new") == 1
    document = json.loads(desk.said())
    assert document["baseline"] == {
        "name": NAME,
        "known": 3,
        "new": 1,
        "moved": [{"rule": "ruff/bad", "from": "a.py", "to": "c.py"}],
        "gone": [],
    }
    assert [finding["line"] for finding in document["findings"]] == [2]
    assert document["exit_code"] == 1


@pytest.mark.parametrize(("bar", "code"), [("new", 1), ("warning", 1), ("error", 0), ("never", 0)])
async def test_the_bar_counts_what_is_not_known(desk: Desk, bar: str, code: int) -> None:
    """With a baseline known findings are below every bar."""
    desk.write(a="x\n", b="x\n")
    await desk.baseline("write")
    desk.write(a="bad\n")
    assert await desk.review(".", baseline=NAME, fail_on=bar) == code


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not valid JSON"),
        ("[]", "is no baseline of Mirador's"),
        ('{"mirador-baseline": 9, "findings": []}', "is of version 9"),
        ('{"mirador-baseline": 1}', 'has no list of "findings"'),
        ('{"mirador-baseline": 1, "findings": [7]}', "something else than a finding (number 1)"),
        ("[" * 100_000, "is not valid JSON"),
        ("\xff", "is not valid JSON"),
    ],
)
async def test_a_damaged_baseline_fails_the_run(desk: Desk, text: str, why: str) -> None:
    """Half of one would let known findings fail a run, or new ones pass."""
    (desk.folder / NAME).write_bytes(text.encode("latin-1"))
    for command in ("check", "prune", "show"):
        with pytest.raises(UserError) as raised:
            await desk.baseline(command)
        assert why in str(raised.value)
        assert raised.value.remedy == "Write it anew: mirador baseline write"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "/etc/passwd"),
        ("path", "../other/a.py"),
        ("path", ""),
        ("path", "a\0b"),
        ("path", 7),
        ("rule", "x\n::error::y"),
        ("rule", "\x1b[31m"),
        ("id", "xyz"),
        ("like", None),
        ("severity", "grave"),
    ],
)
async def test_a_hostile_entry_is_refused(desk: Desk, key: str, value: object) -> None:
    """A baseline speaks of files beside and below it, in plain words."""
    await desk.baseline("write")
    document = json.loads((desk.folder / NAME).read_text())
    document["findings"][0][key] = value
    (desk.folder / NAME).write_text(json.dumps(document))
    with pytest.raises(UserError, match=f'usable "{key}"'):
        await desk.baseline("check")


async def test_files_that_are_not_below_are_left_out_and_counted(
    desk: Desk, tmp_path: Path
) -> None:
    """A baseline with paths that lead out of its folder could not be read again."""
    below = desk.folder / "below"
    below.mkdir()
    assert await desk.baseline("write", "--file", "below/known.json") == 0
    assert "knows 0 findings now; 2 files not below it left out" in desk.stderr.getvalue()
    assert await desk.baseline("check", "--file", "below/known.json") == 1, desk.stderr.getvalue()


async def test_names_that_are_no_text_survive(desk: Desk) -> None:
    """A file may be called anything; the baseline knows it again."""
    name = b"caf\xe9\n\x1b[31m.py"
    (Path(os.fsencode(desk.folder).decode()) / os.fsdecode(name)).write_text("bad\n")
    assert await desk.baseline("write") == 0
    assert len(desk.entries()) == 4
    assert await desk.baseline("check") == 0
    desk.said()
    assert await desk.baseline("show") == 0
    assert "\x1b" not in desk.said()


async def test_a_link_is_neither_read_nor_written_through(desk: Desk) -> None:
    """A repository could point it at a file of the user's."""
    target = desk.folder / ".target"
    target.write_text("mine")
    (desk.folder / NAME).symlink_to(target)
    for command in ("check", "write"):
        with pytest.raises(UserError, match="symbolic link"):
            await desk.baseline(command)
    assert target.read_text() == "mine"


async def test_a_baseline_that_is_not_there_is_said(desk: Desk) -> None:
    """With what makes one; a folder that is not there as well."""
    for command in ("check", "prune", "show"):
        with pytest.raises(UserError) as raised:
            await desk.baseline(command)
        assert raised.value.remedy == "Write one: mirador baseline write"
    with pytest.raises(UserError, match="no folder for the baseline"):
        await desk.review(".", baseline="nowhere/known.json", fail_on="new")
    with pytest.raises(UserError, match="needs to know what is not new"):
        await desk.review(".", fail_on="new")


async def test_show_lists_what_is_known(desk: Desk) -> None:
    """In a pipe a line each, with tabs; as JSON on request."""
    await desk.baseline("write")
    desk.said()
    assert await desk.baseline("show") == 0
    assert [line.split("\t")[:3] for line in desk.said().splitlines()] == [
        ["a.py", "warning", "ruff/bad"],
        ["a.py", "warning", "ruff/evil"],
        ["b.py", "warning", "ruff/worse"],
    ]
    assert await desk.baseline("show", "--json") == 0
    assert len(json.loads(desk.said())["findings"]) == 3


async def test_rules_by_path_that_silence_nothing_are_told(desk: Desk) -> None:
    """In a run over the whole workspace alone: elsewhere there may be what they are for."""
    (desk.folder / ".mirador.toml").write_text(
        '[[rules]]\npath = "*.py"\nignore = ["ruff/bad", "S999"]\n'
        '[[rules]]\npath = "docs/**"\nignore = ["S101"]\n'
    )
    await desk.review("a.py")
    assert not [n for n in json.loads(desk.said())["notices"] if n["kind"] == "stale"]
    await desk.review(".")
    document = json.loads(desk.said())
    assert [n["message"] for n in document["notices"] if n["kind"] == "stale"] == [
        "The rules for docs/** mean no file.",
        "The rules for *.py silence nothing of S999; remove it.",
    ]
    assert [f["rule"] for f in document["findings"]] == ["ruff/evil", "ruff/worse"]
    assert [f["ignored"] for f in document["files"]] == [1, 0]


async def test_a_run_shows_so_many_findings_and_counts_the_rest(desk: Desk) -> None:
    """Those that weigh most; the exit code counts all."""
    (desk.folder / ".mirador.toml").write_text("[review]\nmax_findings = 2\n")
    assert await desk.review(".", fail_on="warning") == 1
    document = json.loads(desk.said())
    assert (len(document["findings"]), document["cut"]) == (2, 1)


async def test_copies_of_code_whose_file_is_gone_are_new(desk: Desk) -> None:
    """One of them is the one that was known, whichever comes first; the others count."""
    await desk.baseline("write")
    (desk.folder / "b.py").unlink()
    desk.write(c="def f():\n    worse\n", d="def g():\n    worse\n", e="worse\n")
    desk.said()
    assert await desk.baseline("check") == 1
    told = desk.said()
    assert "c.py: ruff/worse is known from b.py" in told
    assert "3 known to the baseline · 2 new" in told


def test_files_that_are_not_on_the_disk_can_be_held_against_a_baseline() -> None:
    """Those of a pull request: what is known of them is known, and is not taken for moved."""
    report = many_findings(2, files=2)
    known = entries_of(report, "/nowhere", None)
    files, report.files = report.files, []
    against = Against(Baseline("known.json", "/nowhere", known), report, tuple(Lens))
    for file in files:
        report.files.append(file)
        accepted = against.accepted(file.snapshot)
        assert len(accepted.ids) == 8
    assert not any(accepted.moved.values())
    compared = against.settle()
    assert (compared.known, compared.new, compared.moved, compared.gone) == (16, 0, (), ())


def test_in_a_terminal_what_is_known_is_counted_by_file_and_rule() -> None:
    """A table, and the sum below it; markup in a path stays text."""
    report = many_findings(2, files=1)
    known = entries_of(report, "/nowhere", None)
    odd = replace(known[0], path="[bold]x.py")
    stream = io.StringIO()
    baseline._draw(Baseline("known.json", "/nowhere", (*known, odd)), stream)
    shown = stream.getvalue()
    assert "[bold]x.py" in shown
    assert "9 findings in 2 files" in shown
