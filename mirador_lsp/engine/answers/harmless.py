"""Model text made harmless while it streams: words, lists and code, nothing that acts when shown.

Whoever shows an answer may render it as Markdown. So links, images, HTML, entities and addresses
that a renderer would make clickable are taken apart or put into code spans; what the model marked
as code is marked anew, so that this module and the renderer agree on where code begins and ends.
"""

import re

from mirador_lsp.core.clean import stream_safe

_LONGEST_SPAN = 400
"""Characters a code span may have; lone backticks are not waited on for longer than that."""
_LONGEST_WORD = 1000
_DEEPEST = 8
"""Blanks of indentation that are kept."""
_FENCE = "```"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{0,20}")
_TICKS = re.compile(r"`+")
_PLAIN = re.compile(r"[^`\s\u2e80-\U0010ffff]*[\u2e80-\U0010ffff]?")
"""Text up to the next backtick or blank; also up to a letter of scripts without blanks between
words, which must stream too."""
_WIDE = "\u2e80"
_TARGET = re.compile(r"\]\((?=[^)]*[:/.#])[^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)?")
_JOINT = re.compile(r"\](?=[(\[:])")
_ACTIVE = re.compile(
    r"<[A-Za-z/!?]|&(?:#|\w+;)|://|(?<![A-Za-z0-9])www\.|<\S*@|\S@[\w-]+\.\w|^_+\w+_+\W*$",
    re.IGNORECASE,
)
"""What Markdown renderers take for a tag, an entity, an address or, in `__init__`, for emphasis."""
_EDGES = re.compile(r"^([(\[{\"'*>-]*)(.*?)([)\]}.,:!?\"'*]*)$", re.DOTALL)


class Harmless:
    """Makes one text harmless. `text` is everything let through so far."""

    def __init__(self) -> None:
        self._held = ""
        self._parts: list[str] = []
        self._fenced = False
        self._line_begins = True
        self._blank_lines = 2
        self._last = ""

    @property
    def text(self) -> str:
        """Everything let through."""
        return "".join(self._parts)

    @property
    def in_code(self) -> bool:
        """Whether a code block is open."""
        return self._fenced

    def add(self, piece: str) -> str:
        """Take in a piece as it arrives; what can be shown now, which may be nothing yet."""
        self._held += stream_safe(piece.replace("\r\n", "\n").replace("\t", "    "))
        return self._through(final=False)

    def end(self) -> str:
        """The rest; an open code block is closed."""
        rest = self._through(final=True)
        if self._fenced:
            self._fenced = False
            close = ("" if self._line_begins else "\n") + _FENCE
            self._parts.append(close)
            rest += close
        return rest

    def _through(self, *, final: bool) -> str:
        begun = len(self._parts)
        while self._held:
            step = self._code_line(final=final) if self._fenced else self._word(final=final)
            if step is None:
                break
            shown, used = step
            self._held = self._held[used:]
            self._let(shown)
        return "".join(self._parts[begun:])

    def _let(self, shown: str) -> None:
        if shown:
            self._parts.append(shown)
            self._last = shown[-1]

    def _code_line(self, *, final: bool) -> tuple[str, int] | None:
        """The next line of a code block, whole."""
        line, newline, _ = self._held.partition("\n")
        if not newline and not final:
            return None
        used = len(line) + len(newline)
        self._line_begins = bool(newline)
        if line.strip().startswith(_FENCE):
            self._fenced = False
            self._blank_lines = 0
            return _FENCE + newline, used
        return line + newline, used

    def _word(self, *, final: bool) -> tuple[str, int] | None:
        """What comes next outside of code blocks: blanks, the head of a block, or a word."""
        if self._held[0].isspace():
            return self._blanks(final=final)
        if self._line_begins and self._held[0] == "`":
            head = self._fence(final=final)
            if head is not None:
                return head if head[1] else None
        read = self._read_word(final=final)
        if read is None:
            return None
        word, used = read
        if self._line_begins and not word.strip("#"):
            return "", used  # a heading becomes a line like any other
        self._line_begins = self._line_begins and not word
        self._blank_lines = 0 if word else self._blank_lines
        return self._apart(word), used

    def _blanks(self, *, final: bool) -> tuple[str, int] | None:
        used = len(self._held) - len(self._held.lstrip())
        if used == len(self._held) and not final:
            return None
        if not self._last:
            return "", used
        run = self._held[:used]
        newlines = run.count("\n")
        if not newlines:
            return (run[:_DEEPEST] if self._line_begins else " "), used
        room = 2 - (self._blank_lines if self._line_begins else 0)
        self._blank_lines = min(2, newlines + 2 - room)
        indent = run.rpartition("\n")[2][:_DEEPEST]
        self._line_begins = True
        shown = "\n" * min(newlines, room)
        return ("" if final and used == len(self._held) else shown + indent), used

    def _fence(self, *, final: bool) -> tuple[str, int] | None:
        """The first line of a code block; ("", 0) to wait for more; None where it is none."""
        line, newline, _ = self._held.partition("\n")
        if not line.startswith(_FENCE[: len(line)]):
            return None
        if not newline and not final and len(line) < _LONGEST_SPAN:
            return "", 0
        info = line.lstrip("`")
        if not line.startswith(_FENCE) or "`" in info or not newline:
            return None
        language = _LANGUAGE.match(info.strip())
        self._fenced = True
        # At the very start of a line: an indented block could end where its list item ends.
        start = "\n" if self._last not in ("", "\n") else ""
        return f"{start}{_FENCE}{language[0] if language else ''}\n", len(line) + 1

    def _read_word(self, *, final: bool) -> tuple[str, int] | None:
        """The next word and the characters it took; None while its end is not here."""
        held, at = self._held, 0
        parts: list[tuple[bool, str]] = []
        whole = False
        while at < len(held) and not held[at].isspace() and not whole:
            if held[at] == "`":
                span = _span(held, at, final=final)
                if span is None:
                    return None
                inner, at = span
                if inner:
                    parts.append((True, inner))
                continue
            match = _PLAIN.match(held, at)
            text = match[0] if match else held[at]
            at += len(text)
            whole = text[-1] >= _WIDE or at > _LONGEST_WORD
            parts.append((False, text))
        if at == len(held) and not whole and not final:
            return None
        return _joined(parts), at

    def _apart(self, word: str) -> str:
        """`word` with a blank before it where two code spans would run into one."""
        return f" {word}" if self._last == "`" and word.startswith("`") else word


