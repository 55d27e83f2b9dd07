"""How each language writes comments, and where it expects the doc comment of a definition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Convention:
    """The comments of one language."""

    line: str = ""
    """What begins a comment that ends with its line, or ""."""
    block: tuple[str, str] | None = None
    """What begins and ends a comment that may stand before more code."""
    inside: bool = False
    """Whether a definition is documented by a string that begins its body, as in Python."""
    doc_block: str = ""
    """What begins a doc comment in block form above the definition: "/**"."""
    doc_line: str = ""
    """What begins each line of a doc comment above the definition: "///"."""
    doc_marks: tuple[str, ...] = ()
    """What tells a doc comment from another one, all forms the language knows."""

    @property
    def documents(self) -> bool:
        """Whether definitions of the language have doc comments at all."""
        return self.inside or bool(self.doc_block or self.doc_line)


_SLASHES = {"line": "//", "block": ("/*", "*/")}
_JSDOC = Convention(line="//", block=("/*", "*/"), doc_block="/**", doc_marks=("/**",))
_C = Convention(
    line="//", block=("/*", "*/"), doc_block="/**", doc_marks=("/**", "/*!", "///", "//!")
)
_HASH = Convention(line="#", doc_line="#", doc_marks=("#",))

CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        "python": Convention(line="#", inside=True),
        "javascript": _JSDOC,
        "typescript": _JSDOC,
        "tsx": _JSDOC,
        "java": _JSDOC,
        "php": _JSDOC,
        "c": _C,
        "cpp": _C,
        "rust": Convention(line="//", block=("/*", "*/"), doc_line="///", doc_marks=("///", "/**")),
        "csharp": Convention(
            line="//", block=("/*", "*/"), doc_line="///", doc_marks=("///", "/**")
        ),
        "go": Convention(line="//", block=("/*", "*/"), doc_line="//", doc_marks=("//", "/*")),
        "ruby": _HASH,
        "bash": _HASH,
        "yaml": Convention(line="#"),
        "html": Convention(block=("<!--", "-->")),
        "css": Convention(block=("/*", "*/")),
        "json": Convention(),
    }
)
"""The comments of every language with a parser, by its id. JSON has none."""

_NO_CONVENTION = Convention()
_DIRECTIVE = re.compile(
    r"\#!|(?://+|\#+|/\*+)\s*(?:"
    r"mirador:|eslint|@ts-|tslint|prettier|biome|istanbul|c8\b|v8\b|oxlint|deno-|jshint|jslint"
    r"|NOLINT|nolint|go:|export\s|lint:|clang-|cppcheck|IWYU|coverity|LCOV|GCOV"
    r"|shellcheck|rubocop|frozen_string_literal|(?:en)?coding\b|-\*-|typed:|:nocov:|:nodoc:"
    r"|phpcs|phpstan|psalm|@phan|noinspection|CHECKSTYLE|@formatter|ReSharper|NOSONAR|codeql"
    r"|region\b|endregion\b|pragma\b|language=|SPDX)"
)
_OF_THE_FILE = re.compile(
    r"#!|#.{0,4}(?:-\*-|(?:en)?coding[:=]|frozen_string_literal|typed:|warn_indent|shareable_)"
)
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx-|\(c\)", re.IGNORECASE)


def convention_of(language: str) -> Convention:
    """The convention of a language; one without any comments for an id that is not known."""
    return CONVENTIONS.get(language, _NO_CONVENTION)


def is_directive(comment: str) -> bool:
    """Whether a comment speaks to a tool and not to a reader: `# rubocop:disable`, `//go:embed`."""
    return _DIRECTIVE.match(comment) is not None


def is_of_the_file(comment: str) -> bool:
    """Whether a comment has its meaning only at the top of a file: `#!`, an encoding."""
    return _OF_THE_FILE.match(comment) is not None


def is_doc(comment: str, convention: Convention) -> bool:
    """Whether a comment that stands directly above a definition is its documentation.

    Notices of copyright are not, wherever they stand, nor are directives, for nobody wants them
    replaced.
    """
    if is_directive(comment) or _LICENCE.search(comment):
        return False
    return any(_marked(comment, mark) for mark in convention.doc_marks)


def _marked(comment: str, mark: str) -> bool:
    if not comment.startswith(mark):
        return False
    if mark in {"//", "#", "/*"}:
        return True
    # `/**/` is empty, and `/***` or `////` is a line drawn with the keyboard.
    return not comment.startswith((mark + mark[-1], mark + "/"))
