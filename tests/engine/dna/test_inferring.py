"""What is inferred from decisions, from how many, and how sure it is."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from fakes.feedback import opinion
from fakes.preferences import preference
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.history import Ending, Exchange, Kind, Life
from mirador_lsp.core.preferences import SourceKind
from mirador_lsp.engine.dna.deciding import leaning, to_replay
from mirador_lsp.engine.dna.inferring import SURE, Past, infer, proposals

NOW = 1_800_000_000.0


def decisions(accepted: int, dismissed: int, **facts: object) -> list[Opinion]:
    """So many findings that the user took, and so many they turned down."""
    verdicts = [Verdict.ACCEPTED] * accepted + [Verdict.DISMISSED] * dismissed
    made = [
        opinion(f"f{number}", verdict, uri=f"file:///work/{number % 4}.py")
        for number, verdict in enumerate(verdicts)
    ]
    return [replace(each, **facts) for each in made]  # type: ignore[arg-type] # a test's own


def exchanges(
    kind: Kind, count: int, outcome: Ending = Ending.FINISHED, question: str = ""
) -> list[Exchange]:
    """Requests of the past."""
    return [
        Exchange(
            id=f"{kind}{number}",
            kind=kind,
            document=f"file:///work/{number}.py",
            name=f"{number}.py",
            outcome=outcome,
            time=1.0,
            question=question,
        )
        for number in range(count)
    ]


def values(past: Past) -> dict[str, tuple[str, ...]]:
    """What is inferred, by name."""
    return {each.preference.name: each.preference.values for each in infer(past, NOW)}


def test_nobody_and_a_few_decisions_prefer_nothing() -> None:
    """Nine of nine say no more than chance may."""
    assert infer(Past(), NOW) == ()
    assert values(Past(opinions=decisions(0, 9))) == {}


@pytest.mark.parametrize(
    ("accepted", "dismissed", "evidence"),
    [(2, 18, "high"), (10, 10, None), (8, 12, None), (20, 0, "low"), (15, 5, None)],
)
def test_who_turns_most_down_wants_evidence(
    accepted: int, dismissed: int, evidence: str | None
) -> None:
    """And who takes almost all wants to see more; in between nothing follows."""
    found = values(Past(opinions=decisions(accepted, dismissed)))

    assert found.get("evidence") == ((evidence,) if evidence else None)


def test_an_inference_says_from_how_many_and_how_sure() -> None:
    """With the figures in words."""
    (found,) = infer(Past(opinions=decisions(2, 18)), NOW)

    source = found.preference.source
    assert (source.kind, source.decisions, source.time) == (SourceKind.INFERRED, 20, NOW)
    assert SURE <= source.sureness <= 1
    assert found.why == "you turned down 18 of 20 findings that you decided about"


def test_more_decisions_are_surer() -> None:
    """Of the same share."""
    few, many = (
        infer(Past(opinions=decisions(n, 4 * n)), NOW)[0].preference.source.sureness
        for n in (4, 40)
    )

    assert few < many


@pytest.mark.parametrize(
    ("accepted", "dismissed", "depth"), [(18, 2, "deep"), (2, 18, "shallow"), (10, 10, None)]
)
def test_depth_follows_what_came_of_the_later_stages(
    accepted: int, dismissed: int, depth: str | None
) -> None:
    """Of findings whose stage is known; those of the quick stage say nothing."""
    said = decisions(accepted, dismissed)

    def lives(stage: str) -> list[Life]:
        return [
            Life(
                document=each.uri,
                name="x.py",
                finding=each.finding_id,
                rule=each.rule,
                lens="bug",
                severity="warning",
                message="m",
                stage=stage,
            )
            for each in said
        ]

    found = values(Past(opinions=said, lives=lives("deep")))
    assert found.get("depth") == ((depth,) if depth else None)
    assert "depth" not in values(Past(opinions=said, lives=lives("quick")))


def test_who_stops_answers_is_in_a_hurry() -> None:
    """Reviews that a later save superseded say nothing."""
    stopped = exchanges(Kind.ASK, 12, Ending.STOPPED)
    finished = exchanges(Kind.EXPLAIN, 3)

    assert values(Past(exchanges=[*stopped, *finished]))["pace"] == ("fast",)
    assert "pace" not in values(Past(exchanges=exchanges(Kind.REVIEW, 40, Ending.STOPPED)))
    assert "pace" not in values(Past(exchanges=[*stopped[:3], *exchanges(Kind.ASK, 20)]))


@pytest.mark.parametrize(
    ("questions", "verbosity"),
    [
        (["shorter please", "In short: why?", "tl;dr", "one sentence, please"], "terse"),
        (["Explain in detail", "more details", "go deeper", "step by step?"], "detailed"),
        (["shorter", "in detail", "shorter", "elaborate"], None),
        (["What is this?", "Why?", "Is it sorted?"], None),
    ],
)
def test_verbosity_follows_what_is_asked_for_in_words(
    questions: list[str], verbosity: str | None
) -> None:
    """Contradictions and other questions say nothing."""
    past = [each for text in questions for each in exchanges(Kind.ASK, 1, question=text)]

    assert values(Past(exchanges=past)).get("verbosity") == ((verbosity,) if verbosity else None)


def test_frameworks_are_those_that_several_files_name() -> None:
    """Words of every day are none, and neither is what stands in one file alone."""
    said = decisions(4, 0, quote="from django.db import models  # express the rails")
    alone = [replace(opinion("x", Verdict.ACCEPTED), quote="import celery")]

    assert values(Past(opinions=[*said, *alone]))["frameworks"] == ("django",)


def test_expertise_is_a_language_with_many_decisions_and_few_explanations() -> None:
    """In several files."""
    said = decisions(12, 10, language="python")
    asked = exchanges(Kind.EXPLAIN, 4) * 3

    assert values(Past(opinions=said))["expertise"] == ("python",)
    assert "expertise" not in values(Past(opinions=said, exchanges=asked))
    assert "expertise" not in values(Past(opinions=decisions(9, 9, language="python")))


def test_what_was_set_by_hand_is_shown_but_stays() -> None:
    """What was inferred before and does not follow any more lapses; what holds already is not
    told.
    """
    found = infer(Past(opinions=decisions(2, 18)), NOW)
    by_hand = preference("evidence", "low")
    lapsed = preference("pace", "fast", kind=SourceKind.INFERRED)

    told = proposals(found, [by_hand, lapsed])

    assert [(each.name, each.by_hand) for each in told] == [("pace", False), ("evidence", True)]
    assert told[0].inference is None
    assert proposals(found, [found[0].preference]) == ()


@pytest.mark.parametrize(
    ("verdict", "rating", "right"),
    [
        (Verdict.ACCEPTED, 0, True),
        (Verdict.EDITED, 0, True),
        (Verdict.HELPFUL, 0, True),
        (Verdict.DISMISSED, 0, False),
        (Verdict.UNHELPFUL, 0, False),
        (Verdict.RATED, 5, True),
        (Verdict.RATED, 3, None),
        (Verdict.RATED, 1, False),
        (Verdict.UNDONE, 0, None),
        (Verdict.SUPPRESSED, 0, None),
        (Verdict.RESTORED, 0, None),
    ],
)
def test_what_a_verdict_says_of_a_finding(
    verdict: Verdict, rating: int, right: bool | None
) -> None:
    """That a fix was taken back says nothing of the finding."""
    assert leaning(replace(opinion(verdict=verdict), rating=rating)) is right


@pytest.mark.parametrize(
    ("accepted", "dismissed", "most", "chosen"),
    [(30, 30, 10, (5, 5)), (2, 30, 10, (2, 8)), (30, 0, 10, (10, 0)), (2, 1, 10, (2, 1))],
)
def test_decisions_are_put_again_in_equal_parts(
    accepted: int, dismissed: int, most: int, chosen: tuple[int, int]
) -> None:
    """As far as there are enough of both; never more than asked for."""
    said = decisions(accepted, dismissed, message="m", quote="q")

    found = to_replay(said, most)
    assert (_count(found, right=True), _count(found, right=False)) == chosen
    assert to_replay(decisions(3, 3), most) == ()


def _count(found: Iterable[tuple[Opinion, bool]], *, right: bool) -> int:
    return sum(each is right for _, each in found)
