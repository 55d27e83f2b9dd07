"""What a workspace folder says about itself: its rules for code, and which files are as they were.

Rules are read only where the user trusts the workspace; nobody else's file tells a model how to
review. What they say is data all the same, wherever it is used.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import RulesFile
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.reading import read_bytes

RULES_FILES = (
    ".mirador/rules.md",
    "AGENTS.md",
    "CLAUDE.md",
    ".cursorrules",
    ".github/copilot-instructions.md",
    "CONTRIBUTING.md",
)
"""The most special one first."""
_MOST_RULES = 16 * 1024
"""Bytes of one file that are read on; those of more than `_LARGEST` are not rules."""
_LARGEST = 1024 * 1024
_MOST_HASHED = 4 * 1024 * 1024
_MOST_KNOWN = 4096


class ProjectFolder:
    """A workspace folder. Implements `core.ports.ProjectFiles`."""

    def __init__(self, folder: Path, *, trusted: bool) -> None:
        """`folder` is absolute; `trusted` whether the user trusts what lies in it."""
        self._folder = folder
        self._trusted = trusted
        self._digests: OrderedDict[str, tuple[tuple[int, int], frozenset[str]]] = OrderedDict()

    def name_of(self, snapshot: Snapshot) -> str:
        """See `ProjectFiles`."""
        if snapshot.path is None:
            return ""
        path = Path(snapshot.path)
        return (
            path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else ""
        )

    async def rules(self) -> Sequence[RulesFile]:
        """See `ProjectFiles`."""
        return await asyncio.to_thread(self._rules) if self._trusted else ()

    async def unchanged(self, contents: Mapping[str, str]) -> frozenset[str]:
        """See `ProjectFiles`."""
        if not contents:
            return frozenset()
        return await asyncio.to_thread(self._unchanged, dict(contents))

    def _rules(self) -> Sequence[RulesFile]:
        found: list[RulesFile] = []
        for name in RULES_FILES:
            content = self._read(name, _LARGEST)
            if isinstance(content, NoText):
                continue
            text = decode(content, "")
            if isinstance(text, str) and text.strip():
                found.append(RulesFile(name, text[:_MOST_RULES], cut=len(text) > _MOST_RULES))
        return tuple(found)

    def _unchanged(self, contents: Mapping[str, str]) -> frozenset[str]:
        return frozenset(
            name for name, digest in contents.items() if digest and digest in self._digest(name)
        )

    def _digest(self, name: str) -> frozenset[str]:
        """The digests that a file may be known by: of its bytes, and of the text they mean."""
        if not _leads_inside(name):
            return frozenset()
        try:
            facts = (self._folder / name).lstat()
        except (OSError, ValueError):
            return frozenset()
        stamp = (facts.st_mtime_ns, facts.st_size)
        known = self._digests.get(name)
        if known is not None and known[0] == stamp:
            self._digests.move_to_end(name)
            return known[1]
        content = self._read(name, _MOST_HASHED)
        digests: frozenset[str] = frozenset()
        if isinstance(content, bytes):
            text = decode(content, language_of(name))
            forms = [content]
            if isinstance(text, str):
                forms.append(text.encode("utf-8", "surrogatepass"))
            digests = frozenset(hashlib.sha256(form).hexdigest() for form in forms)
        self._digests[name] = (stamp, digests)
        while len(self._digests) > _MOST_KNOWN:
            self._digests.popitem(last=False)
        return digests

    def _read(self, name: str, max_bytes: int) -> bytes | NoText:
        return read_bytes(str(self._folder / name), max_bytes=max_bytes, follow=False)


def _leads_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts
