"""From a model's reply to a new text: reads it, refuses what is no rewrite, and fits it in place.

Models wrap code in prose and fences, lose its indentation, leave parts out with "rest unchanged",
silence a remark instead of mending it, and delete what they are asked to repair. All of that is met
here, before any check is paid for.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.dialogue import Constraint
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changes.heading import heading_size, with_heading

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^`\n]*$")
_CLOSING = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*$")
_PROSE = re.compile(r"^[A-Z][\w',-]*(?: [\w'`(),./-]+){2,}[.:!]?$")
_CODE_ENDS = (":", "{", "(", "[", ",", "\\")
_COMMENT = re.compile(r"^\s*(?:#(?!\s*include\b)|//|--|/\*|\*|<!--|;)")
_ELISION = re.compile(
    r"^\s*(?:\.{3}|…)\s*$"
    r"|(?:\.{3}|…)\s*\(?(?:the )?(?:rest|remaining|remainder|existing|unchanged|same|other)\b"
    r"|^\s*(?:#|//|--|/\*|<!--)\s*(?:\.{3}|…|\(?(?:the )?"
    r"(?:rest (?:of|is)|remaining code|existing code|unchanged|same as (?:before|above)"
    r"|your code|other code|code (?:remains|goes)|omitted)\b)",
    re.IGNORECASE,
)
_SILENCERS = re.compile(
    r"\bnoqa\b|\btype:\s*ignore|\bnosec\b|\bnosemgrep\b|pylint:\s*disable|pyright:\s*ignore"
    r"|mypy:\s*ignore|mirador:\s*ignore|eslint-disable|@ts-(?:ignore|nocheck|expect-error)"
    r"|\bNOLINT|\bnolint\b|@SuppressWarnings|#\s*(?:allow|pragma warning)|rubocop:\s*disable"
    r"|shellcheck\s+disable|pragma:\s*no\s*cover|#!?\[allow\(|fmt:\s*(?:off|skip)",
    re.IGNORECASE,
)
_IMPORT = re.compile(
    r"^\s*(?:from\s+[\w.]+\s+import\s+.+|import\s+.+|#\s*include\s+.+|using\s+[\w.]+;"
    r"|use\s+[\w:{}, ]+;|require(?:_once|_relative)?\b.+|(?:const|let|var)\s+.+=\s*require\(.+)$"
)
_GIVES = re.compile(r"^\s*(?:return[ \t(]+[^;\s]|yield\b)", re.MULTILINE)
_LEAVES = re.compile(r"\b(?:return|yield|raise|throw|panic|exit)\b")
"""Ways out of a function: code that gave a result and has none of them does not any more."""
_LEAST_KEPT = 0.4
_SMALL = 40
"""Letters and digits; of a piece of code this small any share may go."""
MOST_LINES = 80
"""A reply may have this many lines of code."""
_LONGEST_LINE = 240


class Refused(Exception):
    """A reply cannot be used. `str` is one plain sentence that says why."""


@dataclass(frozen=True)
class Region:
    """Whole lines of a document that are to be written anew."""

    span: Span
    """From the start of the first line to the end of the last, its line end left out."""
    code: str
    """What stands there, line ends as they are."""
    margin: str
    """The indentation that all its lines share."""
    line_end: str
    """Ends a line here."""

    @property
    def dedented(self) -> str:
        """The code as a model is shown it: margin off, lines ended by a line feed."""
        lines = re.split(r"\r\n|\r|\n", self.code)
        return "\n".join(line[len(self.margin) :] if line.strip() else "" for line in lines)


def region_of(snapshot: Snapshot, span: Span) -> Region:
    """The whole lines that `span` touches."""
    index = snapshot.lines
    first = index.line_of(span.start)
    last = index.line_of(max(span.end - 1, span.start))
    whole = Span(index.line_span(first).start, index.line_span(last).end)
    lines = [index.line_text(number) for number in range(first, last + 1)]
    return Region(
        span=whole,
        code=snapshot.text[whole.start : whole.end],
        margin=_margin(lines),
        line_end=_line_end(snapshot, first),
    )


def reply_form(language: str, most_lines: int = MOST_LINES) -> Constraint:
    """Replies: one fenced block of at most `most_lines` lines, and nothing around it."""
    tag = re.sub(r"[^a-z0-9+#-]", "", language.lower())
    return Constraint(
        gbnf=f'root ::= "```{tag}\\n" line{{1,{min(most_lines, MOST_LINES)}}} "```"\n'
        f'line ::= "\\n" | [^`\\n] [^\\n]{{0,{_LONGEST_LINE}}} "\\n"\n'
    )


def code_in(reply: str) -> str:
    """The code of a reply: of its first fenced block that holds any, else what is not prose.

    Lines end with a line feed; there is none at the end. Raises `Refused` where there is no code.
    """
    lines = re.split(r"\r\n|\r|\n", reply)
    block = _fenced(lines)
    if block is None:
        block = _without_prose(lines)
    while block and not block[0].strip():
        block.pop(0)
    while block and not block[-1].strip():
        block.pop()
    if not block:
        message = "The reply holds no code."
        raise Refused(message)
    return "\n".join(line.rstrip() for line in block)


def rewritten(
    snapshot: Snapshot, region: Region, code: str, *, about: Span | None = None, asked: bool = False
) -> str:
    """The whole text with `code` in place of `region`: indented as its place asks, lines ended as
    they end there. Raises `Refused` for what is no honest rewrite.

    Comments and decorators above a definition stay, but for lines that the change is `about`.
    `asked` is for a user who said what to do: that may be deleting any code or silencing a remark.
    """
    fitted = _fitted(code, region, snapshot.language)
    _refuse(region.dedented, code)
    if not asked:
        _refuse_dodging(region.dedented, code)
        free = _lines_of(about, snapshot, region) if about is not None else range(0)
        fitted = with_heading(region.code, fitted, snapshot.language, free)
    if _squeezed(fitted) == _squeezed(region.code):
        message = "The new code is the old code."
        raise Refused(message)
    text = region.line_end.join(_with_old_ends(fitted.split("\n"), region))
    return snapshot.text[: region.span.start] + text + snapshot.text[region.span.end :]


def _lines_of(place: Span, snapshot: Snapshot, region: Region) -> range:
    """The lines of a place, counted from the first one of the region."""
    lines = snapshot.lines
    top = lines.line_of(region.span.start)
    return range(
        lines.line_of(place.start) - top, lines.line_of(max(place.end - 1, place.start)) - top + 1
    )


def new_imports(before: str, after: str) -> list[str]:
    """Lines of `after` that bring in code from elsewhere and are not in `before`."""
    known = {line.strip() for line in before.splitlines()}
    came = (line.strip() for line in after.splitlines() if _IMPORT.match(line))
    return [plain(line, 60) for line in dict.fromkeys(came) if line not in known]


def _refuse(old: str, new: str) -> None:
    if any(_ELISION.search(line) for line in _added(old, new)):
        message = "It leaves code out and says so in a comment."
        raise Refused(message)
    spaced = new.replace("\t", " ")
    if set(spaced) - set(stream_safe(spaced)) - set(old):
        message = "It holds characters that cannot be seen."
        raise Refused(message)


def _refuse_dodging(old: str, new: str) -> None:
    """A remark is mended, not silenced, and not by deleting what it is about."""
    if len(_SILENCERS.findall(new)) > len(_SILENCERS.findall(old)):
        message = "It silences the remark instead of mending the code."
        raise Refused(message)
    weight, kept = _weight(old), _weight(new)
    if kept == 0 or (weight > _SMALL and kept < _LEAST_KEPT * weight):
        message = "It deletes code instead of mending it."
        raise Refused(message)
    if _GIVES.search(_code_alone(old)) and not _LEAVES.search(_code_alone(new)):
        message = "It gives no result any more."
        raise Refused(message)


def _added(old: str, new: str) -> list[str]:
    known = {line.strip() for line in old.split("\n")}
    return [line for line in new.split("\n") if line.strip() not in known]


def _weight(code: str) -> int:
    """Letters and digits outside lines that are comments."""
    return sum(char.isalnum() for char in _code_alone(code))


def _code_alone(code: str) -> str:
    """The lines that are no comments."""
    return "\n".join(line for line in code.split("\n") if not _COMMENT.match(line))


def _squeezed(code: str) -> list[str]:
    """The code without what only looks: blank lines and white space at the ends of lines."""
    return [line.rstrip() for line in re.split(r"\r\n|\r|\n", code) if line.strip()]


def _fenced(lines: list[str]) -> list[str] | None:
    """The lines of the first fenced block that is not empty; None without a fence."""
    found = False
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if opening is None:
            continue
        found = True
        block = _until_closed(lines[number:], opening[1])
        if any(line.strip() for line in block):
            return block
        number += len(block) + 1
    return [] if found else None


def _until_closed(lines: list[str], mark: str) -> list[str]:
    return list(takewhile(lambda line: not _closes(line, mark), lines))


def _closes(line: str, mark: str) -> bool:
    closing = _CLOSING.match(line)
    return closing is not None and closing[1].startswith(mark)


def _without_prose(lines: list[str]) -> list[str]:
    kept = list(lines)
    while kept and (not kept[0].strip() or _PROSE.match(kept[0].strip())):
        kept.pop(0)
    for number, line in enumerate(kept):
        if number and not kept[number - 1].strip() and _PROSE.match(line):
            return kept[:number]
    # A line given as inline code: `x = 1`.
    if len(kept) == 1 and (inline := re.fullmatch(r"\s*`([^`]+)`\.?\s*", kept[0])):
        return [inline[1]]
    return kept


def _fitted(code: str, region: Region, language: str) -> str:
    lines, old = code.split("\n"), region.dedented.split("\n")
    if not heading_size(lines, language):
        old = old[heading_size(old, language) :]
    lines = _on_one_margin(lines, region, old)
    lines = _with_tabs(lines, region)
    return "\n".join(region.margin + line if line.strip() else "" for line in lines)


def _with_old_ends(lines: list[str], region: Region) -> list[str]:
    """The lines with the blanks that lines which stayed the same had at their ends: inside a string
    of several lines they are part of what the code does.
    """
    old = re.split(r"\r\n|\r|\n", region.code)
    bare = [line.rstrip() for line in old]
    if bare == old:
        return lines
    matcher = SequenceMatcher(None, bare, [line.rstrip() for line in lines], autojunk=False)
    for was, now, count in matcher.get_matching_blocks():
        lines[now : now + count] = old[was : was + count]
    return lines


def _on_one_margin(lines: list[str], region: Region, old: list[str]) -> list[str]:
    """The lines without their common indentation; `old` are those that they replace, likewise.

    Where the first line lost its indentation and the others kept theirs, as if the reply went on
    where the prompt ended, it is given back what the place has.
    """
    rest = [_indent(line) for line in lines[1:] if line.strip()]
    depth = len(region.margin.expandtabs(4))
    if rest and _indent(lines[0]) == 0 < depth <= min(rest):
        shape = _hanging(old)
        opens = lines[0].rstrip().endswith(_CODE_ENDS)
        lost = min(rest) - depth == shape if shape is not None else not opens
        if lost and min(rest) != shape:
            lines = [region.margin + lines[0], *lines[1:]]
    margin = _margin(lines)
    return [line[len(margin) :] if line.strip() else "" for line in lines]


def _hanging(lines: list[str]) -> int | None:
    """How much further in than the first line the others begin; None for a single line."""
    rest = [_indent(line) for line in lines[1:] if line.strip()]
    return min(rest) - _indent(lines[0]) if rest else None


def _with_tabs(lines: list[str], region: Region) -> list[str]:
    """The lines indented by tabs where the place is, and the reply used blanks."""
    old = region.code
    if not re.search(r"^\t", old, re.MULTILINE) or re.search(r"^ +\S", old, re.MULTILINE):
        return lines
    steps = [_indent(line) for line in lines if line.strip() and line.startswith(" ")]
    if not steps or any(line.startswith("\t") for line in lines):
        return lines
    step = min(steps)
    return ["\t" * (_indent(line) // step) + line.lstrip(" ") for line in lines]


def _indent(line: str) -> int:
    """Columns of white space before the code, a tab counting as four."""
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


def _margin(lines: list[str]) -> str:
    """The white space that all lines with anything on them begin with."""
    full = [line for line in lines if line.strip()]
    if not full:
        return ""
    first = full[0][: len(full[0]) - len(full[0].lstrip(" \t"))]
    while not all(line.startswith(first) for line in full):
        first = first[:-1]
    return first


def _line_end(snapshot: Snapshot, line: int) -> str:
    r"""What ends this line, or the one before it; "\n" in a text of one line."""
    for number in (line, line - 1):
        if number >= 0:
            full, bare = snapshot.lines.full_line_span(number), snapshot.lines.line_span(number)
            if full.end > bare.end:
                return snapshot.text[bare.end : full.end]
    return "\n"
