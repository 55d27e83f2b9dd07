"""Labelled cases: files of which it is known whether they have a defect, and often where.

A set is a folder with `labels.jsonl`, one record a line: `set`, `id`, `pair` (the same for the file
with the defect and the file without, or null), `label` (1 where the defect is there), `file`
(relative to the folder), `cwe` (numbers; empty for a defect that is no weakness) and `lines`
(1-based, of the defect; may be empty).
"""

import hashlib
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmarks.bench import BenchmarkError

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "review-dev"
_LABELS = "labels.jsonl"


@dataclass(frozen=True)
class Case:
    """One file, and what is known of it."""

    set: str
    id: str
    group: str
    """Equal for the two sides of a pair: they are drawn and counted together."""
    paired: bool
    defect: bool
    path: Path
    text: str
    weaknesses: tuple[int, ...] = ()
    """CWE numbers that the case is about, whether it has the defect or not."""
    lines: frozenset[int] = frozenset()
    """Of the defect, from 0; empty where there is none or where nobody wrote them down."""
    located: bool = False
    """The set says on which lines its defects are, so findings can be judged line by line."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def usual_folder() -> Path:
    """Where the labelled set is unless somebody says otherwise."""
    return Path(os.environ.get("MIRADOR_REVIEW_SET", "") or BESIDE)


def load_cases(folder: Path, sets: Sequence[str] = ()) -> list[Case]:
    """The cases of a folder, of the named sets or of all, in the order of the labels.

    Raises `BenchmarkError` where they cannot be read or a name is not one of a set.
    """
    labels = folder / _LABELS
    if not labels.is_file():
        message = f"there is no {_LABELS} in {folder}; --folder or MIRADOR_REVIEW_SET names another"
        raise BenchmarkError(message)
    try:
        found = [_case(folder, line) for line in labels.read_text("utf-8").splitlines() if line]
    except (KeyError, TypeError, ValueError, OSError) as error:
        message = f"{labels} cannot be read: {error!r}"
        raise BenchmarkError(message) from error
    known = dict.fromkeys(case.set for case in found)
    for name in sets:
        if name not in known:
            message = f"there is no set {name!r}; there are {', '.join(known)}"
            raise BenchmarkError(message)
    located = {case.set for case in found if case.lines}
    return [
        replace(case, located=case.set in located) for case in found if not sets or case.set in sets
    ]


def _case(folder: Path, line: str) -> Case:
    record = json.loads(line)
    path = (folder / record["file"]).resolve()
    if not path.is_relative_to(folder.resolve()):
        message = f"{record['file']} lies outside of the set"
        raise ValueError(message)
    pair = record.get("pair")
    return Case(
        set=record["set"],
        id=record["id"],
        group=f"{record['set']}/{pair or record['id']}",
        paired=pair is not None,
        defect=record["label"] == 1,
        path=path,
        text=path.read_text("utf-8"),
        weaknesses=tuple(record["cwe"]),
        lines=frozenset(number - 1 for number in record["lines"]),
    )


def sample(cases: Sequence[Case], groups: int, seed: int) -> list[Case]:
    """The cases of `groups` groups of each set, drawn by chance; pairs stay together.

    The same seed draws the same, and a larger sample begins with the smaller ones, so what is known
    of them need not be asked again. The sets take turns: a run that ends early has some of each.
    """
    drawn: dict[str, int] = {}
    for name in dict.fromkeys(case.set for case in cases):
        there = sorted({case.group for case in cases if case.set == name})
        random.Random(f"{seed} {name}").shuffle(there)  # noqa: S311 — no secret
        drawn |= {group: turn for turn, group in enumerate(there[:groups])}
    kept = [case for case in cases if case.group in drawn]
    return sorted(kept, key=lambda case: (drawn[case.group], case.group))
