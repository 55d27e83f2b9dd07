"""A project of which a test says what its files are."""

import asyncio
from collections.abc import Mapping, Sequence

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import RulesFile


class FakeProject:
    """See `core.ports.ProjectFiles`. `gate` holds every look at the disk back while cleared."""

    def __init__(
        self,
        contents: Mapping[str, str] | None = None,
        rules: Sequence[RulesFile] = (),
        *,
        folder: str = "/work",
    ) -> None:
        self.contents = dict(contents or {})
        """SHA-256 of the files as they are now, by name."""
        self.house_rules = tuple(rules)
        self.gate = asyncio.Event()
        self.gate.set()
        self._folder = folder

    def name_of(self, snapshot: Snapshot) -> str:
        inside = (snapshot.path or "").startswith(f"{self._folder}/")
        return (snapshot.path or "")[len(self._folder) + 1 :] if inside else ""

    async def rules(self) -> Sequence[RulesFile]:
        await self.gate.wait()
        return self.house_rules

    async def unchanged(self, contents: Mapping[str, str]) -> frozenset[str]:
        await self.gate.wait()
        return frozenset(
            name
            for name, digest in contents.items()
            if digest and self.contents.get(name) == digest
        )
