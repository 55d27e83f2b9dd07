"""The order and the time of a run over many files: of a whole workspace, or within a budget."""

import asyncio
import hashlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mirador_lsp.app import Journal, Skipped, Source, SystemClock
from mirador_lsp.cli.batch import Shape, as_it_is
from mirador_lsp.cli.course import Course
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.engine.priority import Ranked
from mirador_lsp.settings import Paths
from mirador_lsp.settings.paths import private_folder

_log = logging.getLogger(__name__)

Entries = Iterator[Source | Skipped]
Say = Callable[[str], None]


class Orders(Protocol):
    """What knows the risk of files."""

    async def in_order_of_risk(
        self, folder: Path, snapshots: Sequence[Snapshot]
    ) -> tuple[Sequence[Ranked], tuple[str, ...]]:
        """The files, riskiest first, and in sentences what does not count."""
        ...


@dataclass(frozen=True)
class Plan:
    """What is reviewed in which order, and how long it may take."""

    entries: Entries
    course: Course
    end: Callable[[], None]
    """To be called when the run came to its end."""
    shape: Shape = as_it_is
    """What becomes of the request for each file."""


async def plan_for_time(entries: Entries, budget: float) -> Plan:
    """A run that has so many seconds: how many files share them has to be known first."""
    course = Course(time.monotonic, budget)
    listed = await asyncio.to_thread(list, entries)
    course.expect(entry.snapshot for entry in listed if isinstance(entry, Source))
    return Plan(iter(listed), course, lambda: None)


async def plan_workspace(
    app: Orders,
    entries: Entries,
    folder: Path,
    budget: float,
    paths: Paths,
    policy: ReviewPolicy,
    *,
    fresh: bool,
    say: Say,
) -> Plan:
    """A run over a whole workspace folder, the riskiest files first.

    One that was interrupted is gone on with unless it is to be `fresh`: files that are done come
    last, or a run of few seconds would never come further, and cost little, because what models
    said of them is kept. `say` is told what a user should know before it begins.
    """
    course = Course(time.monotonic, budget)
    listed = await asyncio.to_thread(list, entries)
    sources = {entry.snapshot.uri: entry for entry in listed if isinstance(entry, Source)}
    ranked, wanting = await app.in_order_of_risk(folder, [s.snapshot for s in sources.values()])
    for sentence in wanting:
        _log.info("%s", sentence)
    journal = Journal(
        paths.state / "reviews", folder, _manner(policy), SystemClock().wall(), private_folder
    )
    known = await asyncio.to_thread(_known, journal, sources, fresh=fresh)
    if known:
        count = f"{len(known)} of {len(sources)} files are done"
        say(f"going on with the review that was interrupted: {count} (--fresh begins anew)")
    ordered = sorted((each.snapshot.uri for each in ranked), key=lambda uri: uri in known)
    _tell_first(ranked, known, say)
    course.known = frozenset(known)
    course.expect(sources[uri].snapshot for uri in ordered)
    noted = _Noting(journal)
    course.noted = noted
    skipped = [entry for entry in listed if isinstance(entry, Skipped)]
    in_order: Entries = itertools.chain(skipped, (sources[uri] for uri in ordered))
    return Plan(in_order, course, lambda: None if course.unfinished else journal.end())


class _Noting:
    """Writes down every file that was reviewed whole; a disk that is full is told in the log."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._broken = False

    async def __call__(self, file: FileReport) -> None:
        whole = file.reviewed and not file.failed_stages
        if self._broken or not whole or any(stage.not_reviewed for stage in file.stages):
            return
        try:
            await asyncio.to_thread(
                self._journal.note, file.snapshot.uri, file.snapshot.content_hash
            )
        except ServiceError as error:
            self._broken = True
            _log.warning("%s", error.sentence())


def _known(journal: Journal, sources: Mapping[str, Source], *, fresh: bool) -> set[str]:
    """URIs of files that are done and unchanged; where there are none, a journal is begun."""
    done = {} if fresh else journal.done()
    known = {
        uri for uri, source in sources.items() if done.get(uri) == source.snapshot.content_hash
    }
    if not known:
        try:
            journal.begin()
        except (ServiceError, UserError) as error:
            _log.warning("%s", error.sentence())
    return known


def _tell_first(ranked: Sequence[Ranked], known: set[str], say: Say) -> None:
    first = next((r for r in ranked if r.snapshot.uri not in known and r.why), None)
    if first is not None:
        say(f"riskiest first: {first.snapshot.name} ({first.why})")


def _manner(policy: ReviewPolicy) -> str:
    """How files are reviewed: a run in another manner is another run."""
    said = repr((policy.stages, policy.lenses, policy.panel, policy.models))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
