"""From files to the catalogue: which ones are new, and what is in them.

For the catalogue's thread, in small steps. Figures may be read from elsewhere. Parsing is done by
another process in between: `next_job` says what is to be cut, `put` takes in what came of it.
"""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from mirador_lsp.core.ports import Clock
from mirador_lsp.index.catalogue import Stamp
from mirador_lsp.index.cutting import Cut, TooMuch
from mirador_lsp.index.files import Entry, Files, Left, Text
from mirador_lsp.index.holding import Holding
from mirador_lsp.index.keeper import SLICE_SECONDS
from mirador_lsp.index.skips import FILE, PARTIAL_FILE, Skips

OPEN, CHANGED, RECENT = 3, 2, 1
"""Whose chunks are embedded first: files that are open, that were changed, that were changed
within the last days."""
_RECENT_SECONDS = 7 * 24 * 3600.0
_UNSETTLED_SECONDS = 2.0
"""A file that was written so shortly before it was read may be written again within the same tick
of the file system's clock, so its time proves nothing later."""
_LOOKED_AT_ONCE = 64
_REMOVED_AT_ONCE = 50
_DEADLY = 2
_POISON = "ended its reader twice"
_TOO_MUCH = "takes too much memory"
_PARTIAL = "found in part only, too long or too dense"


@dataclass(frozen=True)
class Job:
    """A file that has to be cut."""

    entry: Entry
    stamp: Stamp
    text: Text


