"""The comment that silences a finding in the code: `mirador: ignore[ruff/S307]`.

It names rules, one or several; there is none that silences everything. It holds for the line it
ends, or, alone on a line, for the next line that is neither blank nor such a comment.
"""

import re
from collections.abc import Mapping, Sequence

from mirador_lsp.core.edits import Edit
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.syntax.comments import convention_of

_COMMENT = re.compile(r"(?:#|//|/\*|<!--)[ \t]*mirador:[ \t]*ignore\[([^\]\r\n]{1,400})\]")
_ALONE = re.compile(r"[ \t]*(?:#|//|/\*|<!--)[ \t]*mirador:[ \t]*ignore\[")
_RULE = re.compile(r"[\w./:@+-]{1,120}")
_WIDEST = 100
"""Columns a line may have with the comment at its end; else the comment gets a line of its own."""
_LONGEST_LINE = 5_000


def ignore_comment(language: str, rules: Sequence[str]) -> str:
    """The comment for `rules`, or "" in a language that has no comments."""
    convention = convention_of(language)
    words = f"mirador: ignore[{', '.join(rules)}]"
    if convention.line:
        return f"{convention.line} {words}"
    if convention.block is not None:
        return f"{convention.block[0]} {words} {convention.block[1]}"
    return ""


def ignored(text: str, lines: LineIndex) -> Mapping[int, frozenset[str]]:
    """For every line, from 0, the rules that are silenced on it; lines without any are left out."""
    if "mirador:" not in text:
        return {}
    found: dict[int, frozenset[str]] = {}
    waiting: frozenset[str] = frozenset()
    for number in range(len(lines)):
        line = lines.line_text(number)[:_LONGEST_LINE]
        named = frozenset(
            rule for match in _COMMENT.finditer(line) for rule in _RULE.findall(match[1])
        )
        if named and _ALONE.match(line):
            found[number] = named
            waiting |= named
        elif line.strip():
            if rules := named | waiting:
                found[number] = rules
            waiting = frozenset()
    return found


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
