"""What is known of each model, side by side, and the one figure that is made of it."""

from dataclasses import replace

import pytest

from fakes.behaviours import behaviour
from fakes.comparisons import compared
from fakes.feedback import opinion
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.routing import Outcome, Standing
from mirador_lsp.engine.dna.standing import Record, Share, records


def of(name: str, found: tuple[Record, ...]) -> Record:
    """The record of a model."""
    return next(record for record in found if record.model == name)


def test_every_source_adds_its_part() -> None:
    """Decisions about a model's findings, its replies beside others', its fixes, its behaviour."""
    rows = [
        compared("small", run="a", claims=4, shared=1),
        compared("small", Outcome.BROKEN, run="b", claims=0),
        compared("large", run="a", claims=1, shared=1, seconds=4.0),
    ]
    said = [
        replace(opinion("a", Verdict.ACCEPTED), tool="small"),
        replace(opinion("b", Verdict.DISMISSED), tool="small"),
        replace(opinion("c", Verdict.UNDONE), tool="small"),
        replace(opinion("d", Verdict.ACCEPTED), tool="ruff"),
    ]
    standings = [Standing("fix", "small", "d", 10, 6, 2.0), Standing("ask", "small", "d", 9, 9, 1)]

    found = records(rows, [behaviour("small")], said, standings)

    small = of("small", found)
    assert small.parts == {
        "decisions": Share(1, 2),
        "replies": Share(1, 2),
        "confirmed": Share(1, 4),
        "fixes": Share(6, 10),
        "probes": Share(4, 8),
        "agreement": Share(6, 10),
    }
    assert (small.first_token_seconds, small.tokens_per_second) == (0.5, 20.0)
    assert small.memory_bytes == 600_000_000
    assert of("large", found).tokens_per_second == pytest.approx(19 / 3.5, abs=0.05)


def test_a_model_that_was_asked_alone_shares_nothing_and_loses_nothing() -> None:
    """Where the other one had no usable reply it is the same: nobody said whether it is right."""
    rows = [
        compared("small", run="a", claims=3),
        compared("small", run="b", claims=2),
        compared("large", Outcome.BROKEN, run="b", claims=0),
    ]

    found = of("small", records(rows, [], [], []))

    assert found.confirmed == Share()
    assert found.quality == found.held.cautious


def test_the_latest_behaviour_counts() -> None:
    """They come with the latest first."""
    found = records([], [behaviour(time=2.0, found=4), behaviour(time=1.0, found=0)], [], [])

    assert of("small", found).probes == Share(6, 8)


def test_few_cases_do_not_lift_a_model_above_many() -> None:
    """One finding that was taken is less than nineteen of twenty."""
    once = Record("once", accepted=Share(1, 1))
    often = Record("often", accepted=Share(19, 20))

    assert once.quality is not None
    assert often.quality is not None
    assert once.quality < often.quality


def test_nothing_known_is_no_quality() -> None:
    """And models come with the best first, those unknown last."""
    assert Record("new").quality is None
    rows = [compared("bad", Outcome.FAILED, run=f"r{n}", claims=0) for n in range(9)]
    rows += [compared("good", run=f"r{n}", claims=0) for n in range(9)]

    assert [record.model for record in records(rows, [], [], [])] == ["good", "bad"]
