"""Literals of Python: what a string or a number is worth."""

import ast
import re

_PREFIX = re.compile(r"[A-Za-z]*")
_LONGEST_NUMBER = 200
_ESCAPE = re.compile(
    r"\\(?:\r\n|[\s\S]|$)(?:(?<=\\x)[0-9A-Fa-f]{2}|(?<=\\u)[0-9A-Fa-f]{4}|(?<=\\U)[0-9A-Fa-f]{8}"
    r"|(?<=\\N)\{[^}]*\}|(?<=\\[0-7])[0-7]{0,2})?"
)


def prefix_of(start: str) -> str:
    """The letters before the quotes of a string, in lower case: "rb"."""
    match = _PREFIX.match(start)
    return match.group().lower() if match is not None else ""


def decoded(content: str, prefix: str) -> str | bytes:
    """What the content of a string stands for; as it is where an escape cannot be read."""
    plain = content if "r" in prefix else _ESCAPE.sub(_unescaped, content)
    if "b" not in prefix:
        return plain
    return plain.encode("latin-1", "replace")


def _unescaped(match: re.Match[str]) -> str:
    text = match.group()
    if text in ("\\\n", "\\\r\n", "\\\r"):
        return ""
    try:
        value = ast.literal_eval(f'"{text}"') if text != '\\"' else '"'
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, str) else text


def number_of(text: str) -> int | float | None:
    """What a number stands for; None for a complex or an endless one."""
    bare = text.replace("_", "").rstrip("lL")
    if len(bare) > _LONGEST_NUMBER:
        return None
    try:
        return int(bare, 0)
    except ValueError:
        pass
    try:
        return int(bare, 8) if re.fullmatch(r"0[0-7]+", bare) else float(bare)
    except ValueError:
        return None
