"""What was asked and answered before, and the lives of findings: the values and the port.

Times are seconds since the epoch. Texts that were typed by a user, written by a model or read from
a file are kept as they were, but for what is too long; whoever shows them makes them plain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mirador_lsp.core.answers import Turn
from mirador_lsp.core.events import Notice
from mirador_lsp.core.findings import Finding


class Surface(StrEnum):
    """Through what a user works with Mirador."""

    EDITOR = "editor"
    CLI = "cli"


@dataclass(frozen=True)
class Visit:
    """Who works where."""

    workspace: str
    """Absolute path of the workspace folder; "" where there is none."""
    surface: Surface
    client: str
    """The editor's name for itself; "" where it has none."""


@dataclass(frozen=True)
class Session:
    """A stretch of work by one client in one workspace."""

    id: str
    visit: Visit
    began: float
    last: float
    """When it was last heard of."""
    exchanges: int = 0
    """How many are kept of it."""


class Kind(StrEnum):
    """What was asked for."""

    REVIEW = "review"
    EXPLAIN = "explain"
    ASK = "ask"
    ACTION = "action"
    """What the prompt file of a user's own action asks."""
    FIX = "fix"
    DOCUMENT = "document"
    TESTS = "tests"


class Ending(StrEnum):
    """How a request ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    """Cancelled, or superseded by a newer one."""
    FAILED = "failed"
    """Nothing could be said or made."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what came of it."""

    id: str
    kind: Kind
    document: str
    """URI."""
    name: str
    """What the user calls the document."""
    outcome: Ending
    time: float
    """When it was last asked for."""
    session: str = ""
    question: str = ""
    """The user's words; of an explanation what was to be explained, of a review its stages."""
    response: str = ""
    """The words of the answer, the diff of a change, the summary of a review."""
    model: str = ""
    """Who said what held in the end; "" for analyzers and facts."""
    digest: str = ""
    stages: tuple[str, ...] = ()
    """Those that ran."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    seconds: float = 0.0
    kept: bool = False
    """The answer was given before."""
    conversation: str = ""
    findings: tuple[str, ...] = ()
    """Ids of the findings that it showed or was about."""
    repeats: int = 0
    """How often the same was asked again of the same text with the same outcome."""
    cut: int = 0
    """Characters of question and response that were too many to be kept."""


class Step(StrEnum):
    """Something that happens to a finding."""

    REPORTED = "reported"
    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    WITHHELD = "withheld"
    """It holds and is not shown."""
    SHOWN = "shown"
    DISMISSED = "dismissed"
    RESTORED = "restored"
    RATED = "rated"
    """The user said whether it was worth reading."""
    SUPPRESSED = "suppressed"
    """The user had a comment written that silences it."""
    FIXED = "fixed"
    """Our fix was applied, or it went when its lines were edited."""
    EDITED = "edited"
    """The lines of an accepted fix were edited soon after."""
    UNDONE = "undone"
    """The user took an accepted fix back."""
    GONE = "gone"
    """A review did not find it any more, though its code is there."""

    @property
    def decisive(self) -> bool:
        """Whether a new part of its life begins, in which what was said before may be said anew."""
        return self in _DECISIVE

    @property
    def leaves_open(self) -> bool:
        """Whether the finding stands where this was the last that happened to it."""
        return self in _OPEN


_DECISIVE = frozenset(
    {Step.DISMISSED, Step.RESTORED, Step.FIXED, Step.EDITED, Step.UNDONE, Step.GONE}
)
_OPEN = frozenset({Step.REPORTED, Step.REVISED, Step.SHOWN, Step.RESTORED, Step.RATED, Step.UNDONE})


@dataclass(frozen=True)
class Moment:
    """One step in the life of a finding."""

    step: Step
    time: float
    stage: str = ""
    """Of the review; "" where somebody else did it."""
    reason: str = ""
    message: str = ""
    """How it was worded from then on; "" where that did not change."""
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class Life:
    """A finding of a document, and what happened to it."""

    document: str
    """URI."""
    name: str
    finding: str
    """Its id."""
    rule: str
    lens: str
    severity: str
    message: str
    symbol: str = ""
    quote: str = ""
    tool: str = ""
    stage: str = ""
    """The stage that it is of."""
    moments: tuple[Moment, ...] = ()
    """Oldest first."""
    first: float = 0.0
    last: float = 0.0
    """When it was last heard of."""


def life_of(document: str, name: str, finding: Finding, *moments: Moment) -> Life:
    """What is kept of a finding of a document, with what happened to it now."""
    return Life(
        document=document,
        name=name,
        finding=finding.id,
        rule=finding.rule,
        lens=finding.lens.value,
        severity=finding.severity.value,
        message=finding.message,
        symbol=finding.symbol,
        quote=finding.quote,
        tool=finding.origin.tool,
        stage=finding.origin.stage,
        moments=moments,
    )


@dataclass(frozen=True)
class Kept:
    """A memory that the index of a workspace was given, so that it can be taken back."""

    id: str
    folder: str
    """Of the workspace."""
    name: str
    """The file that it is about, relative to the workspace, or ""."""
    time: float
    exchange: str = ""
    """Id of the exchange that it came of; "" where that is not known."""
    session: str = ""


@dataclass(frozen=True)
class Page:
    """Things to be kept together."""

    session: Session | None = None
    """That they are of. One that was forgotten meanwhile is kept again."""
    exchanges: tuple[Exchange, ...] = ()
    lives: tuple[Life, ...] = ()
    """With the new moments alone. A step that is known in this part of a life is not kept twice."""
    memories: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Which of the things that are kept are meant; a thing has to fit everything that is said.

    Every book that keeps words or code of the user's forgets by it. A book whose rows do not know a
    session or an id forgets nothing where one is named.
    """

    before: float | None = None
    since: float | None = None
    file: str = ""
    """The name of a file as a user calls it, or the end of its path."""
    session: str = ""
    """An id, or its beginning."""
    id: str = ""
    """Of an exchange or of a finding, or the beginning of one."""
    kinds: tuple[Kind, ...] = ()
    """() for all."""


