"""Hidden marks in comments, by which a later run knows what an earlier one said.

Code of a pull request may stand in a comment of ours, and with it a forged mark: only the one that
ends a comment counts.
"""

import hashlib
import re
from collections.abc import Iterable

from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.pulls import Marks

_HEX = "([0-9a-f]{16})"
_LENSES = "|".join(Lens)
_REMARK = re.compile(
    rf"<!-- mirador:remark {_HEX} {_HEX} {_HEX} ({_LENSES}) (tool|model)( mended)? -->\s*\Z"
)
_SUMMARY = re.compile(r"<!-- mirador:summary ([0-9a-f ]*)-->\s*\Z")
_MOST_KEPT = 400
"""Remarks that a summary remembers to have been made; with more, the oldest are forgotten."""


def marks_of(name: str, finding: Finding) -> Marks:
    """What makes the remark about `finding` in file `name` known again."""
    return Marks(
        place=digest(name, finding.id),
        words=digest(finding.rule, finding.message),
        anchor=anchor(finding.quote),
        lens=finding.lens,
        by_model=bool(finding.origin.digest) or finding.rule.startswith("model/"),
    )


def anchor(line: str) -> str:
    """Of a line of code, however it is indented."""
    return digest(re.sub(r"\s+", "", line))


def digest(*parts: str) -> str:
    """16 hex digits over texts."""
    joined = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:16]


def remark_mark(marks: Marks, *, mended: bool = False) -> str:
    """The last line of a comment."""
    who = "model" if marks.by_model else "tool"
    state = " mended" if mended else ""
    return (
        f"<!-- mirador:remark {marks.place} {marks.words} {marks.anchor} {marks.lens} {who}"
        f"{state} -->"
    )


def read_remark(body: str) -> tuple[Marks, bool] | None:
    """The marks that end a comment and whether it was edited to say that it was mended."""
    found = _REMARK.search(body)
    if found is None:
        return None
    place, words, where, lens, who, mended = found.groups()
    return Marks(place, words, where, Lens(lens), who == "model"), mended is not None


def without_mark(body: str) -> str:
    """A comment without the mark that ends it."""
    return _REMARK.sub("", body).rstrip()


def summary_mark(made: Iterable[str]) -> str:
    """The last line of a summary: the remarks that were ever made here, oldest first."""
    kept = list(dict.fromkeys(made))[-_MOST_KEPT:]
    return f"<!-- mirador:summary {''.join(f'{each} ' for each in kept)}-->"


def read_summary(body: str) -> tuple[str, ...] | None:
    """The remarks that a summary remembers; None for a comment that is no summary."""
    found = _SUMMARY.search(body)
    if found is None:
        return None
    return tuple(each for each in found[1].split() if len(each) == 16)
