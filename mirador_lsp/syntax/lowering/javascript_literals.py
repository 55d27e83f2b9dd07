"""Literals of JavaScript: what a string or a number is worth."""

import re

_LONGEST_NUMBER = 200
_HIGHEST = 0x10FFFF
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,8})\})")
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_ENDS_OF_LINES = ("\n", "\r\n", "\r", "\u2028", "\u2029")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")


def unescaped(sequence: str) -> str:
    """What an escape sequence stands for. One half of a pair comes out as it is: see `whole`."""
    code = _CODE.fullmatch(sequence)
    if code is not None:
        number = int(next(group for group in code.groups() if group), 16)
        return chr(number) if number <= _HIGHEST else sequence
    octal = _OCTAL.fullmatch(sequence)
    if octal is not None:
        return chr(int(octal.group(1), 8))
    rest = sequence[1:]
    if rest in _ENDS_OF_LINES:
        return ""
    return _SHORT.get(rest, rest)


def whole(text: str) -> str:
    """A text whose halves of pairs are joined; a half alone, which no file can hold, is a mark."""
    if _HALF.search(text) is None:
        return text
    joined = _PAIR.sub(
        lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text
    )
    return _HALF.sub("\ufffd", joined)


def number_of(text: str) -> int | float | None:
    """What a number stands for; None for an endless one."""
    bare = text.replace("_", "").lower().removesuffix("n")
    if len(bare) > _LONGEST_NUMBER:
        return None
    try:
        if re.fullmatch(r"0[0-7]+", bare):
            return int(bare, 8)
        return int(bare, 0) if bare[:2] in ("0x", "0o", "0b") else int(bare)
    except ValueError:
        pass
    try:
        value = float(bare)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value
