"""Which functions and classes a change touches, and how."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from mirador_lsp.core.change_sets import FileChange
from mirador_lsp.core.references import Defined, Parameters, References
from mirador_lsp.core.text import Span

_ALIKE = 0.6
_CONSTRUCTORS = frozenset(("__init__", "__new__", "constructor", "__construct"))
_MOST_COMPARED = 20
_LONGEST_COMPARED = 4000


class Touch(StrEnum):
    """What happened to a symbol."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """It is as it was, in a file of another name."""
    RENAMED = "renamed"
    RESIGNED = "signature"
    """Its signature is another; its body may be, too."""
    EDITED = "edited"
    """Its body is another."""


@dataclass(frozen=True)
class SymbolChange:
    """A symbol that a change touches."""

    file: str
    """Name of the file as importers know it: as it is now or, where that is gone, was."""
    path: str
    """As it is now or, where it is gone, was."""
    kind: str
    touch: Touch
    old_path: str = ""
    """Of a renamed one: what it was called."""
    before: Parameters | None = None
    """What calls had to give; None where that is not known."""
    after: Parameters | None = None
    moved_to: str = ""
    """Of a moved one: the file that it is in now."""

    @property
    def name(self) -> str:
        """What callers knew it as: a constructor goes by the name of its class."""
        around, _, last = (self.old_path or self.path).rpartition(".")
        return around.rpartition(".")[2] if around and last in _CONSTRUCTORS else last

    @property
    def of_object(self) -> bool:
        """Whether it is reached through an object: its name does not tell who means it."""
        path = self.old_path or self.path
        return "." in path and path.rpartition(".")[2] not in _CONSTRUCTORS


def touched_symbols(
    file: FileChange, before: References | None, after: References | None
) -> tuple[SymbolChange, ...]:
    """The symbols of a file that changed, in the order of the text; the gone ones last.

    `before` and `after` are the references of the texts; None where there is no text.
    """
    old_text = file.before or ""
    new_text = file.snapshot.text if file.snapshot is not None else ""
    was = _by_path(before)
    now = _by_path(after)
    gone = [each for path, each in was.items() if path not in now]
    come = [each for path, each in now.items() if path not in was]
    renamed = dict(_renames(gone, come, old_text, new_text))
    found: list[SymbolChange] = []
    for path, each in now.items():
        if path in renamed:
            former = renamed[path]
            found.append(
                SymbolChange(
                    *(file.name, path, each.kind, Touch.RENAMED, former.path),
                    *(former.parameters, each.parameters),
                )
            )
        elif path not in was:
            found.append(SymbolChange(file.name, path, each.kind, Touch.ADDED))
        else:
            touch = _touch(was[path], each, old_text, new_text, file.spans)
            if touch is not None:
                known = (was[path].parameters, each.parameters)
                found.append(SymbolChange(file.name, path, each.kind, touch, "", *known))
    taken = {each.path for each in renamed.values()}
    left = (each for each in gone if each.path not in taken and not _inside(each, gone, taken))
    found += [SymbolChange(file.name, e.path, e.kind, Touch.REMOVED) for e in left]
    if file.old_name:
        found += [
            SymbolChange(file.old_name, e.path, e.kind, Touch.MOVED, moved_to=file.name)
            for e in was.values()
            if "." not in e.path and e.path not in taken
        ]
    return tuple(found)


def _by_path(references: References | None) -> dict[str, Defined]:
    """The first of each path; overloads are one symbol, of which nobody counts the parameters."""
    found: dict[str, Defined] = {}
    for each in references.defined if references is not None else ():
        if each.path in found:
            found[each.path] = replace(found[each.path], parameters=None)
        else:
            found[each.path] = each
    return found


def _touch(
    was: Defined, now: Defined, old_text: str, new_text: str, spans: Sequence[Span]
) -> Touch | None:
    if _plain(old_text, was.header) != _plain(new_text, now.header):
        return Touch.RESIGNED
    if was.kind == "class" or not any(span.overlaps(now.span) for span in spans):
        return None
    # An edit beside it overlaps where it is empty; the text tells.
    if old_text[was.span.start : was.span.end] == new_text[now.span.start : now.span.end]:
        return None
    return Touch.EDITED


def _plain(text: str, span: Span) -> str:
    return re.sub(r"\s+", "", text[span.start : span.end])


def _inside(each: Defined, gone: Sequence[Defined], renamed: set[str]) -> bool:
    """Whether it went with the class that it was in."""
    around = each.path.rpartition(".")[0]
    return bool(around) and (around in renamed or any(other.path == around for other in gone))


def _renames(
    gone: Sequence[Defined], come: Sequence[Defined], old_text: str, new_text: str
) -> Iterator[tuple[str, Defined]]:
    """New path → what it was, where the code but for the name is much the same."""
    left = list(gone)[:_MOST_COMPARED]
    for each in come[:_MOST_COMPARED]:
        body = _without_name(new_text, each)
        scored = [
            (SequenceMatcher(None, _without_name(old_text, old), body).ratio(), old)
            for old in left
            if old.kind == each.kind and old.path.rpartition(".")[0] == each.path.rpartition(".")[0]
        ]
        share, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        if best is not None and share >= _ALIKE:
            left.remove(best)
            yield each.path, best


def _without_name(text: str, each: Defined) -> str:
    code = text[each.span.start : min(each.span.end, each.span.start + _LONGEST_COMPARED)]
    return re.sub(rf"\b{re.escape(each.name)}\b", "", code)
