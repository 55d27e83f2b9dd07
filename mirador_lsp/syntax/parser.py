"""Text in, syntax tree out: within a time budget, and without ever raising for what the text holds.

Three properties of tree-sitter shape this file. A parse cannot be interrupted unless the text comes
from a callable; a tree may be hundreds of thousands of levels deep, which overflows the stack of
anything recursive (tree-sitter's own `str(node)` included); and all its offsets count bytes.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from mirador_lsp.core.text import ByteMap, LineIndex, Span, utf8
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.pages import pages_of

if TYPE_CHECKING:
    import tree_sitter

MAX_BYTES = 1_000_000
"""Largest text that is parsed unless the caller says otherwise."""
MAX_BROKEN = 20
"""How many broken places are reported for one text."""

_READ = 1 << 16
_ERROR_LINES = 8


@dataclass(frozen=True, eq=False)
class Parsed:
    """A text and what the parser made of it."""

    text: str
    language: str
    """Id of the language it was parsed as; "" when there is no parser."""
    tree: "tree_sitter.Tree | None" = field(default=None, repr=False)
    """The syntax tree. Opaque outside this room; None when the text was not parsed."""
    broken: tuple[Span, ...] = ()
    """Places that do not parse, in order, at most `MAX_BROKEN`."""
    note: str = ""
    """Why `tree` is None, in one sentence; "" when it is not."""
    too_large: bool = False
    """Whether the text was refused for its size."""

    @cached_property
    def lines(self) -> LineIndex:
        """The lines of `text`."""
        return LineIndex(self.text)

    @cached_property
    def places(self) -> ByteMap:
        """From the parser's byte offsets to offsets in `text`."""
        return ByteMap(utf8(self.text))

    @cached_property
    def pages(self) -> "tuple[tree_sitter.Node, ...] | None":
        """Where searches begin, or None where they would not end: see `pages_of`."""
        return pages_of(self.tree) if self.tree is not None else ()


@cache
def grammar(language: str) -> "tree_sitter.Language":
    """The grammar of a language in `LANGUAGES`; its library is loaded on first use.

    Raises KeyError for an id that has none.
    """
    from tree_sitter import Language  # noqa: PLC0415 — loaded only by who parses

    module, function = LANGUAGES[language].grammar
    return Language(getattr(importlib.import_module(module), function)())


def parse(
    text: str, language: str, *, budget_seconds: float = 0.2, max_bytes: int = MAX_BYTES
) -> Parsed:
    """Parse `text`; refuse what is larger than `max_bytes` or takes more than `budget_seconds`.

    The budget counts the processor time of this thread, so that a busy machine does not make a file
    unreadable. Never raises for what the text holds: what is refused has no tree and a note.
    """
    if len(text) > max_bytes:
        return _too_large(text, language, max_bytes)
    data = utf8(text)
    if len(data) > max_bytes:
        return _too_large(text, language, max_bytes)
    if language not in LANGUAGES:
        return Parsed(text, "", note="no parser for this language, so it is read by lines")
    if "\0" in text:
        # Nothing written as source holds one, and some grammars take the square of their number.
        return Parsed(text, language, note="not parsed: it holds NUL characters")
    tree = _tree(data, language, budget_seconds)
    if tree is None:
        note = f"not parsed: it took the parser more than {budget_seconds:g} seconds"
        return Parsed(text, language, note=note)
    broken = _broken(tree, ByteMap(data)) if tree.root_node.has_error else ()
    return Parsed(text, language, tree, broken)


def _too_large(text: str, language: str, max_bytes: int) -> Parsed:
    note = f"not parsed: larger than {max_bytes:,} bytes"
    return Parsed(text, language, note=note, too_large=True)


def _tree(data: bytes, language: str, budget_seconds: float) -> "tree_sitter.Tree | None":
    from tree_sitter import Parser  # noqa: PLC0415 — loaded only by who parses

    end = time.thread_time() + budget_seconds
    try:
        return Parser(grammar(language)).parse(
            _reader(data), progress_callback=lambda _offset, _error: time.thread_time() > end
        )
    except ValueError:  # how the binding says that the callback stopped the parse
        return None


def _reader(data: bytes) -> "Callable[[int, tree_sitter.Point], bytes]":
    def read(offset: int, _point: "tree_sitter.Point") -> bytes:
        return data[offset : offset + _READ]

    return read


def _broken(tree: "tree_sitter.Tree", places: ByteMap) -> tuple[Span, ...]:
    """Spans of the first error nodes and missing tokens, top to bottom."""
    found: list[Span] = []
    cursor = tree.walk()
    while len(found) < MAX_BROKEN:
        node = cursor.node
        if node is None:  # cannot be: a cursor of a whole tree is always on a node
            break
        if node.is_missing or (node.is_error and not _worth_a_closer_look(node)):
            found.append(places.span(node.start_byte, node.end_byte))
            descend = False
        else:
            descend = node.has_error
        if descend and cursor.goto_first_child():
            continue
        if not _onward(cursor):
            break
    root = tree.root_node
    return tuple(found) or (places.span(root.start_byte, root.end_byte),)


def _worth_a_closer_look(error: "tree_sitter.Node") -> bool:
    """An error node over many lines says little where one of its children is broken itself."""
    if error.end_point.row - error.start_point.row < _ERROR_LINES:
        return False
    cursor = error.walk()
    if not cursor.goto_first_child():
        return False
    while True:
        if (node := cursor.node) is not None and node.has_error:
            return True
        if not cursor.goto_next_sibling():
            return False


def _onward(cursor: "tree_sitter.TreeCursor") -> bool:
    """To the next node that is not below this one; False at the end of the tree."""
    while not cursor.goto_next_sibling():
        if not cursor.goto_parent():
            return False
    return True
