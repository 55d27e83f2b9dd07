"""Figures in a file: bounded, summed by day, and the same before and after that."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.metrics import DAY, NOON, request, stage_run
from fakes.stores import store_at
from mirador_lsp.core.history import EVERYTHING, Selection
from mirador_lsp.core.metrics import (
    RequestFigures,
    bucket_of,
    merged,
    quantile,
    seconds_of,
)
from mirador_lsp.store import SqliteMetricsBook


def requests(count: int, *, days: int = 10) -> Iterator[RequestFigures]:
    """Requests over some days, each a little slower than the one before."""
    for number in range(count):
        first = 0.2 + number / count
        run = stage_run(first=first, seconds=2 * first, misquoted=number % 2)
        yield request(
            "review" if number % 3 else "ask",
            NOON + DAY * (number * days // count),
            seconds=3 * first,
            stages=(run,),
        )


async def test_the_oldest_become_sums_and_nothing_is_lost(tmp_path: Path) -> None:
    """What is told of all time is the same as if every request were there."""
    everything = list(requests(2400))
    store, whole = store_at(tmp_path / "few.db"), store_at(tmp_path / "all.db")
    few, all_ = SqliteMetricsBook(store, most=300), SqliteMetricsBook(whole, most=10_000)
    for start in range(0, len(everything), 200):
        await few.record(everything[start : start + 200])
        await all_.record(everything[start : start + 200])

    assert len(await few.latest(9999)) <= 300 + 2 * 500
    assert len(await all_.latest(9999)) == 2400
    found, wanted = await few.sums(), await all_.sums()
    assert found.times == wanted.times
    assert [(s.day, s.kind, s.costs.runs, s.costs.misquoted) for s in found.stages] == [
        (s.day, s.kind, s.costs.runs, s.costs.misquoted) for s in wanted.stages
    ]
    for mine, theirs in zip(found.requests, wanted.requests, strict=True):
        assert (mine.day, mine.count, mine.findings) == (theirs.day, theirs.count, theirs.findings)
        assert mine.seconds == pytest.approx(theirs.seconds)
    await store.close()
    await whole.close()


async def test_sums_of_days_can_be_forgotten(tmp_path: Path) -> None:
    """All of them, or those of days that lie before a moment."""
    store = store_at(tmp_path / "m.db")
    book = SqliteMetricsBook(store, most=1)
    await book.record(list(requests(1200)))

    gone = await book.forget(Selection(before=NOON + 5 * DAY))
    assert gone == 600
    assert sum(each.count for each in (await book.sums()).requests) == 600
    assert await book.forget(EVERYTHING) == 600
    await store.close()
    with closing(sqlite3.connect(tmp_path / "m.db")) as connection:
        for name in ("requests", "stages", "request_days", "stage_days", "time_days"):
            (rows,) = connection.execute(f"SELECT count(*) FROM metric_{name}").fetchone()  # noqa: S608
            assert rows == 0, name


async def test_two_processes_count_into_one_file(tmp_path: Path) -> None:
    """Stages stay with their own request, whoever writes at the same time."""
    stores = [store_at(tmp_path / "m.db") for _ in range(2)]
    books = [SqliteMetricsBook(store) for store in stores]

    async def count(book: SqliteMetricsBook, model: str) -> None:
        for _ in range(40):
            await book.record([request(model, stages=(stage_run(model=model),) * 2)])

    await asyncio.gather(*(count(book, model) for book, model in zip(books, "ab", strict=True)))

    kept = await books[0].latest(100)
    assert len(kept) == 80
    assert all([run.model for run in each.stages] == [each.kind] * 2 for each in kept)
    for store in stores:
        await store.close()


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A look at figures in a home that was never used leaves it as it is."""
    store = store_at(tmp_path / "store" / "m.db")
    book = SqliteMetricsBook(store)

    await book.sums()
    await book.latest(3)
    await book.stamp()
    await store.close()

    assert not (tmp_path / "store").exists()


def test_a_median_of_buckets_is_near_the_true_one() -> None:
    """To within half the width of a bucket, from microseconds to hours."""
    for seconds in (0.00001, 0.004, 0.2, 0.7071, 1.0, 33.3, 7200.0):
        assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.0225)


def test_quantiles_come_from_merged_histograms() -> None:
    """The smallest bucket that the share does not exceed; none of nothing."""
    histogram = merged([{bucket_of(1.0): 90}, {bucket_of(1.0): 5, bucket_of(8.0): 5}])

    assert quantile(histogram, 0.5) == 1.0
    assert quantile(histogram, 0.95) == 1.0
    assert quantile(histogram, 0.96) == 8.0
    assert quantile({}, 0.5) is None
