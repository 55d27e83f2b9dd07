"""What each of ruff's rules means here: the table in `ruff_map.toml`, read and asked."""

import tomllib
from dataclasses import dataclass
from importlib import resources

import msgspec

from mirador_lsp.core.findings import Lens, Severity


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the findings of some rules are shown."""

    codes: tuple[str, ...]
    """Prefixes of rule codes."""
    lens: Lens
    severity: Severity
    confidence: float
    why: str
    cwe: str | None = None
    when: str = ""
    """Only for findings whose message holds this text."""
    covers: tuple[str, ...] = ()
    """Codes that say the same about the same line."""


class _Off(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codes: tuple[str, ...]
    why: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target_version: str
    map: tuple[Meaning, ...]
    off: tuple[_Off, ...]


@dataclass(frozen=True)
class RuffMap:
    """The table of ruff's rules."""

    target_version: str
    """The Python version whose syntax is accepted, as ruff spells it."""
    meanings: tuple[Meaning, ...]
    off: tuple[str, ...]
    """Prefixes of codes that are left out."""

    def meaning(self, code: str, message: str = "") -> Meaning | None:
        """What a finding with this code and message means; None when it is not to be shown."""
        best: Meaning | None = None
        best_rank = (-1, False)
        for entry in self.meanings:
            if entry.when not in message:
                continue
            rank = (_longest(entry.codes, code), entry.when != "")
            if rank > best_rank:
                best, best_rank = entry, rank
        return best if best_rank[0] > _longest(self.off, code) else None

    def knows(self, code: str) -> bool:
        """Whether somebody decided about the code, for or against."""
        return self.meaning(code) is not None or _longest(self.off, code) >= 0

    def selected(self) -> tuple[str, ...]:
        """What to give to `--select`."""
        return tuple(
            sorted({c for m in self.meanings for c in m.codes if not c.startswith("invalid")})
        )

    def ignored(self) -> tuple[str, ...]:
        """What to give to `--ignore`: exceptions inside a selected prefix."""
        selected = self.selected()
        return tuple(c for c in sorted(self.off) if any(c.startswith(s) for s in selected))

    def grave(self) -> tuple[str, ...]:
        """Codes of security rules that a comment in the file must not hide."""
        return tuple(
            sorted(
                {
                    c
                    for m in self.meanings
                    for c in m.codes
                    if m.lens is Lens.SECURITY and m.severity.at_least(Severity.WARNING)
                }
            )
        )


def load_ruff_map() -> RuffMap:
    """The packaged table. Raises msgspec.ValidationError or TOMLDecodeError when it is wrong."""
    source = resources.files(__package__).joinpath("ruff_map.toml").read_text("utf-8")
    table = msgspec.convert(tomllib.loads(source), _Table)
    off = tuple(code for entry in table.off for code in entry.codes)
    return RuffMap(table.target_version, table.map, off)


def _longest(prefixes: tuple[str, ...], code: str) -> int:
    """Length of the longest prefix of `code` among `prefixes`; -1 when there is none.

    Letters name ruff's linters, so "S" is no prefix of "SIM101".
    """
    family = code.rstrip("0123456789")
    return max(
        (len(p) for p in prefixes if code.startswith(p) and len(p) >= len(family)), default=-1
    )
