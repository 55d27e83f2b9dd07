"""Text in a fence: what is inside is data, and cannot get out."""

import re

_TICKS = re.compile(r"`{3,}")


def fenced(language: str, code: str) -> str:
    """`code` in a fence longer than any run of backticks in it, so that it cannot close it."""
    longest = max((len(run) for run in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"
