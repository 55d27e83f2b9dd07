"""Changing code: what can be asked for, the ladder a change must climb, and what is said meanwhile.

A change is shown to a user only after it was checked. How far it got is its rung.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit
from mirador_lsp.core.events import (
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.text import Span


class Intent(StrEnum):
    """What the change is for."""

    FIX = "fix"
    """Mend one finding."""
    DOCUMENT = "document"
    """Write the doc comment of a symbol; the code itself stays as it is."""
    TESTS = "tests"
    """Write a test file for a symbol."""
    CUSTOM = "custom"
    """What the prompt file of a user's own action asks."""


class Rung(StrEnum):
    """The steps of the ladder, lowest first. A change that fails one is not offered."""

    APPLIES = "applies"
    PARSES = "parses"
    """No place that did not parse before; for a doc comment: the code without comments is equal."""
    CLEAN = "clean"
    """The finding is gone and analyzers report nothing new."""
    NEIGHBOURS = "neighbours"
    """Other language servers report nothing new."""
    TESTS = "tests"
    """The project's tests pass."""


@dataclass(frozen=True)
class Neighbours:
    """What other language servers say of a text, compared with what they said before."""

    worse: tuple[str, ...] = ()
    """Messages that were not there before, at most a few."""


@dataclass(frozen=True)
class TestRun:
    """How a run of the project's tests ended."""

    ok: bool
    passed: int | None
    """None where the tool's output does not say."""
    output: str
    """Its end, plain, at most 4,000 characters."""
    seconds: float


AskNeighbours = Callable[[Snapshot, str], Awaitable[Neighbours | None]]
"""Compares a document with a new text for it; None where nobody can be asked."""
RunTests = Callable[[Snapshot, str], Awaitable[TestRun]]
"""Runs the tests with a document replaced by a new text. Raises `AnalyzerError` when they cannot be
run. Present only in a trusted workspace whose tests are configured."""


@dataclass(frozen=True)
class NewTests:
    """Where a new test file goes, and how the project writes its tests."""

    uri: str
    path: str
    """Absolute; nothing is there."""
    name: str
    """What a user calls it."""
    framework: str
    """"pytest", "unittest", "vitest", "jest", "mocha", "node:test", "go test"…"""
    module: str
    """How the test file refers to the code: "shop.cart", "./cart.js", "../lib/cart"."""


@dataclass(frozen=True)
class ChangeRequest:
    """Ask for a change of one document."""

    snapshot: Snapshot
    intent: Intent
    policy: ReviewPolicy
    """Its last model stage that is in `stages` writes, on the models that stage names."""
    span: Span
    """What is to be changed: the finding's place, the selection, or empty for the symbol around."""
    finding: Finding | None = None
    """For `FIX`."""
    findings: tuple[Finding, ...] = ()
    """Everything known about the document as it is: what may be there afterwards too."""
    question: str = ""
    """For `CUSTOM`: the text of the prompt file."""
    scope: str = "symbol"
    """For `CUSTOM`: what it may edit: "selection", "symbol" or "file"."""
    new_tests: NewTests | None = None
    """For `TESTS`; None where the document lies nowhere."""
    ask_neighbours: AskNeighbours | None = None
    run_tests: RunTests | None = None
    repairs: int = 2
    """Further attempts after a failed one, each told what failed."""
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True)
class Patch:
    """A checked change."""

    uri: str
    """The document, or the file to be created."""
    base_hash: str
    """`content_hash` of the snapshot it was made for; "" for a new file."""
    version: int | None
    edits: tuple[Edit, ...]
    """The smallest set; for a new file one insertion at 0."""
    title: str
    """What it does and how far it was checked: "Fix: use a bound parameter (parses, lints clean,
    12 tests pass)"."""
    rungs: tuple[Rung, ...]
    """The steps it passed, lowest first."""
    intent: Intent
    model: str
    """"" for an analyzer's own fix."""
    creates: bool = False
    """`uri` is a file that does not exist yet."""
    after: str = field(default="", repr=False)
    """The whole text with the edits made."""
    tests: TestRun | None = None
    digest: str = ""
    """Of the model's version, where there is a model."""
    basis: Span | None = None
    """The code of the snapshot that it was made from: once any of it was edited, the change is one
    of other code. None where that is just what `edits` replace."""


@dataclass(frozen=True)
class ChangeStarted:
    """Work on a change begins. Always the first event."""

    title: str
    """What it is about: "cart.py: fix ruff/S307 in Cart.total"."""


@dataclass(frozen=True)
class Attempted:
    """One attempt of the model was checked."""

    number: int
    """1 for the first."""
    reached: tuple[Rung, ...]
    failed: Rung | None
    """None when it passed everything that can be checked here."""
    why: str
    """Why it failed, one plain sentence; "" when it did not."""


@dataclass(frozen=True)
class ChangeFinished:
    """The end; the last event unless the work was cancelled."""

    patch: Patch | None
    why: str
    """Why there is no patch, one plain sentence with the remedy; "" when there is one."""
    seconds: float
    attempts: Sequence[Attempted] = ()
    notices: tuple[Notice, ...] = ()


ChangeEvent = (
    Notice
    | ChangeStarted
    | StageStarted
    | StageProgressed
    | StreamToken
    | Attempted
    | StageFinished
    | StageFailed
    | ChangeFinished
)
EmitChange = Callable[[ChangeEvent], None]
"""Called on the event loop; returns at once and never blocks."""
