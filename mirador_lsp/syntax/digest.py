"""A digest of the code of a text that comments, doc comments and white space do not change."""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirador_lsp.core.text import utf8
from mirador_lsp.syntax.parser import Parsed

if TYPE_CHECKING:
    import tree_sitter

_FLUSH = 4096
_RAW = re.compile(
    r"string|char|text|heredoc|template_(?:lit|sub)|content|fragment|regex|scalar|interpolation"
)
"""Kinds of nodes in which white space is part of the meaning."""
_STRING = re.compile(rb"[rRuU]?[\"']")
_DOCUMENTED = frozenset(("function_definition", "class_definition"))


@dataclass
class _Level:
    """A node whose children are being read."""

    kind: str
    end: int
    """Byte at which the node ends."""
    read: int
    """Byte up to which it has been read."""
    raw: bool
    documents: bool
    """Whether the next child, if it is a string, is a docstring."""


def code_digest(parsed: Parsed) -> str:
    """Hex digest of the kinds of all nodes and the texts of all leaves, in order.

    Comments are left out, and in Python docstrings; white space counts only inside of literals and
    where it makes a difference to the tree. "" when the text was not parsed.
    """
    if parsed.tree is None:
        return ""
    reader = _Reader(utf8(parsed.text), parsed.language)
    return reader.digest(parsed.tree)


class _Reader:
    """Reads one tree. A tree may be very deep, so nothing here is recursive."""

    def __init__(self, data: bytes, language: str) -> None:
        self._data = data
        self._python = language == "python"
        self._hash = hashlib.sha256()
        self._parts: list[bytes] = []
        self._levels = [_Level("", len(data), 0, raw=False, documents=False)]

    def digest(self, tree: "tree_sitter.Tree") -> str:
        """See `code_digest`."""
        cursor = tree.walk()
        while (node := cursor.node) is not None:
            if self._enter(node) and cursor.goto_first_child():
                self._open(node)
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    self._close()
                    self._hash.update(b"".join(self._parts))
                    return self._hash.hexdigest()
                self._close()
        return ""  # cannot be: a cursor of a whole tree is always on a node

    def _enter(self, node: "tree_sitter.Node") -> bool:
        """Take in what precedes `node`; whether there is something to read below it."""
        level = self._levels[-1]
        start, end = node.start_byte, node.end_byte
        self._gap(level, start)
        level.read = max(level.read, end)
        kind = node.type
        if kind.endswith("comment"):
            return False
        documents, level.documents = level.documents, False
        if documents and _is_docstring(node):
            return False
        if node.child_count:
            return True
        text = self._data[start:end]
        if not node.is_named and not text.strip() and not node.is_missing:
            return False
        self._put(kind, text if _RAW.search(kind) else text.strip())
        return False

    def _open(self, node: "tree_sitter.Node") -> None:
        kind = node.type
        self._put("(" + kind, b"")
        documents = self._python and (
            kind == "module" or (kind == "block" and self._levels[-1].kind in _DOCUMENTED)
        )
        raw = _RAW.search(kind) is not None
        self._levels.append(_Level(kind, node.end_byte, node.start_byte, raw, documents))

    def _close(self) -> None:
        level = self._levels.pop()
        self._gap(level, level.end)
        self._put(")", b"")

    def _gap(self, level: _Level, until: int) -> None:
        """Text that belongs to no child: some grammars leave parts of literals without a node."""
        if until > level.read:
            between = self._data[level.read : until]
            if level.raw or between.strip():
                self._put("gap", between)

    def _put(self, kind: str, text: bytes) -> None:
        self._parts.append(b"%s %d:%s\n" % (kind.encode(), len(text), text))
        if len(self._parts) > _FLUSH:
            self._hash.update(b"".join(self._parts))
            self._parts.clear()


def _is_docstring(node: "tree_sitter.Node") -> bool:
    """Whether a statement that begins a body is a plain string. One with a prefix that lets it hold
    code, or bytes, is not documentation.
    """
    if node.type != "expression_statement" or node.child_count != 1:
        return False
    string = node.children[0]
    if string.type == "concatenated_string":
        return all(_is_plain(part) for part in string.named_children)
    return _is_plain(string)


def _is_plain(node: "tree_sitter.Node") -> bool:
    if node.type.endswith("comment"):
        return True
    return node.type == "string" and _STRING.match(node.text or b"") is not None
