"""Prefixes that stay on disk: what a model has read once, it need not read again after a restart.

The engine writes the state of its slot into a file. The file's name says what it is good for and
what it must contain: the key of the whole prefix, the key of its standing instructions, the number
of tokens of each, and a checksum of the bytes. A file that is not what its name says is removed,
never loaded: the engine would trust it.
"""

import hashlib
import os
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.models.templates import Assembled

SAVE_TOKENS = 128
"""Newly read prompt tokens from which on a prefix is worth a file."""
GAIN_TOKENS = 64
"""Tokens a file must save over what is in memory to be loaded."""
_NAME = re.compile(r"([0-9a-f]{32})-(\d+)-([0-9a-f]{16})-(\d+)-([0-9a-f]{32})\.slot")
_PART = "part-"


@dataclass(frozen=True)
class Kept:
    """A file that can be loaded, and the tokens it saves."""

    name: str
    tokens: int


class SlotFiles:
    """The prefixes of one model in one folder, which other models may share.

    `identity` names everything besides the tokens that the state depends on: the weights, the
    context size, the engine's version.
    """

    def __init__(self, folder: Path, limit_mib: int, identity: str) -> None:
        self._folder = folder
        self._limit = limit_mib * 1024 * 1024
        self._identity = identity

    def find(self, prompt: Assembled, version: str, in_memory: int) -> Kept | None:
        """The file that saves most, when `in_memory` tokens of the prompt need no reading.

        Its content has been checked. None when no file saves enough to be worth loading.
        """
        needed = in_memory + GAIN_TOKENS
        if not self._limit or prompt.prefix_end < needed:
            return None
        whole, system = self._keys(prompt, version)
        names = self._names()
        exact = [(name.string, prompt.prefix_end) for name in names if name[1] == whole]
        alike = [(name.string, prompt.system_end) for name in names if name[3] == system]
        for name, tokens in exact + alike:
            if tokens >= needed and self._sound(name):
                return Kept(name, tokens)
        return None

    def wants(self, prompt: Assembled, version: str, newly_read: int) -> bool:
        """Whether the state after this prompt should be kept."""
        if not self._limit or newly_read < SAVE_TOKENS or prompt.prefix_end < SAVE_TOKENS:
            return False
        whole, _ = self._keys(prompt, version)
        return not any(name[1] == whole for name in self._names())

    def keep(self, prompt: Assembled, version: str, save: Callable[[str], None]) -> None:
        """Let `save` write a file into the folder and take it in. Raises OSError on a full disk."""
        # One name for each identity, so that a process killed here leaves one file at most.
        part = self._folder / f"{_PART}{self._key('', ())[:16]}"
        try:
            save(part.name)
            part.chmod(0o600)
            whole, system = self._keys(prompt, version)
            name = (
                f"{whole}-{prompt.prefix_end}-{system}-{prompt.system_end}-{_checksum(part)}.slot"
            )
            part.replace(self._folder / name)
        finally:
            part.unlink(missing_ok=True)
        self._shrink()

    def discard(self, name: str) -> None:
        """Remove a file that turned out to be of no use."""
        (self._folder / name).unlink(missing_ok=True)

    def _keys(self, prompt: Assembled, version: str) -> tuple[str, str]:
        whole = self._key(version, prompt.tokens[: prompt.prefix_end])
        return whole[:32], self._key(version, prompt.tokens[: prompt.system_end])[:16]

    def _key(self, version: str, tokens: Sequence[int]) -> str:
        digest = hashlib.sha256(f"{self._identity}\0{version}\0".encode())
        digest.update(struct.pack(f"<{len(tokens)}I", *tokens))
        return digest.hexdigest()

    def _names(self) -> "list[re.Match[str]]":
        try:
            found = [_NAME.fullmatch(entry.name) for entry in os.scandir(self._folder)]
        except OSError:
            return []
        return [name for name in found if name]

    def _sound(self, name: str) -> bool:
        """Whether a file still holds what was written; touches it, so that it counts as used."""
        path = self._folder / name
        try:
            if _checksum(path) == name.removesuffix(".slot").rsplit("-", 1)[1]:
                os.utime(path)
                return True
        except OSError:
            return False
        self.discard(name)
        return False

    def _shrink(self) -> None:
        """Remove the files that were not used for longest until the rest fits the limit."""
        facts = [(entry, entry.stat()) for entry in os.scandir(self._folder) if _ours(entry.name)]
        facts.sort(key=lambda fact: fact[1].st_mtime, reverse=True)
        total = 0
        for entry, stat in facts:
            total += stat.st_size
            if total > self._limit:
                self.discard(entry.name)


def _ours(name: str) -> bool:
    return bool(_NAME.fullmatch(name))


def _checksum(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()[:32]
