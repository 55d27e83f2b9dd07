"""`mirador feedback`: lessons and decisions shown, taken back, and bounded by hand."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fakes.deciding import found
from mirador_lsp.app import SystemClock, open_books
from mirador_lsp.cli.main import main
from mirador_lsp.core.feedback import Opinion, Verdict, opinion_on
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.settings import load_settings
from mirador_lsp.settings.files import read_own

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    """Runs `mirador feedback` in a home of its own: exit code, standard output and error."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["feedback", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def keep(*opinions: Opinion) -> None:
    """Put decisions into the store."""

    async def record() -> None:
        async with AsyncExitStack() as stack:
            books = open_books(load_settings(env=os.environ).paths, stack)
            for each in opinions:
                await books.feedback.record(each)

    asyncio.run(record())


def decided(finding: Finding, verdict: Verdict, count: int) -> list[Opinion]:
    """The same said of a finding in several documents, just now."""
    now = SystemClock().wall()
    return [
        opinion_on(finding, verdict, "", uri=f"file:///work/{verdict}{n}.py", time=now - n)
        for n in range(count)
    ]


UNUSED = found("`os` imported but unused", "import os", rule="ruff/F401", lens=Lens.STYLE)
ZERO = found()
SECRET = found("Hard-coded password", "p = 'x'", rule="ruff/S105", lens=Lens.SECURITY)


def facts(said: Said, *words: str) -> dict[str, object]:
    """What it says as JSON."""
    code, out, err = said(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert isinstance(told, dict)
    return told


def test_without_decisions_it_says_how_they_come_about(said: Said) -> None:
    """No file is made for that."""
    code, out, _ = said()
    assert (code, out.splitlines()[0][:26]) == (0, "nothing is learned yet: di")
    assert facts(said)["lessons"] == []
    assert not load_settings(env=os.environ).paths.store.exists()


def test_lessons_are_shown_with_what_they_follow_from(said: Said) -> None:
    """Withheld, ranked up, and what has no effect because it is about security."""
    keep(*decided(UNUSED, Verdict.DISMISSED, 4), *decided(ZERO, Verdict.ACCEPTED, 2))
    keep(*decided(SECRET, Verdict.DISMISSED, 3))
    told = facts(said)

    lessons = told["lessons"]
    assert isinstance(lessons, list)
    assert [(e["rule"], e["effect"], e["guarded"], e["reason"]) for e in lessons] == [
        ("ruff/F401", "withheld", False, "you dismissed 4 like this"),
        ("model/bug", "first", False, "you accepted 2 like this"),
        ("ruff/S105", "withheld", True, "you dismissed 3 like this"),
    ] or {e["rule"] for e in lessons} == {"ruff/F401", "model/bug", "ruff/S105"}
    assert all(len(e["decisions"]) in {2, 3, 4} for e in lessons)
    rules = told["rules"]
    assert isinstance(rules, list)
    assert rules[0] == {
        "rule": "ruff/F401",
        "decisions": {"dismissed": 4},
        "lessons_against": 1,
        "lessons_for": 0,
    }

    code, out, _ = said("show")
    assert code == 0
    assert "withheld" in out
    assert "shown: it is about security" in out
    assert "\x1b" not in out


def test_a_decision_is_undone_by_the_beginning_of_its_id(said: Said) -> None:
    """The lesson goes with it."""
    keep(*decided(UNUSED, Verdict.DISMISSED, 3))
    decisions = facts(said, "list")["decisions"]
    assert isinstance(decisions, list)
    assert len(decisions) == 3
    code, out, _ = said("undo", decisions[0]["id"][:8])

    assert (code, out) == (0, f"{decisions[0]['id']}: no longer dismissed, ruff/F401\n")
    lessons = facts(said)["lessons"]
    assert isinstance(lessons, list)
    assert [each["effect"] for each in lessons] == ["lowered"]


def test_a_rule_is_reset_and_others_stay(said: Said) -> None:
    """Asked for by --yes where nobody can be asked."""
    keep(*decided(UNUSED, Verdict.DISMISSED, 3), *decided(ZERO, Verdict.ACCEPTED, 2))
    code, _, err = said("reset", "--rule", "ruff/F401")
    assert (code, "--yes" in err) == (2, True)

    assert said("reset", "--rule", "ruff/F401", "--yes")[1] == "3 decisions taken back\n"
    assert facts(said, "list")["total"] == 2
    assert said("reset", "--all", "--yes")[1] == "2 decisions taken back\n"


def test_security_rules_are_named_by_hand(said: Said) -> None:
    """In the user's own settings file; then the lesson has its effect."""
    keep(*decided(SECRET, Verdict.DISMISSED, 3))
    assert said("allow-security", "ruff/S105")[0] == 0
    assert b'security_rules = ["ruff/S105"]' in (
        read_own(load_settings(env=os.environ).paths.config_file) or b""
    )
    (lesson,) = _list(facts(said)["lessons"])
    assert lesson["guarded"] is False

    assert said("forbid-security", "ruff/S105")[0] == 0
    (lesson,) = _list(facts(said)["lessons"])
    assert lesson["guarded"] is True


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize(
    "words",
    [
        ("undo", "ab"),
        ("undo", "zzzzzzzz"),
        ("undo",),
        ("reset",),
        ("reset", "--rule", "a/b", "--all"),
        ("reset", "--rule", "none/such", "--yes"),
        ("list", "--limit", "0"),
        ("list", "--limit", "\u0663"),
        ("allow-security", "S101"),
        ("allow-security", "ruff/\x1b[31m"),
        ("forget",),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(said: Said, words: Sequence[str]) -> None:
    """One sentence and what helps; nothing goes."""
    keep(*decided(UNUSED, Verdict.DISMISSED, 1))
    code, _, err = said(*words)
    assert code == 2
    assert "mirador" in err
    assert "\x1b" not in err
    assert facts(said, "list")["total"] == 1


def test_hostile_words_are_shown_as_plain_ones(said: Said) -> None:
    """Nothing a model wrote can act on the terminal."""
    nasty = found("red \x1b[31m and\nmore [link=x]y[/link]", "q", rule="model/bug")
    keep(*decided(nasty, Verdict.DISMISSED, 3))
    for words in ((), ("list",)):
        code, out, _ = said(*words)
        assert code == 0
        assert "\x1b" not in out
        assert "[link=x]" in out
