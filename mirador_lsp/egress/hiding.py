"""What servers say of a request they refuse, without what they were sent and without the key.

Some repeat in an error what they were sent. An error is shown, logged and kept; code and keys are
not.
"""

import re
from itertools import pairwise

_ESCAPE = re.compile(r"\\[nrtu\"'\\]")
_GAP = "…"
_LEAST_OF_KEY = 6
_LEAST_OF_PROMPT = 16
"""Letters and digits in a row that a server did not find by itself."""


def without_key(said: str, key: str) -> str:
    """`said` without the key, and without pieces of it."""
    if not key:
        return said
    return masked(said.replace(key, _GAP), key, min(_LEAST_OF_KEY, len(key)))


def masked(said: str, secret: str, least: int = _LEAST_OF_PROMPT) -> str:
    """`said` with a gap for everything of `least` letters and digits in a row that `secret` holds
    as well, however it is spaced, quoted or escaped.
    """
    # An escape is as long as its blanks, so that places stay what they are.
    plain = _ESCAPE.sub("  ", said)
    places = [at for at, char in enumerate(plain) if char.isalnum()]
    letters = "".join(plain[at] for at in places)
    held = "".join(char for char in secret if char.isalnum())
    # Folding makes some rare letters two; then places would not fit.
    if len(letters.casefold()) == len(letters):
        letters, held = letters.casefold(), held.casefold()
    covered: set[int] = set()
    for start in range(len(letters) - least + 1):
        if letters[start : start + least] in held:
            covered.update(range(start, start + least))
    return _without(said, sorted(covered), places)


def _without(said: str, covered: list[int], places: list[int]) -> str:
    if not covered:
        return said
    runs: list[list[int]] = [[covered[0], covered[0]]]
    for before, at in pairwise(covered):
        if at == before + 1:
            runs[-1][1] = at
        else:
            runs.append([at, at])
    pieces: list[str] = []
    after = 0
    for first, last in runs:
        pieces += [said[after : places[first]], _GAP]
        after = places[last] + 1
    return "".join([*pieces, said[after:]])