EVERYTHING = Selection()
"""All there is."""


@dataclass(frozen=True)
class Forgotten:
    """What was removed."""

    sessions: int = 0
    exchanges: int = 0
    findings: int = 0
    moments: int = 0
    memories: tuple[Kept, ...] = ()
    """What the indexes of workspaces have to forget as well."""

    @property
    def rows(self) -> int:
        """How many rows of all kinds."""
        counts = (self.sessions, self.exchanges, self.findings, self.moments)
        return sum(counts) + len(self.memories)


@dataclass(frozen=True)
class Retention:
    """For how long and up to what size history is kept."""

    days: int
    most_bytes: int
    """Of words; what else is in a row is small."""


@dataclass(frozen=True)
class Extent:
    """How much is kept."""

    sessions: int = 0
    exchanges: int = 0
    findings: int = 0
    bytes: int = 0
    """Of words."""
    tended: float = 0.0
    """When what was too old or too much was last removed; 0 for never."""
    removed: int = 0
    """How many requests and findings went then."""


class HistoryBook(Protocol):
    """Remembers what was asked, what came of it, and what became of findings.

    One writer a process; several processes; safe against a kill at any time. Raises `ServiceError`
    where it cannot be read or written.
    """

    async def attend(self, visit: Visit, now: float, hours: float) -> Session:
        """The session of a visit: the latest of the same client in the same workspace where that
        was heard of in the last `hours`, else a new one. It is on disk.
        """
        ...

    async def keep(self, page: Page) -> None:
        """Keep a page. When it returns, all of it is on disk. An exchange with a known id is the
        same one repeated.
        """
        ...

    async def sessions(self, which: Selection, most: int) -> Sequence[Session]:
        """The latest sessions, the latest first."""
        ...

    async def exchanges(self, which: Selection, most: int) -> Sequence[Exchange]:
        """The latest exchanges, the latest first."""
        ...

    async def lives(self, which: Selection, most: int) -> Sequence[Life]:
        """The findings that were last heard of, the latest first, with all their moments."""
        ...

    async def lives_of(self, document: str, ids: Sequence[str]) -> Sequence[Life]:
        """Findings of a document by their ids, with all their moments."""
        ...

    async def open_lives(self, document: str) -> Sequence[Life]:
        """Findings of a document that stand; without their moments."""
        ...

    async def turns(self, conversation: str, session: str, most: int) -> Sequence[Turn]:
        """The latest turns of a conversation that was held in a session, oldest first."""
        ...

    async def search(self, words: str, most: int) -> tuple[Sequence[Exchange], Sequence[Life]]:
        """Exchanges whose question or response holds all the words, and findings whose message
        does; what fits best first, those without their moments.
        """
        ...

    async def meant(self, which: Selection) -> Forgotten:
        """What `forget` would remove now."""
        ...

    async def forget(self, which: Selection) -> Forgotten:
        """Remove what is meant, for good. Where an exchange goes, what is only about it goes too;
        a session goes with its last exchange.
        """
        ...

    async def tend(self, keep: Retention, now: float) -> Forgotten | None:
        """Remove what is too old or too much; None where that was done less than a day ago."""
        ...

    async def extent(self) -> Extent:
        """How much is kept."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of what is held. Everything kept is on disk."""
        ...
