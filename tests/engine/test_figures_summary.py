"""What is shown is what was counted, grouped as a user asks about it."""

import pytest

from fakes.metrics import DAY, NOON, FakeMetricsBook, request, stage_run
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.figures import FixRow, Summary
from mirador_lsp.core.metrics import (
    ChangeFigures,
    Ending,
    Energy,
    Price,
    RequestFigures,
    Surface,
)
from mirador_lsp.engine.figures.summary import Wanted, summarize

PRICE = Price("cloud", 1.0, 0.5, 4.0, "https://example.org", "2025-07-15")


async def summary(
    *requests: RequestFigures, opinions: tuple[Opinion, ...] = (), model: str = "", since: float = 0
) -> Summary:
    """What is shown of these."""
    book = FakeMetricsBook()
    await book.record(requests)
    wanted = Wanted(since, model, NOON + DAY)
    return summarize(await book.sums(since), opinions, (PRICE,), wanted, await book.latest(5))


def opinion(verdict: Verdict, number: int, *, tool: str = "ruff", lines: int = 0) -> Opinion:
    """A decision of that day."""
    return Opinion(
        "file:///a.py", f"{number:016x}", "r", verdict, "", tool, NOON + number, lines=lines
    )


async def test_of_nothing_there_is_nothing_to_show() -> None:
    """No rows, no shares of nothing, and no days."""
    shown = await summary()

    assert (shown.requests, shown.kinds, shown.stages, shown.days) == (0, (), (), ())
    assert shown.acceptance.rate is None
    assert shown.energy.measured == 0


async def test_times_are_told_by_stage_and_model() -> None:
    """Median and 95th percentile of first tokens, over all kinds of requests."""
    runs = [stage_run(first=0.5)] * 19 + [stage_run(first=8.0)]
    shown = await summary(*(request(stages=(run,)) for run in runs))

    (row,) = shown.stages
    assert (row.stage, row.model, row.costs.runs) == ("deep", "qwen2.5-coder-1.5b", 20)
    assert (row.first_token.count, row.first_token.median, row.first_token.p95) == (20, 0.5, 0.5)


async def test_reuse_and_hits_are_shares() -> None:
    """Of prompt tokens, and of questions."""
    run = stage_run(prompt_tokens=1000, cached_tokens=250, asked=3, kept=1)
    (row,) = (await summary(request(stages=(run,)))).stages

    assert (row.reuse, row.hits) == (0.25, 0.25)


async def test_only_models_of_that_name_are_shown_where_one_is_named() -> None:
    """Analyzers are none."""
    runs = (stage_run("instant", ""), stage_run("quick", "small"), stage_run("deep", "large"))
    shown = await summary(request(stages=runs), model="lar")

    assert [row.model for row in shown.stages] == ["large"]
    assert shown.here.runs == 1


async def test_days_without_requests_are_there_too() -> None:
    """So that a quiet day is seen as one."""
    shown = await summary(request(time=NOON), request(time=NOON + 3 * DAY))

    assert [day.requests for day in shown.days] == [1, 0, 0, 1]


async def test_acceptance_counts_decisions_and_lines() -> None:
    """An edited fix was accepted; undone and dismissed ones were not; other opinions are none."""
    decided = (
        opinion(Verdict.ACCEPTED, 1, lines=6),
        opinion(Verdict.EDITED, 2, lines=2),
        opinion(Verdict.UNDONE, 3, lines=4),
        opinion(Verdict.DISMISSED, 4, tool="small"),
        opinion(Verdict.HELPFUL, 5),
    )
    shown = await summary(request(), opinions=decided)

    assert (shown.acceptance.rate, shown.acceptance.line_rate) == (0.5, 0.5)
    assert [(row.tool, row.rate) for row in shown.by_tool] == [("ruff", 2 / 3), ("small", 0.0)]
    assert (shown.days[0].decided, shown.days[0].accepted) == (4, 2)


async def test_decisions_before_the_span_do_not_count() -> None:
    """They belong to the figures of then."""
    shown = await summary(request(), opinions=(opinion(Verdict.ACCEPTED, -9),), since=NOON)

    assert shown.acceptance.rate is None


async def test_changes_are_told_by_how_far_they_got() -> None:
    """Offered ones by the step they passed, others by the one they failed; stopped ones not."""
    offered = ChangeFigures(offered=True, rung="clean", attempts=1)
    failed = ChangeFigures(offered=False, rung="parses", failed="clean", attempts=3)
    shown = await summary(
        request("fix", change=offered),
        request("fix", change=offered),
        request("fix", change=failed),
        request("fix", ending=Ending.STOPPED),
        request("review"),
    )

    assert shown.fixes == (
        FixRow("fix", offered=True, rung="clean", failed="", count=2),
        FixRow("fix", offered=False, rung="parses", failed="clean", count=1),
    )


async def test_only_tokens_of_this_machine_are_saved() -> None:
    """Those of a model that code leaves the machine for were paid, or given, elsewhere."""
    here = stage_run(prompt_tokens=1_000_000, cached_tokens=0, completion_tokens=0)
    away = stage_run(model="far/large", leaves=True, prompt_tokens=500)
    shown = await summary(request(stages=(here, away)))

    assert shown.savings[0].dollars == pytest.approx(1.0)
    assert shown.away.prompt_tokens == 500


async def test_energy_is_of_the_requests_that_were_measured() -> None:
    """How many those were is told beside it."""
    shown = await summary(request(energy=Energy(3.5, "processor")), request())

    assert (shown.energy.joules, shown.energy.measured) == (3.5, 1)
    assert shown.energy.sources == ("processor",)


async def test_what_was_stopped_failed_or_computed_ahead_is_told() -> None:
    """Beside the count of all."""
    shown = await summary(request(), request(ending=Ending.STOPPED), request(surface=Surface.AHEAD))

    (row,) = shown.kinds
    assert (row.count, row.stopped, row.failed, row.ahead, row.took.count) == (3, 1, 0, 1, 2)


async def test_the_latest_request_comes_first() -> None:
    """For whoever watches."""
    shown = await summary(request("ask", NOON), request("fix", NOON + 1))

    assert [each.kind for each in shown.latest] == ["fix", "ask"]