class Reading:
    """What is to be read. One for each catalogue that is open."""

    def __init__(self, holding: Holding, files: Files, clock: Clock) -> None:
        self._holding = holding
        self._files = files
        self._clock = clock
        self._skips = Skips(holding.folder / FILE)
        self._partial = Skips(holding.folder / PARTIAL_FILE)
        """Files that are in the catalogue, but not all of them."""
        self._left: dict[str, str] = {}
        self._urgent: dict[str, Entry] = {}
        self._queue: dict[str, Entry] = {}
        self._levels: dict[str, int] = {}
        self._deaths: dict[str, int] = {}
        self._put: set[str] = set()
        """What was put into the catalogue since the last look at everything began."""
        self.too_many = False
        """The last look at everything met more than it was allowed to."""

    @property
    def waiting(self) -> int:
        """Files that still have to be read."""
        return len(self._urgent) + len(self._queue)

    @property
    def urgent(self) -> bool:
        """Whether there are some that the user has just changed."""
        return bool(self._urgent)

    def skipped(self) -> tuple[tuple[str, int], ...]:
        """Reason → number of files and folders left out, most first."""
        return tuple(Counter(tuple(self._left.values())).most_common())

    def look(self, names: Collection[str] | None, most: int) -> Iterator[None]:
        """Find out what is new, changed or gone: everywhere, or among `names`."""
        if names is None:
            self._put.clear()
        there: set[str] = set()
        left: dict[str, str] = {}
        fresh: list[Entry] = []
        with contextlib.closing(self._files.look(names, most)) as found:
            for number, each in enumerate(found, 1):
                if isinstance(each, Entry):
                    there.add(each.name)
                    self._sort(each, fresh, left)
                elif each.limit:
                    self.too_many = names is None
                    return
                else:
                    left[each.name] = each.kind
                if number % _LOOKED_AT_ONCE == 0:
                    yield
        if names is None:
            self.too_many = False
            self._left = left
            self._skips.keep_only(there.__contains__)
            self._partial.keep_only(there.__contains__)
        else:
            under = _Under(names)
            self._left = {n: kind for n, kind in self._left.items() if n not in under} | left
        self._enqueue(fresh, urgent=names is not None)
        yield from self._remove(names, there)

    def next_job(self) -> Job | None:
        """The next file that has to be cut, the urgent first. None when there is none, and now and
        then although there is: files that need not be cut are done with here, too.
        """
        end = self._clock.monotonic() + SLICE_SECONDS
        while self._urgent or self._queue:
            queue = self._urgent or self._queue
            entry = queue.pop(next(iter(queue)))
            job = self._read(entry)
            if job is not None:
                return job
            if self._clock.monotonic() >= end:
                return None
        self._skips.save()
        self._partial.save()
        return None

    def put(self, job: Job, cut: Cut | TooMuch | None) -> None:
        """Take in what came of a file; None where the process died of it."""
        if isinstance(cut, TooMuch):
            self._skip(job.entry, _TOO_MUCH)
        elif cut is None:
            self._deadly(job)
        else:
            change = self._holding.catalogue.put_file(
                job.entry.name,
                job.stamp,
                job.text.language,
                job.text.text,
                cut.chunks,
                cut.mentions,
            )
            self._holding.apply(change)
            if cut.partial:
                self._partial.add(job.entry, _PARTIAL)
            else:
                self._partial.drop(job.entry.name)
            self._done(job.entry, job.stamp)

    def opened(self, names: Iterable[str]) -> None:
        """The user looks at these files: they are read and embedded before others."""
        known = list(names)
        for name in known:
            self._levels[name] = OPEN
            if (entry := self._queue.pop(name, None)) is not None:
                self._urgent[name] = entry
        self._holding.prioritise(known, OPEN)

    def _sort(self, entry: Entry, fresh: list[Entry], left: dict[str, str]) -> None:
        stamp = self._holding.stamps.get(entry.name)
        if stamp is not None and (stamp.size, stamp.mtime_ns) == (entry.size, entry.mtime_ns):
            self._queue.pop(entry.name, None)
            if kind := self._partial.of(entry.name):
                left[entry.name] = kind
        elif kind := self._skips.why(entry):
            left[entry.name] = kind
        else:
            fresh.append(entry)

    def _enqueue(self, fresh: list[Entry], *, urgent: bool) -> None:
        recent = (self._clock.wall() - _RECENT_SECONDS) * 1e9
        # What was worked on last is likely what is worked on next.
        for entry in sorted(fresh, key=lambda each: -each.mtime_ns):
            name = entry.name
            if urgent or self._levels.get(name, 0) >= CHANGED:
                self._levels.setdefault(name, CHANGED)
                self._queue.pop(name, None)
                self._urgent[name] = entry
            else:
                if entry.mtime_ns >= recent:
                    self._levels.setdefault(name, RECENT)
                self._queue[name] = entry

    def _remove(self, names: Collection[str] | None, there: set[str]) -> Iterator[None]:
        if names is None:
            gone = [n for n in self._holding.stamps if n not in there and n not in self._put]
            self._queue = {n: entry for n, entry in self._queue.items() if n in there}
        else:
            under = _Under(names)
            gone = [n for n in self._holding.stamps if n in under and n not in there]
        for first in range(0, len(gone), _REMOVED_AT_ONCE):
            self._forget(gone[first : first + _REMOVED_AT_ONCE])
            yield

    def _forget(self, names: list[str]) -> None:
        self._holding.apply(self._holding.catalogue.remove_files(names))
        for name in names:
            self._holding.stamps.pop(name, None)

    def _read(self, entry: Entry) -> Job | None:
        now = self._clock.wall()
        text = self._files.read(entry.name)
        if isinstance(text, Left):
            self._skip(entry, text.kind)
            return None
        settled = entry.mtime_ns < (now - _UNSETTLED_SECONDS) * 1e9
        stamp = Stamp(entry.size, entry.mtime_ns if settled else 0, text.content)
        known = self._holding.stamps.get(entry.name)
        catalogue = self._holding.catalogue
        if known is not None and known.content == text.content:
            catalogue.touch(entry.name, stamp)
            self._done(entry, stamp)
        elif (change := catalogue.adopt(entry.name, stamp)) is not None:
            self._holding.apply(change)
            self._done(entry, stamp)
        else:
            return Job(entry, stamp, text)
        return None

    def _deadly(self, job: Job) -> None:
        """Once may be chance: somebody killed the process, or memory was short."""
        content = job.text.content
        self._deaths[content] = self._deaths.get(content, 0) + 1
        if self._deaths[content] < _DEADLY:
            self._queue[job.entry.name] = job.entry
        else:
            self._skip(job.entry, _POISON)

    def _done(self, entry: Entry, stamp: Stamp) -> None:
        self._holding.stamps[entry.name] = stamp
        self._put.add(entry.name)
        self._left.pop(entry.name, None)
        if kind := self._partial.of(entry.name):
            self._left[entry.name] = kind
        if level := self._levels.get(entry.name, 0):
            self._holding.catalogue.prioritise([entry.name], level)

    def _skip(self, entry: Entry, kind: str) -> None:
        self._left[entry.name] = kind
        self._skips.add(entry, kind)
        if entry.name in self._holding.stamps:
            self._forget([entry.name])


class _Under:
    """The names that are among some, or below them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        while name not in self._names:
            name, slash, _ = name.rpartition("/")
            if not slash:
                return False
        return True