def harmless(text: str) -> str:
    """A whole text made harmless."""
    stream = Harmless()
    stream.add(text)
    stream.end()
    return stream.text.strip()


def code_span(text: str) -> str:
    """`text` as a code span of one line."""
    inner = " ".join(stream_safe(text).split()).replace("`", "'")
    return f"`{inner}`" if inner else ""


def _span(held: str, at: int, *, final: bool) -> tuple[str, int] | None:
    """The code span at `at`, and where it ends; "" for backticks without a partner in their line.

    None while that is not known.
    """
    ticks = _TICKS.match(held, at)
    run = len(ticks[0]) if ticks else 1
    begin = at + run
    line_end = held.find("\n", begin)
    known = final or line_end >= 0 or len(held) - at > _LONGEST_SPAN
    stop = line_end if line_end >= 0 else len(held)
    if begin < len(held) or known:
        for close in _TICKS.finditer(held, begin, stop):
            if len(close[0]) == run and (close.end() < len(held) or known):
                return code_span(held[begin : close.start()]), close.end()
    return ("", begin) if known else None


def _joined(parts: list[tuple[bool, str]]) -> str:
    """The word made of texts and code spans. Texts that touch are looked at as one."""
    done: list[str] = []
    text = ""
    for is_code, part in [*parts, (True, "")]:
        if not is_code:
            text += part
            continue
        if text:
            done.append(_before_code(_text(text)) if part else _text(text))
            text = ""
        if part:
            done.append(f" {part}" if done and done[-1].endswith("`") else part)
    return "".join(done)


def _before_code(text: str) -> str:
    """`text` without what would change the meaning of a backtick that follows."""
    text = text.rstrip("\\")
    return f"{text} " if text.endswith("<") else text


def _text(text: str) -> str:
    """A word without code spans, made harmless."""
    text = re.sub(r"!+\[", "[", text)
    text = _JOINT.sub("] ", _TARGET.sub("]", text))
    text = re.sub(r"~{3,}", "~~", text)
    if not _ACTIVE.search(text):
        return text
    edges = _EDGES.match(text)
    before, core, after = edges.groups() if edges else ("", text, "")
    if not core:
        return before + after
    return f"{before}{code_span(core)}{after}"
