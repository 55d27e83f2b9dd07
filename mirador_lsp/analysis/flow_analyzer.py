"""The analyzer named "flow": follows data in the process that parses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis

_NAME = "flow"
LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx"})
"""Those that can be lowered."""


def usable(files: Sequence[KnowledgeFile]) -> tuple[KnowledgeFile, ...]:
    """Those of the user's files of knowledge that can be used. Without any, nothing is loaded."""
    if not files:
        return ()
    from mirador_lsp.analysis.flow.knowledge import own  # noqa: PLC0415 — the worker needs it, not we

    return own.usable(files)


def knowledge_checks(files: Sequence[KnowledgeFile]) -> tuple[Check, ...]:
    """What is to be said of the user's files of knowledge, for `mirador doctor` and the log."""
    if not files:
        return ()
    from mirador_lsp.analysis.flow.knowledge import own  # noqa: PLC0415 — as above

    return own.knowledge_checks(files)


class Follower(Protocol):
    """Who follows data."""

    async def flows(self, snapshot: Snapshot) -> Analysis:
        """What flows where. Raises `AnalyzerError` when it could not look."""
        ...


class FlowAnalyzer:
    """See `core.ports.Analyzer`."""

    def __init__(self, follower: Follower, files: Sequence[KnowledgeFile] = ()) -> None:
        """`files` are the user's of knowledge; what is wrong with them is told with every file."""
        self._follower = follower
        self._told = tuple(
            Notice(NoticeKind.SKIPPED, f"{check.detail}. {check.remedy}", stage=INSTANT)
            for check in knowledge_checks(files)
            if check.health is not Health.OK
        )

    @property
    def name(self) -> str:
        """The analyzer's name."""
        return _NAME

    def handles(self, language: str) -> bool:
        """Python, JavaScript and TypeScript."""
        return language in LANGUAGES

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """See the port."""
        found = await self._follower.flows(snapshot)
        return replace(found, notices=(*self._told, *found.notices)) if self._told else found
