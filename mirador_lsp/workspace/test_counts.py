"""How many tests passed, from what the common test tools print at their end."""

import re
from typing import Final

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PYTEST: Final = re.compile(r"^=* ?(?:.*?\b)?(\d+) passed\b.* in [\d.]+s", re.MULTILINE)
_PYTEST_END: Final = re.compile(
    r"^=* ?(?:no tests ran|(?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE
)
_UNITTEST: Final = re.compile(r"^Ran (\d+) tests? in [\d.]+s", re.MULTILINE)
_UNITTEST_LEFT: Final = re.compile(r"(failures|errors|skipped|expected failures)=(\d+)")
_JEST: Final = re.compile(r"^\s*Tests:?\s+(?:.*?\b)?(\d+) passed\b", re.MULTILINE)
_MOCHA: Final = re.compile(r"^\s*(\d+) passing\b", re.MULTILINE)
_CARGO: Final = re.compile(r"^test result: \w+\. (\d+) passed;", re.MULTILINE)
_GO: Final = re.compile(r"^--- PASS: ", re.MULTILINE)


def without_colours(output: str) -> str:
    """The output without the escapes that colour it."""
    return _ANSI.sub("", output)


def passed_in(output: str) -> int | None:
    """How many tests passed; None where the output does not say.

    Knows pytest, unittest, jest and vitest, mocha, cargo and `go test -v`.
    """
    if found := _PYTEST.findall(output):
        return int(found[-1])
    if _PYTEST_END.search(output):
        return 0
    if ran := list(_UNITTEST.finditer(output)):
        rest = output[ran[-1].end() :]
        return int(ran[-1][1]) - sum(int(n) for _, n in _UNITTEST_LEFT.findall(rest))
    for one in (_JEST, _MOCHA):
        if found := one.findall(output):
            return int(found[-1])
    if found := _CARGO.findall(output):
        return sum(map(int, found))
    return len(_GO.findall(output)) or None
