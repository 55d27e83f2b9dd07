"""What the user is told in words: a pop-up once for each cause, and a line in the client's log."""

import logging
from collections.abc import Callable
from typing import assert_never

from lsprotocol import types

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import (
    Emit,
    Event,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Notice,
    NoticeKind,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)

_log = logging.getLogger(__name__)

Tell = Callable[[types.MessageType, str], None]
"""Sends one message to the client."""


class Messages:
    """Speaks to the user of one session and remembers what it said."""

    def __init__(self, show: Tell, log: Tell, said: set[str]) -> None:
        self._show = show
        self._log = log
        self._said = said

    def listen(self, name: str) -> Emit:
        """A listener for one review. It pops up at most one message, the first that is new."""
        spoken = False

        def hear(event: Event) -> None:
            nonlocal spoken
            match event:
                case StageFailed():
                    spoken = self._failed(name, event, quiet=spoken) or spoken
                case Notice():
                    self._noticed(name, event)
                case ReviewFinished():
                    self._log(types.MessageType.Info, _summary(name, event))
                case StageFinished():
                    self._log(types.MessageType.Info, _stage_summary(name, event))
                case ReviewStarted() | StageStarted() | StageProgressed() | StreamToken():
                    pass
                case FindingReported() | FindingRevised() | FindingWithdrawn():
                    pass
                case _:
                    assert_never(event)

        return hear

    def failure(self, error: MiradorError) -> None:
        """Something the user asked for cannot be done."""
        self.once(error.remedy or str(error), types.MessageType.Error, error.sentence())

    def once(self, cause: str, kind: types.MessageType, text: str) -> bool:
        """Pop up `text` unless this cause was spoken of before. Returns whether it popped up."""
        self._log(kind, text)
        if cause in self._said:
            return False
        self._said.add(cause)
        self._show(kind, f"Mirador: {plain(text)}")
        return True

    def note(self, kind: types.MessageType, text: str) -> None:
        """A line in the client's log, without a pop-up."""
        self._log(kind, text)

    def doubtful(self, name: str, why: str) -> None:
        """A document is not reviewed because its text may not be the editor's."""
        self._log(
            types.MessageType.Warning,
            f"{name}: not reviewed, its text is in doubt ({why}); it is right again once saved",
        )

    def _failed(self, name: str, event: StageFailed, *, quiet: bool) -> bool:
        """One cause fails every model stage alike: its remedy tells causes apart."""
        text = f"{event.message} {event.remedy}".strip()
        cause = event.remedy or "a stage failed"
        if quiet:
            self._said.add(cause)
            self._log(types.MessageType.Warning, f"{name}: {event.stage}: {text}")
            return False
        return self.once(cause, types.MessageType.Warning, text)

    def _noticed(self, name: str, notice: Notice) -> None:
        """What was left out is in the log; that a part of Mirador cannot run at all pops up."""
        if notice.kind is NoticeKind.UNAVAILABLE:
            self.once(notice.message, types.MessageType.Warning, notice.message)
            return
        grave = notice.kind is NoticeKind.BROKEN
        kind = types.MessageType.Warning if grave else types.MessageType.Info
        self._log(kind, f"{name}: {notice.message}")


def _summary(name: str, event: ReviewFinished) -> str:
    if not event.reviewed:
        return f"{name}: not reviewed"
    parts = [f"{len(event.findings)} shown"]
    if event.withheld:
        parts.append(f"{len(event.withheld)} withheld as too unsure")
    if event.over_cap:
        parts.append(f"{event.over_cap} above the limit for a file")
    if event.withdrawn:
        parts.append(f"{event.withdrawn} withdrawn")
    return f"{name}: {', '.join(parts)}, in {event.seconds:.1f} s. {event.summary}".rstrip()


def _stage_summary(name: str, event: StageFinished) -> str:
    parts = [f"{name}: {event.stage} finished in {event.seconds:.1f} s"]
    if event.model:
        parts.append(event.model)
    if event.rejected:
        parts.append(f"{event.rejected} findings dropped because they do not hold")
    if event.not_reviewed:
        parts.append(f"{event.not_reviewed} units not reviewed")
    return ", ".join(parts)
