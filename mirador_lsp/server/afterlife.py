"""What becomes of fixes that the client has made: kept, edited afterwards, or taken back.

A fix is watched until its document is closed. That its text is again what it was before is an undo;
that its lines read otherwise at the next save, or within ten minutes, is an edit.
"""

import asyncio
import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.feedback import Particulars, Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server import carry
from mirador_lsp.server.apphost import AppHost
from mirador_lsp.server.messages import Messages
from mirador_lsp.server.offers import Offer

WATCH_SECONDS = 600.0
"""How long edits of a fix's lines say something about the fix."""
_MOST_WATCHED = 32
_MOST_OFFERED = 64
"""Of one document."""


@dataclass(frozen=True)
class _Offered:
    """A fix that the client was given and may make without a word."""

    before: Snapshot
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    title: str

    @property
    def length(self) -> int:
        """Of the text, once it is made."""
        grown = sum(len(e.text) - (e.span.end - e.span.start) for e in self.edits)
        return len(self.before.text) + grown


@dataclass(eq=False)
class _Watched:
    """A fix that was made."""

    before: Snapshot
    after: str
    findings: tuple[Finding, ...]
    title: str
    stands: bool = True
    """It was not taken back."""
    made: bool = False
    """The text was seen to be another one than before."""
    judged: bool = False
    """What became of its lines was told; or its time is over."""
    lines: tuple[str, str] = field(default=("", ""), repr=False)
    """What it changed, whole lines without white space: as they were, and as it made them."""


class Afterlife:
    """Belongs to one session. Nothing of it may fail or delay an edit."""

    def __init__(
        self,
        apps: AppHost,
        supervisor: Supervisor,
        messages: Messages,
        text_of: Callable[[str], str | None],
    ) -> None:
        """`text_of` gives the text of an open document."""
        self._apps = apps
        self._supervisor = supervisor
        self._messages = messages
        self._text_of = text_of
        self._offered: dict[str, list[_Offered]] = {}
        self._watched: dict[str, list[_Watched]] = {}

    def offered(
        self, before: Snapshot, edits: Iterable[Edit], findings: Sequence[Finding], title: str
    ) -> None:
        """The client was given a fix with the edits themselves."""
        known = self._offered.setdefault(before.uri, [])
        known[:] = [each for each in known if each.before.text == before.text]
        offer = _Offered(before, tuple(edits), tuple(findings), title)
        if findings and offer not in known:
            known.append(offer)
        del known[:-_MOST_OFFERED]

    def noting(self, before: Snapshot, offers: Iterable[Offer]) -> Iterator[Offer]:
        """The same offers; a fix among them that the client makes will be known again."""
        for offer in offers:
            if offer.fix is not None and offer.finding is not None:
                self.offered(before, offer.fix.edits, [offer.finding], offer.fix.title)
            yield offer

    def accepted(
        self, before: Snapshot, after: str, findings: Sequence[Finding], title: str
    ) -> None:
        """The client has made a fix, or is about to."""
        if not findings or before.text == after:
            return
        self._offered.pop(before.uri, None)
        watched = _Watched(before, after, tuple(findings), title)
        watched.lines = _changed_lines(before, after)
        known = self._watched.setdefault(before.uri, [])
        known.append(watched)
        del known[:-_MOST_WATCHED]
        self._opine(watched, Verdict.ACCEPTED)
        asyncio.get_running_loop().call_later(WATCH_SECONDS, self._over, watched)
        self.changed(before.uri)

    def changed(self, uri: str) -> None:
        """The text of a document changed."""
        offers, watched = self._offered.get(uri), self._watched.get(uri)
        if not offers and not watched:
            return
        text = self._text_of(uri)
        if text is None:
            return
        for each in watched or ():
            self._compare(each, text)
        if not offers or text == offers[0].before.text:
            return
        del self._offered[uri]
        for offer in offers:
            if offer.length == len(text) and apply(offer.before.text, offer.edits) == text:
                self.accepted(offer.before, text, offer.findings, offer.title)
                return

    def saved(self, uri: str) -> None:
        """A document was saved: what its text says now, the user means."""
        self._judge(uri, self._watched.get(uri, ()))

    def closed(self, uri: str) -> None:
        """A document is about to be closed."""
        self._judge(uri, self._watched.pop(uri, ()))
        self._offered.pop(uri, None)

    def _compare(self, watched: _Watched, text: str) -> None:
        if text == watched.before.text:
            if watched.made and watched.stands:
                watched.stands = False
                self._opine(watched, Verdict.UNDONE)
            return
        watched.made = True
        if not watched.stands and text == watched.after:
            watched.stands = True
            self._opine(watched, Verdict.ACCEPTED)

    def _judge(self, uri: str, fixes: Iterable[_Watched]) -> None:
        text: str | None = None
        for watched in fixes:
            if watched.judged or not watched.stands:
                continue
            if text is None:
                text = _squeezed(self._text_of(uri) or "")
            old, new = watched.lines
            if new in text:
                continue
            watched.judged = True
            back = bool(old) and old in text
            watched.stands = not back
            self._opine(watched, Verdict.UNDONE if back else Verdict.EDITED)

    def _over(self, watched: _Watched) -> None:
        """From now on edits say nothing about the fix; that it is undone still does."""
        uri = watched.before.uri
        if watched in self._watched.get(uri, ()):
            self._judge(uri, [watched])
        watched.judged = True

    def _opine(self, watched: _Watched, verdict: Verdict) -> None:
        if not self._supervisor.closed:
            self._supervisor.start(self._record(watched, verdict), "decision")

    async def _record(self, watched: _Watched, verdict: Verdict) -> None:
        before = watched.before
        try:
            app = await self._apps.get()
            # In a thread: the difference of two long texts takes its time.
            change = await asyncio.to_thread(_difference, before, watched.after)
            marks = [line[:1] for line in change.splitlines()[2:]]
            written = sum(mark in {"+", "-"} for mark in marks)
            more = Particulars(language=before.language, lines=written, change=change)
            for finding in watched.findings:
                await app.opine(before.uri, finding, verdict, watched.title, more)
        except MiradorError as error:
            self._messages.once("decisions", types.MessageType.Warning, error.sentence())


def _changed_lines(before: Snapshot, after: str) -> tuple[str, str]:
    """What differs, as it was and as it is, without white space: formatters move that."""
    now = Snapshot(before.uri, before.name, before.language, after)
    new, old = carry.edited(before, now), carry.edited(now, before)
    return (
        _squeezed(before.text[old.start : old.end]) if old is not None else "",
        _squeezed(after[new.start : new.end]) if new is not None else "",
    )


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _difference(before: Snapshot, after: str) -> str:
    old, new = before.text.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, before.name, before.name)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
