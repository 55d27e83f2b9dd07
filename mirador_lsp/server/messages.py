"""What the user is told in words: a pop-up once for each cause, and a line in the client's log.

What a review says can quote code or repeat a model. Such words go to the client alone; Mirador's
own log file is told only that they were said.
"""

import logging
from collections.abc import Callable
from typing import assert_never

from lsprotocol import types

from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRevised, AnswerStarted
from mirador_lsp.core.changes import Attempted, ChangeEvent, ChangeFinished, ChangeStarted
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Hush,
    ModelAsked,
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
"""Says one line."""


class Messages:
    """Speaks to the user of one session and remembers what it said.

    `show` pops a line up in the client, `tell` writes it to the client's log alone, `note` to the
    client's log and to Mirador's log file.
    """

    def __init__(self, show: Tell, tell: Tell, note: Tell, said: set[str]) -> None:
        self._show = show
        self._tell = tell
        self._note = note
        self._said = said

    def listen(
        self, name: str, *, pops_up: bool = True
    ) -> Callable[[Event | AnswerEvent | ChangeEvent], None]:
        """A listener for one review or job. Without `pops_up` a stage that fails goes to the log
        alone: whoever asked is told of the whole outcome.
        """

        def hear(event: Event | AnswerEvent | ChangeEvent) -> None:
            match event:
                case StageFailed():
                    self._failed(name, event, pops_up=pops_up)
                case Notice():
                    self._noticed(name, event)
                case ReviewFinished():
                    self._finished(name, event)
                case StageFinished():
                    self._note(types.MessageType.Info, _stage_figures(name, event))
                case ReviewStarted() | StageStarted():
                    self._note(types.MessageType.Info, f"{name}: {_chosen(event)}")
                case AnswerFinished(seconds=seconds) | ChangeFinished(seconds=seconds):
                    self._note(types.MessageType.Info, f"{name}: ended after {seconds:.1f} s")
                case (
                    FindingReported()
                    | FindingRevised()
                    | FindingWithdrawn()
                    | EvidenceHeard()
                    | ModelAsked()
                    | StageProgressed()
                    | StreamToken()
                    | AnswerStarted()
                    | AnswerRevised()
                    | ChangeStarted()
                    | Attempted()
                ):
                    pass
                case _:
                    assert_never(event)

        return hear

    def failure(self, error: MiradorError) -> None:
        """Something the user asked for cannot be done."""
        self.once(error.remedy or str(error), types.MessageType.Error, error.sentence())

    def refusal(self, error: MiradorError) -> None:
        """What the user asked for just now cannot be done: said each time, since they wait."""
        self._note(types.MessageType.Error, error.sentence())
        self._show(types.MessageType.Error, f"Mirador: {plain(error.sentence())}")

    def once(self, cause: str, kind: types.MessageType, text: str) -> None:
        """Write `text` to both logs, and pop it up unless this cause was spoken of before."""
        self._note(kind, text)
        self._pop_up(cause, kind, text)

    def note(self, kind: types.MessageType, text: str) -> None:
        """A line in both logs, without a pop-up."""
        self._note(kind, text)

    def doubtful(self, name: str, why: str) -> None:
        """A document is not reviewed because its text may not be the editor's."""
        self._note(
            types.MessageType.Warning,
            f"{name}: not reviewed, its text is in doubt ({why}); it is right again once saved",
        )

    def _pop_up(self, cause: str, kind: types.MessageType, text: str) -> None:
        if cause not in self._said:
            self._said.add(cause)
            self._show(kind, f"Mirador: {plain(text)}")

    def _failed(self, name: str, event: StageFailed, *, pops_up: bool) -> None:
        """One cause fails every model stage alike: its remedy tells causes apart."""
        text = f"{event.message} {event.remedy}".strip()
        _log.warning("%s: %s failed", name, event.stage)
        self._tell(types.MessageType.Warning, f"{name}: {event.stage}: {text}")
        if pops_up:
            self._pop_up(event.remedy or "a stage failed", types.MessageType.Warning, text)

    def _noticed(self, name: str, notice: Notice) -> None:
        """What was left out is in the log; that a part of Mirador cannot run at all, or that code
        leaves the machine, pops up.
        """
        missing = notice.kind is NoticeKind.UNAVAILABLE
        grave = missing or notice.kind is NoticeKind.BROKEN
        kind = types.MessageType.Warning if grave else types.MessageType.Info
        where = notice.stage or "review"
        _log.info("%s: %s: %d %s", name, where, notice.count, notice.kind.value)
        about, _, rest = notice.message.partition(": ")
        # Some notices begin with the name of the document themselves.
        said = rest if rest and name.endswith(about) else notice.message
        self._tell(kind, f"{name}: {said}")
        if missing or notice.kind is NoticeKind.ELSEWHERE:
            self._pop_up(notice.message, kind, notice.message)

    def _finished(self, name: str, event: ReviewFinished) -> None:
        self._note(types.MessageType.Info, _figures(name, event))
        if event.summary:
            self._tell(types.MessageType.Info, f"{name}: {plain(event.summary)}")


def _figures(name: str, event: ReviewFinished) -> str:
    if not event.reviewed:
        return f"{name}: not reviewed"
    parts = [f"{len(event.findings)} shown"]
    if event.withheld:
        parts.append(f"{len(event.withheld)} withheld as too unsure")
    if event.suppressed:
        parts.append(f"{event.suppressed} suppressed by comments")
    if event.dismissed:
        parts.append(f"{event.dismissed} dismissed")
    if ignored := event.hushed_by(Hush.RULE):
        parts.append(f"{ignored} ignored by rules for the path")
    if learned := event.hushed_by(Hush.LEARNED):
        parts.append(f"{learned} like others that you dismissed")
    if event.over_cap:
        parts.append(f"{event.over_cap} above the limit for a file")
    if event.withdrawn:
        parts.append(f"{event.withdrawn} withdrawn")
    return f"{name}: {', '.join(parts)}, in {event.seconds:.1f} s"


def _stage_figures(name: str, event: StageFinished) -> str:
    parts = [f"{name}: {event.stage} finished in {event.seconds:.1f} s"]
    if event.model:
        parts.append(event.model)
    if event.rejected:
        parts.append(f"{event.rejected} finding{'s' * (event.rejected > 1)} dropped as unfounded")
    if event.not_reviewed:
        parts.append(f"{event.not_reviewed} unit{'s' * (event.not_reviewed > 1)} not reviewed")
    return ", ".join(parts)


def _chosen(event: ReviewStarted | StageStarted) -> str:
    """What was chosen, and why."""
    if isinstance(event, ReviewStarted):
        return f"{', '.join(event.stages)}; {plain(event.reason, 300)}"
    runs = f" on {plain(event.model, 100)}" if event.model else ""
    return f"{event.stage} runs{runs}: {plain(event.reason, 300)}"
