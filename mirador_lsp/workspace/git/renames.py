"""Which new file is an old one under another name."""

from collections import defaultdict
from collections.abc import Mapping

from mirador_lsp.workspace.git.lines import likeness

_ENOUGH = 0.5
"""So much of two texts has to be the same."""
_MOST_PAIRS = 40_000
_MOST_CHARACTERS = 400_000


def renamed(gone: Mapping[str, str], come: Mapping[str, str]) -> dict[str, str]:
    """New name → old name, from the texts of files that are gone and of those that are new.

    Equal texts first, then the likest; each file is used once. The empty text is like nothing.
    """
    found = _equal(gone, come)
    left = {name: text for name, text in gone.items() if name not in found.values()}
    rest = {name: text for name, text in come.items() if name not in found and text.strip()}
    if len(left) * len(rest) > _MOST_PAIRS:
        return found
    pairs = [
        (share, new, old)
        for new, text in rest.items()
        for old, before in left.items()
        if _comparable(text, before) and (share := likeness(before, text)) >= _ENOUGH
    ]
    used: set[str] = set()
    for _, new, old in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if new not in found and old not in used:
            found[new] = old
            used.add(old)
    return found


def _equal(gone: Mapping[str, str], come: Mapping[str, str]) -> dict[str, str]:
    by_text: dict[str, list[str]] = defaultdict(list)
    for name, text in gone.items():
        if text.strip():
            by_text[text].append(name)
    found: dict[str, str] = {}
    for name, text in come.items():
        if olds := by_text.get(text):
            last = name.rpartition("/")[2]
            same_last = (old for old in olds if old.rpartition("/")[2] == last)
            old = next(same_last, olds[0])
            olds.remove(old)
            found[name] = old
    return found


def _comparable(one: str, other: str) -> bool:
    shorter, longer = sorted((len(one), len(other)))
    return shorter >= _ENOUGH * longer and longer <= _MOST_CHARACTERS
