"""The comment that silences findings in the code: `mirador: ignore[ruff/S307]`.

It names rules, one or several; `mirador: ignore` alone means all. It holds for the line it stands
on or, alone on its lines, for the next line that is neither blank nor such a comment. Only comments
of the language count: the same words in a string, or in a text without a syntax tree, are words.
"""

import re
from collections.abc import Iterator, Sequence

from mirador_lsp.core.edits import Edit
from mirador_lsp.core.outline import Suppression
from mirador_lsp.core.text import LineIndex, Span, utf8
from mirador_lsp.syntax.comments import convention_of
from mirador_lsp.syntax.parser import Parsed

_COMMENT = re.compile(r"(?:#|//|/\*|<!--)[ \t]*mirador:[ \t]*ignore\[([^\]\r\n]{1,400})\]")
_ALONE = re.compile(r"[ \t]*(?:#|//|/\*|<!--)[ \t]*mirador:[ \t]*ignore\b")
_WORDS = re.compile(
    r"(?:#|//|/\*|\*|<!--|^|;)[ \t]*mirador:[ \t]*ignore"
    r"(?:\[([^\]\r\n]{1,400})\]|(?![\w\[.-]))",
    re.MULTILINE,
)
"""What counts inside of a comment: at its beginning, at that of one of its lines, or after another
directive in it (`# noqa # mirador: ignore`)."""
_MOST = 2_000
"""Comments that are read; a text with more of them is no text that somebody wrote."""
_RULE = re.compile(r"[\w./:@+-]{1,120}")
_WIDEST = 100
"""Columns a line may have with the comment at its end; else the comment gets a line of its own."""
_LONGEST_LINE = 5_000
_LEVELS = 4
"""How far above a place's innermost node its comment may be; Rust's doc comments have parts."""


def ignore_comment(language: str, rules: Sequence[str]) -> str:
    """The comment for `rules`, or "" in a language that has no comments."""
    convention = convention_of(language)
    words = f"mirador: ignore[{', '.join(rules)}]"
    if convention.line:
        return f"{convention.line} {words}"
    if convention.block is not None:
        return f"{convention.block[0]} {words} {convention.block[1]}"
    return ""


def asks_for_silence(text: str) -> bool:
    """Whether there is anything in the text that may be such a comment."""
    return "mirador:" in text and _WORDS.search(text) is not None


def suppressions_of(parsed: Parsed) -> tuple[Suppression, ...]:
    """The comments of a text that silence findings, in its order; none without a syntax tree."""
    if parsed.tree is None or "mirador:" not in parsed.text:
        return ()
    lines = parsed.lines
    found: list[Suppression] = []
    for comment, rules in _comments(parsed):
        line = _line_meant(parsed.text, lines, comment)
        found.append(Suppression(comment, lines.line_span(line), rules))
    return tuple(found)


def _comments(parsed: Parsed) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Each comment that says the words, and the rules it names."""
    said: dict[Span, list[str] | None] = {}
    for number, match in enumerate(_WORDS.finditer(parsed.text)):
        at = match.start() + match[0].index("mirador:")
        span = _comment_around(parsed, at) if number < _MOST else None
        if span is None:
            continue
        rules = said.setdefault(span, [])
        if match[1] is None:
            said[span] = None
        elif rules is not None:
            rules += _RULE.findall(match[1])
    for span, rules in said.items():
        if rules is None or rules:
            yield span, tuple(rules or ())


def _comment_around(parsed: Parsed, offset: int) -> Span | None:
    """The comment of the language that holds `offset`, its line end left out."""
    if parsed.tree is None:
        return None
    at = len(utf8(parsed.text[:offset]))
    node = parsed.tree.root_node.descendant_for_byte_range(at, at + 1)
    found: Span | None = None
    for _ in range(_LEVELS):
        if node is None:
            break
        if "comment" in node.type:
            span = parsed.places.span(node.start_byte, node.end_byte)
            shown = parsed.text[span.start : span.end].rstrip()
            found = Span(span.start, span.start + len(shown))
        node = node.parent
    return found


def _line_meant(text: str, lines: LineIndex, comment: Span) -> int:
    """The line a comment speaks of: its own or, where nothing else is on it, the next with code."""
    first, last = lines.line_of(comment.start), lines.line_of(max(comment.start, comment.end - 1))
    before = text[lines.line_span(first).start : comment.start]
    after = text[comment.end : lines.line_span(last).end]
    if before.strip():
        return first
    if after.strip():
        return last
    number = last + 1
    while number < len(lines):
        line = lines.line_text(number)[:_LONGEST_LINE]
        if line.strip() and not _ALONE.match(line):
            return number
        number += 1
    return last


def ignore_edits(
    text: str, lines: LineIndex, line: int, language: str, rule: str
) -> tuple[Edit, ...]:
    """Ways to silence `rule` on `line`, the best first; none in a language without comments.

    Any of them may fall into a string or a continued line: take the first that leaves the code as
    it was (`Surroundings.code_digest`).
    """
    span = lines.line_span(line)
    bare = text[span.start : span.end]
    above = lines.line_text(line - 1) if line else ""
    for number, candidate in ((line, bare), (line - 1, above)):
        match = _COMMENT.search(candidate[:_LONGEST_LINE])
        if match is not None and (number == line or _ALONE.match(candidate)):
            at = lines.line_span(number).start + match.end(1)
            return (Edit(Span(at, at), f", {rule}"),)
    comment = ignore_comment(language, [rule])
    if not comment:
        return ()
    gap = "  " if language == "python" else " "
    at_end = span.start + len(bare.rstrip())
    trailing = Edit(Span(at_end, at_end), gap + comment)
    indent = bare[: len(bare) - len(bare.lstrip())]
    own_line = Edit(
        Span(span.start, span.start), f"{indent}{comment}{_line_end(text, lines, line)}"
    )
    wide = len(bare.rstrip()) + len(gap) + len(comment) > _WIDEST
    return (own_line, trailing) if wide or not bare.strip() else (trailing, own_line)


def _line_end(text: str, lines: LineIndex, line: int) -> str:
    r"""What ends this line or the one before it; "\n" in a text of one line."""
    for number in (line, line - 1):
        if number >= 0:
            full, bare = lines.full_line_span(number), lines.line_span(number)
            if full.end > bare.end:
                return text[bare.end : full.end]
    return "\n"
