"""`mirador review` of what changed: the whole of Mirador but models, over real repositories."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.folders import logging_restored, own_folders
from fakes.repository import FakeDeveloper, needs_git
from mirador_lsp.cli.changed import ChangeWishes
from mirador_lsp.cli.main import main
from mirador_lsp.cli.outputs import Wishes
from mirador_lsp.cli.review import Surroundings, review
from mirador_lsp.cli.review_options import Options

pytestmark = needs_git
CART = """\
import helpers


def total(items, tax):
    if tax == None:
        return 0
    return sum(items) * tax


def load(text):
    return helpers.parse(text)
"""
TILL = """\
from cart import total

print(total([1], 2))
"""


@dataclass
class Shop:
    """A repository with two files, and the command run in it."""

    dev: FakeDeveloper
    own: Path
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    async def review(self, *paths: str, **wanted: Any) -> int:
        """Run the command without models; the exit code."""
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        form = wanted.pop("format", "json")
        lenses = wanted.pop("lenses", None)
        around = Surroundings(
            stdout=self.stdout,
            stderr=self.stderr,
            env={**own_folders(self.own), "PATH": "/usr/bin:/bin:/usr/local/bin"},
            folder=self.dev.folder,
            now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        )
        options = Options(
            paths=paths,
            stages=("instant",),
            lenses=lenses,
            change=ChangeWishes(**wanted),
            wishes=Wishes(format=form),
        )
        return await review(options, around)

    @property
    def said(self) -> dict[str, Any]:
        """The JSON document."""
        found: dict[str, Any] = json.loads(self.stdout.getvalue())
        return found

    @property
    def found(self) -> list[tuple[str, int, str]]:
        """File, line and rule of each finding."""
        return [(f["file"], f["line"], f["rule"]) for f in self.said["findings"]]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A repository with a history."""
    dev = FakeDeveloper(tmp_path / "shop")
    dev.commit({"cart.py": CART, "till.py": TILL})
    with logging_restored():
        yield Shop(dev, tmp_path / "own")


async def test_what_changed_is_told_first_and_old_findings_are_not_told(shop: Shop) -> None:
    """The comparison with None was there before; what the change breaks elsewhere is told."""
    shop.dev.write({"cart.py": CART.replace("items, tax):", "items):").replace("* tax", "== None")})

    code = await shop.review(uncommitted=True)

    assert code == 1
    assert sorted(shop.found) == [
        ("cart.py", 5, "ruff/F821"),
        ("cart.py", 7, "ruff/E711"),
        ("till.py", 3, "change/call-misfit"),
    ]
    caused = next(f for f in shop.said["findings"] if f["rule"] == "ruff/F821")
    assert caused["message"].endswith("This change has caused it.")
    overview = shop.said["overview"]
    assert (overview["title"], overview["risk"]) == ("uncommitted changes", "high")
    assert overview["sentences"][:2] == [
        "1 file: 1 changed; 2 lines added, 2 removed.",
        "With another signature: total.",
    ]


async def test_text_tells_of_the_change_before_its_findings(shop: Shop) -> None:
    """Whoever reads from the top knows what it is about."""
    shop.dev.write({"cart.py": CART + "\n\ndef late(a):\n    return a == None\n"})

    await shop.review(uncommitted=True, format="text")

    lines = shop.stdout.getvalue().splitlines()
    assert lines[0].startswith("uncommitted changes · risk low")
    assert lines[1] == "1 file: 1 changed; 4 lines added, 0 removed."
    assert any("cart.py:15:17" in line for line in lines)
    assert not any("cart.py:5:" in line for line in lines)


async def test_a_file_of_which_a_part_was_looked_at_is_not_called_clean(shop: Shop) -> None:
    """The change is; the rest of the file has findings that are not told."""
    shop.dev.write({"cart.py": CART + "\n\ndef late(a):\n    return a\n"})

    assert await shop.review(uncommitted=True) == 0
    assert [file["state"] for file in shop.said["files"]] == ["change is clean"]


async def test_a_staged_review_reads_what_is_staged(shop: Shop) -> None:
    """What the disk has besides is nobody's commit."""
    shop.dev.write({"late.py": "def f(a):\n    return a == None\n"})
    shop.dev.git("add", "late.py")
    shop.dev.write({"late.py": "def f():\n    return eval('1')\n"})

    assert await shop.review(staged=True) == 0
    assert shop.found == [("late.py", 2, "ruff/E711")]


async def test_nothing_changed_is_no_failure(shop: Shop) -> None:
    """A hook that has nothing to do is content."""
    assert await shop.review(staged=True) == 0
    assert shop.said["overview"]["sentences"] == ["Nothing changed."]


async def test_the_same_change_gives_the_same_report(shop: Shop) -> None:
    """But for the seconds it took."""
    shop.dev.write({"cart.py": CART.replace("tax", "vat"), "b.py": "eval('1')\n", "c.py": TILL})
    reports = []
    for _ in range(2):
        await shop.review(diff="HEAD")
        reports.append(re.sub(r'"(\w*seconds\w*)": [\d.]+', r'"\1": 0', shop.stdout.getvalue()))

    assert reports[0] == reports[1]
    assert shop.found


