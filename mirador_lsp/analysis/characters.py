"""Characters that make code read differently from what it does (CVE-2021-42574 and relatives)."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mirador_lsp.core.text import Span

_CONTROL: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f"  # C0 controls but tab, line ends, vertical tab and form feed
    "\x80-\x84\x86-\x9f"  # C1 controls but NEL
    "\u00ad"
    "]+"
)
_SUSPECT: Final = re.compile(
    "["
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]+"
)
_JOINERS: Final = "\u200c\u200d"
_EMOJI_SELECTORS: Final = "\ufe0e\ufe0f"
_MONGOLIAN: Final = "\u180b\u180c\u180d\u180e\u180f"
_MARKS: Final = "\u200e\u200f\u061c"
_TAGS: Final = range(0xE0020, 0xE0080)
_BLACK_FLAG: Final = "\U0001f3f4"
_JOINING_SCRIPTS: Final = (
    (0x0600, 0x08FF),  # Arabic, Syriac, Thaana, NKo, Mandaic
    (0x0900, 0x0DFF),  # the scripts of India and Sri Lanka
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFE),
)
_CJK: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_NAMED: Final = 3
_ALIASES: Final = {
    0x00: "NULL",
    0x08: "BACKSPACE",
    0x1A: "SUBSTITUTE",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
}

_LOOK_ALIKES: Final = frozenset("аеорсухіјѕԁԛԝһьАВЕКМНОРСТХІЅЈοΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
"""Letters of other scripts that most typefaces draw like ASCII letters: Cyrillic, and of Greek the
omicron and capitals only, because formulas mix Greek and Latin letters on purpose."""
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Place:
    """A stretch of text and why it is told."""

    span: Span
    characters: tuple[str, ...]
    """The ones that are wrong here."""


def hidden(text: str) -> Iterator[Place]:
    """Runs of characters that change the direction of text or are not seen, top to bottom.

    Not reported: a byte order mark at the start, joiners and selectors inside emoji, joiners
    between letters of the scripts that need them, and ideographs with a variation selector.
    """
    for run in _SUSPECT.finditer(text):
        start, end = run.span()
        bad = [at for at in range(start, end) if not _belongs(text, at)]
        if bad:
            yield Place(Span(bad[0], bad[-1] + 1), tuple(text[at] for at in bad))


def controls(text: str) -> Iterator[Place]:
    """Runs of control codes and soft hyphens. Tabs, line ends and form feeds are none."""
    for run in _CONTROL.finditer(text):
        yield Place(Span(*run.span()), tuple(run.group()[:1000]))


def mixed(text: str) -> Iterator[Place]:
    """Words that mix ASCII letters with letters of another script that look like ASCII ones."""
    if text.isascii():
        return
    for word in _WORD.finditer(text):
        letters = word.group()
        foreign = {c for c in letters if c > "\x7f"}
        if foreign and foreign <= _LOOK_ALIKES and any(c <= "\x7f" for c in letters):
            yield Place(Span(*word.span()), tuple(sorted(foreign)))


def named(chars: Sequence[str]) -> str:
    """The code points and names of the first few, each once: "U+202E RIGHT-TO-LEFT OVERRIDE"."""
    distinct = list(dict.fromkeys(chars))
    more = len(distinct) - _NAMED
    listed = ", ".join(_name(char) for char in distinct[:_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def _belongs(text: str, at: int) -> bool:
    """Whether the character at `at` has an honest use where it stands."""
    char = text[at]
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if char == "\ufeff":
        return at == 0
    if char in _JOINERS:
        return _joins(before, after)
    if _is_selector(char):
        return before != "" and _selectable(char, before)
    if ord(char) in _TAGS:
        return _in_flag(text, at)
    return char in _MARKS and _direction_mark_helps(text, at)


def _is_selector(char: str) -> bool:
    return char in _MONGOLIAN or 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def _selectable(char: str, before: str) -> bool:
    """Whether the character before a variation selector has variants."""
    if char in _EMOJI_SELECTORS:
        return before in "#*0123456789" or _is_symbol(before)
    if char in _MONGOLIAN:
        return _within(before, _JOINING_SCRIPTS)
    return _within(before, _CJK) or _is_symbol(before)


def _joins(before: str, after: str) -> bool:
    if not before or not after:
        return False
    emoji = (_is_symbol(before) or before in "\ufe0f\u20e3") and _is_symbol(after)
    return emoji or (_within(before, _JOINING_SCRIPTS) and _joins_letter(after))


def _joins_letter(after: str) -> bool:
    # Persian writes the non-joiner at the end of a part of a word as well, before a blank.
    return _within(after, _JOINING_SCRIPTS) or after in " \n\r\"'.,!?)"


def _direction_mark_helps(text: str, at: int) -> bool:
    """A mark (not an embedding) beside a right-to-left letter orders punctuation, no code."""
    around = text[max(at - 2, 0) : at] + text[at + 1 : at + 3]
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in around)


def _in_flag(text: str, at: int) -> bool:
    """Whether tag characters here spell the region of a flag emoji, which has at most six."""
    before = text[max(at - 7, 0) : at]
    head = before.rstrip("".join(map(chr, _TAGS)))
    return head.endswith(_BLACK_FLAG)


def _is_symbol(char: str) -> bool:
    # Skin tones are modifier symbols (Sk), most emoji are other symbols (So).
    return unicodedata.category(char) in ("So", "Sk", "Sm") or char in "‼⁉〰〽"


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in ranges)


def _name(char: str) -> str:
    code = ord(char)
    name = unicodedata.name(char, _ALIASES.get(code, ""))
    return f"U+{code:04X} {name}".rstrip()
