"""A history book that forgets everything with its process, and values for tests."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.core.answers import Turn
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.history import (
    Ending,
    Exchange,
    Extent,
    Forgotten,
    Kept,
    Kind,
    Life,
    Moment,
    Page,
    Retention,
    Selection,
    Session,
    Step,
    Surface,
    Visit,
)
from mirador_lsp.core.text import utf8

VISIT = Visit("/work", Surface.EDITOR, "vim")
URI = "file:///work/cart.py"
NOW = 1_700_000_000.0
_DAY = 86_400.0


def exchange(which: str = "e1", **more: object) -> Exchange:
    """An exchange with defaults for what a test does not speak about."""
    said: dict[str, object] = {
        "id": which,
        "kind": Kind.ASK,
        "document": URI,
        "name": "cart.py",
        "outcome": Ending.FINISHED,
        "time": NOW,
        "session": "s1",
        "question": "Why a list?",
        "response": "Because prices repeat.",
    }
    return Exchange(**(said | more))  # type: ignore[arg-type]


def life(finding: str = "f1", *steps: Step, time: float = NOW, **more: object) -> Life:
    """The life of a finding that took these steps at that time."""
    said: dict[str, object] = {
        "document": URI,
        "name": "cart.py",
        "finding": finding,
        "rule": "model/bug",
        "lens": "bug",
        "severity": "warning",
        "message": "It divides by zero.",
        "moments": tuple(Moment(step, time, "quick") for step in steps),
    }
    return Life(**(said | more))  # type: ignore[arg-type]


class FakeHistoryBook:
    """Keeps history in memory; `broken` makes it fail as a full disk would."""

    def __init__(self) -> None:
        self.broken = ""
        self.pages: list[Page] = []
        self._sessions: dict[str, Session] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._lives: dict[tuple[str, str], Life] = {}
        self._parts: dict[tuple[str, str], int] = {}
        self._memories: dict[str, Kept] = {}
        self._tended = 0.0
        self._removed = 0
        self._closed = False

    async def attend(self, visit: Visit, now: float, hours: float) -> Session:
        self._check()
        there = [s for s in self._sessions.values() if s.visit == visit]
        there = [s for s in there if s.last >= now - hours * 3600]
        found = max(there, key=lambda s: s.last, default=None)
        if found is None:
            found = Session(f"s{len(self._sessions) + 1}", visit, now, now)
        self._sessions[found.id] = found = replace(found, last=max(found.last, now))
        return self._counted(found)

    async def keep(self, page: Page) -> None:
        self._check()
        self.pages.append(page)
        if page.session is not None:
            known = self._sessions.get(page.session.id, page.session)
            last = max(known.last, page.session.last)
            self._sessions[known.id] = replace(known, last=last)
        for each in page.exchanges:
            again = self._exchanges.get(each.id)
            kept = replace(again, repeats=again.repeats + 1) if again else each
            self._exchanges[each.id] = kept
        for each_life in page.lives:
            self._go_on(each_life)
        self._memories |= {kept.id: kept for kept in page.memories}

    async def sessions(self, which: Selection, most: int) -> Sequence[Session]:
        self._check()
        name = which.session or which.id
        found = [
            self._counted(s)
            for s in self._sessions.values()
            if _within(s.last, which) and s.id.startswith(name)
        ]
        found.sort(key=lambda s: s.last, reverse=True)
        return found if most < 0 else found[:most]

    async def exchanges(self, which: Selection, most: int) -> Sequence[Exchange]:
        self._check()
        found = [e for e in self._exchanges.values() if _is_meant(e, which)]
        return sorted(found, key=lambda e: e.time, reverse=True)[:most]

    async def lives(self, which: Selection, most: int) -> Sequence[Life]:
        self._check()
        found = [each for each in self._lives.values() if self._is_of(each, which)]
        return sorted(found, key=lambda each: each.last, reverse=True)[:most]

    async def lives_of(self, document: str, ids: Sequence[str]) -> Sequence[Life]:
        self._check()
        return [e for e in self._lives.values() if e.document == document and e.finding in ids]

    async def open_lives(self, document: str) -> Sequence[Life]:
        self._check()
        return [
            replace(each, moments=())
            for each in self._lives.values()
            if each.document == document and each.moments[-1].step.leaves_open
        ]

    async def turns(self, conversation: str, session: str, most: int) -> Sequence[Turn]:
        self._check()
        said = [
            Turn(e.question, e.response)
            for e in sorted(self._exchanges.values(), key=lambda e: e.time)
            if conversation and (e.conversation, e.session) == (conversation, session)
        ]
        return said[-most:]

    async def search(self, words: str, most: int) -> tuple[Sequence[Exchange], Sequence[Life]]:
        self._check()
        wanted = words.lower().split()

        def fits(text: str) -> bool:
            return bool(wanted) and all(word in text.lower() for word in wanted)

        asked = [e for e in self._exchanges.values() if fits(f"{e.question} {e.response}")]
        lived = [replace(e, moments=()) for e in self._lives.values() if fits(e.message)]
        return asked[:most], lived[:most]

    async def meant(self, which: Selection) -> Forgotten:
        kept = (self._exchanges, self._lives, self._memories, self._sessions)
        before = [dict(each) for each in kept]
        gone = await self.forget(which)
        self._exchanges, self._lives, self._memories, self._sessions = before  # type: ignore[assignment]
        return gone

    async def forget(self, which: Selection) -> Forgotten:
        self._check()
        exchanges = {e.id for e in self._exchanges.values() if _is_meant(e, which)}
        rest = {f for e in self._exchanges.values() if e.id not in exchanges for f in e.findings}
        gone = {
            key
            for key in self._lives
            if any(key[1] in self._exchanges[i].findings for i in exchanges) and key[1] not in rest
        }
        memories = {m.id for m in self._memories.values() if m.exchange in exchanges}
        if not which.kinds:
            if not which.session:
                gone |= {k for k, each in self._lives.items() if self._is_of(each, which)}
            if not which.id:
                memories |= {m.id for m in self._memories.values() if _remembers(m, which)}
        owners = {self._exchanges[i].session for i in exchanges}
        if not (which.kinds or which.id or which.file):
            owners |= {s.id for s in await self.sessions(which, -1)}
        moments = sum(len(self._lives.pop(key).moments) for key in gone)
        for each in exchanges:
            del self._exchanges[each]
        left = {e.session for e in self._exchanges.values()}
        sessions = [self._sessions.pop(o) for o in owners - left if o in self._sessions]
        kept = tuple(self._memories.pop(m) for m in sorted(memories))
        return Forgotten(len(sessions), len(exchanges), len(gone), moments, kept)

    async def tend(self, keep: Retention, now: float) -> Forgotten | None:
        self._check()
        if abs(now - self._tended) < _DAY:
            return None
        self._tended = now
        gone = await self.forget(Selection(before=now - keep.days * _DAY))
        total = 0
        for each in await self.exchanges(Selection(), len(self._exchanges)):
            total += _size(each)
            if total > keep.most_bytes:
                more = await self.forget(Selection(id=each.id))
                gone = replace(
                    gone,
                    exchanges=gone.exchanges + more.exchanges,
                    findings=gone.findings + more.findings,
                    sessions=gone.sessions + more.sessions,
                )
        self._removed = gone.exchanges + gone.findings
        return gone

    async def extent(self) -> Extent:
        self._check()
        size = sum(map(_size, self._exchanges.values()))
        counts = (len(self._sessions), len(self._exchanges), len(self._lives))
        return Extent(*counts, size, self._tended, self._removed)

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _counted(self, session: Session) -> Session:
        count = sum(e.session == session.id for e in self._exchanges.values())
        return replace(session, exchanges=count)

    def _go_on(self, new: Life) -> None:
        key = (new.document, new.finding)
        known = self._lives.get(key)
        moments = list(known.moments) if known else []
        start = self._parts.get(key, 0)
        for moment in new.moments:
            if moment.step.decisive and (not moments or moments[-1].step is not moment.step):
                start = len(moments)
            said = [(m.step, m.stage, m.reason, m.message) for m in moments[start:]]
            if (moment.step, moment.stage, moment.reason, moment.message) not in said:
                moments.append(moment)
        self._parts[key] = start
        times = [moment.time for moment in new.moments]
        first = known.first if known else min(times, default=0.0)
        last = max([*times, known.last if known else 0.0])
        self._lives[key] = replace(new, moments=tuple(moments), first=first, last=last)

    def _is_of(self, each: Life, which: Selection) -> bool:
        if not (_within(each.last, which) and _is_about(each.name, each.document, which)):
            return False
        if which.session or which.kinds:
            about = Selection(session=which.session, kinds=which.kinds)
            meant = [e for e in self._exchanges.values() if _is_meant(e, about)]
            return any(each.finding in e.findings for e in meant)
        return each.finding.startswith(which.id)

    def _check(self) -> None:
        if self._closed or self.broken:
            raise ServiceError(self.broken or "The book is closed.")


def _size(each: Exchange) -> int:
    return len(utf8(each.question)) + len(utf8(each.response))


def _within(time: float, which: Selection) -> bool:
    early = which.before is None or time < which.before
    return early and (which.since is None or time >= which.since)


def _is_about(name: str, document: str, which: Selection) -> bool:
    ending = f"/{which.file.lstrip('/')}"
    return (
        not which.file
        or name == which.file
        or name.endswith(ending)
        or (bool(document) and document.endswith(ending))
    )


def _is_meant(each: Exchange, which: Selection) -> bool:
    return (
        _within(each.time, which)
        and _is_about(each.name, each.document, which)
        and each.session.startswith(which.session)
        and each.id.startswith(which.id)
        and (not which.kinds or each.kind in which.kinds)
    )


def _remembers(kept: Kept, which: Selection) -> bool:
    named = _within(kept.time, which) and _is_about(kept.name, f"{kept.folder}/{kept.name}", which)
    return named and kept.session.startswith(which.session)