async def test_paths_ranges_and_patches(shop: Shop) -> None:
    """Each of them finds the same new line."""
    shop.dev.commit({"late.py": "eval('1')\n", "deep/more.py": "eval('2')\n"})
    (shop.dev.folder / "fix.patch").write_text(shop.dev.git("diff", "HEAD~1..HEAD") + "\n")
    expected = [("late.py", 1, "ruff/S307")]

    for wish in ({"diff": "HEAD~1..HEAD"}, {"diff": "HEAD^!"}, {"patch": "fix.patch"}):
        await shop.review("late.py", **wish)
        assert shop.found == expected, wish
    await shop.review(diff="HEAD~1")
    assert sorted(shop.found) == [("deep/more.py", 1, "ruff/S307"), *expected]


async def test_rounds_carry_over_what_still_holds(shop: Shop) -> None:
    """Only what changed since is looked at anew; what was mended is gone, over commits as well."""
    shop.dev.git("checkout", "--quiet", "-b", "feature")
    shop.dev.write({"late.py": "def f():\n    return eval('1')\n"})
    await shop.review(since="last")
    assert shop.found == [("late.py", 2, "ruff/S307")]
    assert shop.said["notices"][0]["message"].endswith("it was not reviewed before.")

    await shop.review(since="last")
    assert shop.found == [("late.py", 2, "ruff/S307")]
    assert shop.said["overview"]["sentences"] == ["Nothing changed."]

    shop.dev.commit(
        {"late.py": "# first\n\ndef f():\n    return eval('1')\n", "b.py": "eval('1')\n"}
    )
    await shop.review(since="last")
    assert sorted(shop.found) == [("b.py", 1, "ruff/S307"), ("late.py", 4, "ruff/S307")]
    assert shop.said["overview"]["sentences"][0].startswith("2 files: 1 changed, 1 new; 3 lines")

    shop.dev.write({"late.py": "# first\n\ndef f(a):\n    return int(a)\n", "b.py": None})
    await shop.review(since="last")
    assert shop.found == []

    shop.dev.git("checkout", "--quiet", "-b", "other")
    await shop.review(since="last")
    assert "not reviewed before" in shop.said["notices"][0]["message"]


async def test_what_was_not_looked_at_is_a_change_in_the_next_round_too(shop: Shop) -> None:
    """An uncommitted review is a round as well; one that is narrowed to paths is none."""
    shop.dev.write({"late.py": "eval('1')\n"})
    await shop.review("late.py", uncommitted=True)
    await shop.review(since="last")
    assert shop.said["overview"]["sentences"][0].startswith("1 file: 1 new")

    shop.dev.write({"more.py": "eval('2')\n"})
    await shop.review(uncommitted=True)
    await shop.review(since="last")
    assert shop.said["overview"]["sentences"] == ["Nothing changed."]
    assert sorted(shop.found) == [("late.py", 1, "ruff/S307"), ("more.py", 1, "ruff/S307")]


async def test_a_review_in_another_manner_is_no_round_of_this_one(shop: Shop) -> None:
    """What one lens has seen is still new to the others."""
    shop.dev.write({"late.py": "def f(a=[]):\n    return a\n"})

    await shop.review(since="last", lenses=("security",))
    assert shop.found == []

    await shop.review(since="last")
    assert shop.found == [("late.py", 1, "ruff/B006")]
    await shop.review(since="last", lenses=("security",))
    assert shop.said["overview"]["sentences"] == ["Nothing changed."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--diff", "nowhere"], "There is no revision nowhere"),
        (["--diff=--output=x"], "There is no revision"),
        (["--patch", "none.patch"], "cannot be read"),
        (["--patch", "bad.patch"], "There is no change in bad.patch"),
        (["--staged", "/etc"], "is not in"),
        (["--staged", "tlil.py"], "There is no tlil.py here"),
        (["--diff", "till.py"], "mirador review --diff -- till.py"),
        (["--diff", ""], "--diff: it is empty"),
        (["--patch", " "], "--patch: it is empty"),
        (["--pr="], "--pr: it is empty"),
        (["--baseline", "", "."], "--baseline: it is empty"),
        (["--workspace", "--staged"], "Leave out one of the two"),
        (["--workspace", "--pr", "12"], "Leave out one of the two"),
        (["--fresh", "."], "Write it with --workspace"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_the_remedy(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    """Exit code 2, nothing on stdout."""
    (shop.dev.folder / "bad.patch").write_text("no patch\n")
    _at(shop, monkeypatch, shop.dev.folder)

    assert main(["review", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_without_a_repository_or_git_it_is_one_sentence(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2."""
    empty = shop.own / "empty"
    empty.mkdir(parents=True)
    _at(shop, monkeypatch, empty)

    assert main(["review", "--staged"]) == 2
    assert "in no git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(empty))
    assert main(["review", "--staged"]) == 2
    assert "There is no git here" in capsys.readouterr().err


def _at(shop: Shop, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name, value in own_folders(shop.own).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
