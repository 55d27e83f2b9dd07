"""From bytes to text, exactly or not at all.

A wrong guess would shift every position after the first odd character, so there is no fallback:
what is not UTF-8, and does not say what else it is, is skipped with that reason.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mirador_lsp.workspace.sources import SkipKind

_SNIFFED = 8192
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

# UTF-32 comes first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a class file or program"),
    (b"SQLite format 3", "a database"),
    (b"GGUF", "a model"),
)
_DECLARABLE: Mapping[str, str] = MappingProxyType(
    {
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "utf-8-sig": "utf-8",
        "ascii": "ascii",
        "us-ascii": "ascii",
        "latin-1": "latin-1",
        "latin1": "latin-1",
        "iso-8859-1": "latin-1",
        "iso8859-1": "latin-1",
        "iso-8859-15": "iso-8859-15",
        "iso8859-15": "iso-8859-15",
        "latin-9": "iso-8859-15",
        "iso-8859-2": "iso-8859-2",
        "cp1250": "cp1250",
        "cp1251": "cp1251",
        "cp1252": "cp1252",
        "windows-1250": "cp1250",
        "windows-1251": "cp1251",
        "windows-1252": "cp1252",
        "koi8-r": "koi8-r",
    }
)
"""Encodings a Python file may declare. The list is short on purpose: Python knows "encodings" that
decompress or rewrite (`zlib`, `rot13`), and packages can add more."""


@dataclass(frozen=True)
class NoText:
    """Why bytes are no text."""

    kind: SkipKind
    reason: str


def decode(content: bytes, language: str) -> str | NoText:
    """The text without its byte order mark. `language` is "python" where PEP 263 holds."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], encoding, "its byte order mark says")
    head = content[:_SNIFFED]
    if b"\0" in head:
        return NoText(SkipKind.BINARY, f"binary: {_magic(head) or 'it holds NUL bytes'}")
    if language == "python" and (declared := _declared(head)):
        return _as_declared(content, declared)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if what := _magic(head):
            return NoText(SkipKind.BINARY, f"binary: {what}")
        line = content.count(b"\n", 0, error.start) + 1
        return NoText(SkipKind.ENCODING, f"not UTF-8 (line {line}; {_guess(content)})")


def encode(text: str, held: bytes, language: str) -> bytes:
    """`text` as bytes the way `held`, which `decode` can read, is: mark and encoding stay.

    Raises UnicodeEncodeError when that encoding cannot hold it.
    """
    for mark, encoding in _MARKS:
        if held.startswith(mark):
            return mark + text.encode(encoding)
    if language == "python" and (declared := _declared(held[:_SNIFFED])):
        return text.encode(_DECLARABLE.get(declared.lower().replace("_", "-"), "utf-8"))
    return text.encode("utf-8")


def _as_declared(content: bytes, declared: str) -> str | NoText:
    encoding = _DECLARABLE.get(declared.lower().replace("_", "-"), "")
    if encoding:
        return _strict(content, encoding, "it declares")
    reason = f'declares the encoding "{declared[:40]}", which Mirador does not read'
    return NoText(SkipKind.ENCODING, reason)


def _strict(content: bytes, encoding: str, who: str) -> str | NoText:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return NoText(SkipKind.ENCODING, f"not {encoding.upper()}, though {who} so")


def _declared(head: bytes) -> str:
    """The encoding named in one of the first two lines, as PEP 263 has it; else ""."""
    for line in re.split(rb"\r\n|\r|\n", head, maxsplit=2)[:2]:
        if match := _COOKIE.match(line):
            return match.group(1).decode("ascii", "replace")
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return ""


def _magic(head: bytes) -> str:
    return next((what for magic, what in _MAGIC if head.startswith(magic)), "")


def _guess(content: bytes) -> str:
    """What the user may tell an editor; never used for reading."""
    sample = content[:_SNIFFED]
    high = sum(byte >= 0x80 for byte in sample)
    if high * 2 > len(sample):
        return "most of it is not Latin text"
    if not any(0x80 <= byte < 0xA0 for byte in sample):
        return "it looks like Latin-1"
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "it is of no encoding Mirador knows"
    return "it looks like Windows-1252"
