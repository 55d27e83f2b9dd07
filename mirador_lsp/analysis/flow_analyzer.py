"""The analyzer named "flow": follows data in the process that parses."""

from typing import Protocol

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.ports import Analysis

_NAME = "flow"
LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx"})
"""Those that can be lowered."""


class Follower(Protocol):
    """Who follows data."""

    async def flows(self, snapshot: Snapshot) -> Analysis:
        """What flows where. Raises `AnalyzerError` when it could not look."""
        ...


class FlowAnalyzer:
    """See `core.ports.Analyzer`."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    @property
    def name(self) -> str:
        """The analyzer's name."""
        return _NAME

    def handles(self, language: str) -> bool:
        """Python, JavaScript and TypeScript."""
        return language in LANGUAGES

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """See the port."""
        return await self._follower.flows(snapshot)
