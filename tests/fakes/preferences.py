"""Preferences in memory."""

from collections.abc import Sequence

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.preferences import NAMES, Preference, Source, SourceKind


def preference(name: str, *values: str, kind: SourceKind = SourceKind.HAND) -> Preference:
    """One as it is kept."""
    return Preference(name, values, Source(kind, 0, 0.0, 1_700_000_000.0))


class FakePreferenceBook:
    """See `core.preferences.PreferenceBook`. `broken` makes it a full disk."""

    def __init__(self, *kept: Preference) -> None:
        self.kept = {each.name: each for each in kept}
        self.broken = ""
        self._closed = False

    async def all(self) -> tuple[Preference, ...]:
        self._check()
        return tuple(self.kept[name] for name in NAMES if name in self.kept)

    async def keep(self, preferences: Sequence[Preference]) -> None:
        self._check()
        self.kept |= {each.name: each for each in preferences}

    async def forget(self, names: Sequence[str]) -> None:
        self._check()
        for name in names:
            self.kept.pop(name, None)

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or self.broken:
            raise ServiceError(self.broken or "The book is closed.")
