"""Rules by path and baselines keep findings from being shown; silences that silence nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.analyzer import FakeAnalyzer
from fakes.reviewing import end_of, python, reviewed
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    FindingReported,
    Hush,
    Notice,
    NoticeKind,
    ReviewFinished,
    StageStarted,
)
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.silence import Accepted, Silence, likeness
from mirador_lsp.core.text import Span
from mirador_lsp.settings.settings import RuleSettings, Settings

INSTANT = ("instant",)
MODEL = """
[[model]]
name = "qwen2.5-coder-0.5b"
[[reply]]
text = "- bug: This divides by the number of items, which may be zero. Code: `return a / b`"
"""
DIVIDES = "def f(a, b):\n    return a / b\n"


class _Security(FakeAnalyzer):
    """An analyzer whose findings are about security."""

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        found = await super().analyze(snapshot)
        return Analysis(tuple(replace(f, lens=Lens.SECURITY) for f in found.findings))


def ruled(**said: object) -> Settings:
    """Settings with one rule for every file."""
    return Settings(rules=(RuleSettings(**{"path": "*", **said}),))  # type: ignore[arg-type] # free keywords


async def instant(
    folder: Path,
    settings: Settings | None = None,
    *,
    text: str = "eval\n",
    accepted: Accepted | None = None,
    security: Severity | None = None,
    only: tuple[Span, ...] | None = None,
) -> ReviewFinished:
    """The end of a review by an analyzer that finds "eval"."""
    found = ["eval"]
    analyzers: Sequence[FakeAnalyzer] = [
        _Security("ruff", words=found, severity=security)
        if security is not None
        else FakeAnalyzer("ruff", words=found)
    ]
    events = await reviewed(
        python(text),
        folder,
        analyzers=analyzers,
        stages=INSTANT,
        settings=settings,
        accepted=accepted,
        only=only,
    )
    told = {event.finding.id for event in events if isinstance(event, FindingReported)}
    end = end_of(events)
    assert told == {finding.id for finding in end.findings}
    return end


@pytest.mark.parametrize("rule", ["ruff/eval", "eval", "ruff/ev*", "ruff/*", "*"])
async def test_a_rule_by_path_silences_what_it_names(tmp_path: Path, rule: str) -> None:
    """The finding is not told; it is counted, and the list says which rule it was."""
    end = await instant(tmp_path, ruled(ignore=(rule,)))

    assert end.findings == ()
    assert [(h.by, h.reason) for h in end.hushed] == [(Hush.RULE, "rules for *")]
    assert "cart.py: 1 ignored by rules for the path." in [n.message for n in end.notices]
    assert end.silences == (Silence("*", rule, used=True),)


@pytest.mark.parametrize(
    "said", [{"ignore": ("S101",)}, {"ignore": ("eval",), "path": "tests/**"}, {"ignore": ()}]
)
async def test_other_rules_and_other_paths_silence_nothing(
    tmp_path: Path, said: dict[str, object]
) -> None:
    """Neither another rule's name, nor a rule for other files."""
    end = await instant(tmp_path, ruled(**said))

    assert (len(end.findings), end.hushed) == (1, ())


async def test_a_rule_by_path_says_how_bad_a_finding_is(tmp_path: Path) -> None:
    """The later table counts more; the finding's identity stays."""
    rules = (
        RuleSettings(path="*.py", severity=("ruff/eval=error",)),
        RuleSettings(path="cart.py", severity=("ruff/*=hint",)),
    )
    (usual,) = (await instant(tmp_path)).findings
    (changed,) = (await instant(tmp_path, Settings(rules=rules))).findings

    assert (changed.severity, changed.id) == (Severity.HINT, usual.id)


@pytest.mark.parametrize("said", [{"ignore": ("*",)}, {"severity": ("eval=hint",)}])
@pytest.mark.parametrize("trusted", [True, False])
async def test_an_untrusted_rule_cannot_hide_security(
    tmp_path: Path, said: dict[str, object], trusted: bool
) -> None:
    """It stays as information that says so; what the user wrote or trusts does as it says."""
    end = await instant(tmp_path, ruled(trusted=trusted, **said), security=Severity.ERROR)

    if not trusted:
        (finding,) = end.findings
        assert finding.severity is Severity.INFORMATION
        assert finding.message.endswith("(made less of by a settings file of the workspace)")
    else:
        assert [f.severity for f in end.findings] == [Severity.HINT] * ("severity" in said)


async def test_an_untrusted_rule_may_make_security_worse(tmp_path: Path) -> None:
    """Only less is held back."""
    settings = ruled(trusted=False, severity=("eval=error",))
    (finding,) = (await instant(tmp_path, settings, security=Severity.WARNING)).findings

    assert finding.severity is Severity.ERROR


async def test_lenses_of_a_path_spare_the_models(tmp_path: Path) -> None:
    """What is looked at is said; no model is asked where no lens is left."""
    events = await reviewed(python(DIVIDES), tmp_path, MODEL, settings=ruled(lenses=("style",)))
    assert [f.lens for f in end_of(events).findings if f.lens is Lens.BUG] == []
    notes = [event.message for event in events if isinstance(event, Notice)]
    assert "cart.py: looked at under style alone: rules for *." in notes

    rules = (RuleSettings(path="*", lenses=("style",)), RuleSettings(path="*", lenses=("bug",)))
    events = await reviewed(python(DIVIDES), tmp_path, MODEL, settings=Settings(rules=rules))
    assert [event.stage for event in events if isinstance(event, StageStarted)] == ["instant"]


