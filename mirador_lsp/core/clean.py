"""Text from outside made safe to show: one line, no control, bidi or invisible characters."""

import unicodedata

_ELLIPSIS = "…"
_INVISIBLE = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x034F, 0x180E})
"""Blank letters hide text as well: Hangul fillers, the grapheme joiner, a Mongolian separator."""


def plain(text: str, limit: int = 600) -> str:
    """`text` as one line of visible characters, at most `limit` code points long.

    Runs of white space become one blank. Removed are the categories Cc, Cf, Cs, Co and Cn (C0, C1,
    ANSI escapes' introducer, bidi controls, zero-width and tag characters, lone surrogates),
    variation selectors and blank letters. What is cut is marked by an ellipsis.
    """
    head = text[: 8 * limit]
    # Most text is printable ASCII, which holds nothing to remove.
    kept = head if _harmless(head) else "".join(_visible(c) for c in head)
    line = " ".join(kept.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rstrip() + _ELLIPSIS


def unlinked(text: str) -> str:
    """`text` with nothing in it that editors make a Markdown link of in messages and progress; some
    links run commands, and a model or the code that it has read may have written them.
    """
    return text.replace("](", "] (")


def stream_safe(text: str) -> str:
    """`text` without what `plain` removes, but with its line ends and blanks as they are."""
    if _harmless(text):
        return text
    return "".join(c if c == "\n" else _visible(c, space=c) for c in text)


def _harmless(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _visible(char: str, space: str = " ") -> str:
    if char in "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    if char.isspace():
        return space
    code = ord(char)
    if code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return ""
    return "" if unicodedata.category(char)[0] == "C" else char