async def test_an_untrusted_rule_cannot_take_the_security_lens_away(tmp_path: Path) -> None:
    """Findings of analyzers under it stay."""
    settings = ruled(lenses=("style",), trusted=False)
    end = await instant(tmp_path, settings, security=Severity.WARNING)

    assert len(end.findings) == 1


async def test_a_baseline_keeps_what_it_knows_from_being_shown(tmp_path: Path) -> None:
    """By its id; another finding of the same rule is new."""
    (known,) = (await instant(tmp_path)).findings
    accepted = Accepted("known.json", frozenset({known.id}))
    end = await instant(tmp_path, text="eval\nx = eval\n", accepted=accepted)

    assert [f.span.start for f in end.findings] == [9]
    assert [(h.by, h.reason) for h in end.hushed] == [(Hush.BASELINE, "known.json")]
    assert "cart.py: 1 known to the baseline." in [n.message for n in end.notices]


async def test_code_that_moved_is_known_as_often_as_it_was(tmp_path: Path) -> None:
    """By likeness, and no more often: a copy of it is new."""
    (known,) = (await instant(tmp_path)).findings
    accepted = Accepted("known.json", moved={likeness(known): 1})
    end = await instant(tmp_path, text="eval\n\n\neval\n", accepted=accepted)

    assert (len(end.findings), len(end.hushed)) == (1, 1)


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING, Severity.INFORMATION])
async def test_a_baseline_cannot_hide_grave_security_findings(
    tmp_path: Path, severity: Severity
) -> None:
    """It comes with the code: what warns stays as information, what only informs is counted."""
    (known,) = (await instant(tmp_path, security=severity)).findings
    accepted = Accepted("known.json", frozenset({known.id}))
    end = await instant(tmp_path, accepted=accepted, security=severity)

    if severity is Severity.INFORMATION:
        assert (end.findings, len(end.hushed)) == ((), 1)
    else:
        (finding,) = end.findings
        assert finding.severity is Severity.INFORMATION
        assert finding.message.endswith("(known to the baseline)")


def stale(end: ReviewFinished) -> list[str]:
    """What a review says of silences that silence nothing."""
    return [notice.message for notice in end.notices if notice.kind is NoticeKind.STALE]


async def test_a_comment_that_silences_nothing_is_told(tmp_path: Path) -> None:
    """With its line and the rules that met nothing; one that meets something is not."""
    text = "x = 1  # mirador: ignore[ruff/S101]\ny = eval  # mirador: ignore[eval, S102]\n"
    end = await instant(tmp_path, text=text)

    assert stale(end) == [
        "cart.py: the comment on line 1 silences nothing of ruff/S101; remove it.",
        "cart.py: the comment on line 2 silences nothing of S102; remove it.",
    ]


@pytest.mark.parametrize("rule", ["model/bug", "bug", "*"])
async def test_a_comment_about_models_is_not_stale_where_none_ran(
    tmp_path: Path, rule: str
) -> None:
    """Nor is one about everything: a model might have spoken."""
    named = "" if rule == "*" else f"[{rule}]"
    end = await instant(tmp_path, text=f"x = 1  # mirador: ignore{named}\n")

    assert stale(end) == []


async def test_a_comment_about_models_is_stale_where_they_ran(tmp_path: Path) -> None:
    """All of them, over all of the file."""
    text = "def g(a):\n    return a  # mirador: ignore[model/bug]\n" + DIVIDES
    end = end_of(await reviewed(python(text), tmp_path, MODEL, words=[]))

    assert len(stale(end)) == 1


async def test_nothing_is_stale_where_only_a_part_was_looked_at(tmp_path: Path) -> None:
    """Neither in a review of some places, nor under some lenses, nor of a file that is broken."""
    text = "x = 1  # mirador: ignore[S101]\n"
    only = await instant(tmp_path, text=text, only=(Span(0, 3),))
    narrow = Settings(review=replace(Settings().review, lenses=("bug",)))
    lensed = await instant(tmp_path, narrow, text=text)

    assert stale(only) == stale(lensed) == []


async def test_many_stale_comments_are_told_in_few_lines(tmp_path: Path) -> None:
    """Twenty, and how many more there are."""
    text = "".join(f"x{n} = 1  # mirador: ignore[S{n}]\n" for n in range(50))
    said = stale(await instant(tmp_path, text=text))

    assert len(said) == 21
    assert said[-1] == "cart.py: 30 more comments silence nothing."


async def test_rules_say_whether_they_met_anything(tmp_path: Path) -> None:
    """As far as the stages that ran can tell: nothing is said of a model's rule without one."""
    settings = ruled(ignore=("S101", "model/bug"), severity=("eval=hint",))
    end = await instant(tmp_path, settings)

    assert end.silences == (Silence("*", "S101", used=False), Silence("*", "eval", used=True))
