"""The fixed set of questions that models are measured with, out of the files in `probes/`.

A file has lines `name: value`, an empty line, and the code that is asked about.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.text import Span


class ProbeKind(StrEnum):
    """What is asked."""

    REVIEW = "review"
    EXPLAIN = "explain"
    ASK = "ask"
    FIX = "fix"


@dataclass(frozen=True)
class Probe:
    """One question."""

    name: str
    """Of its file."""
    kind: ProbeKind
    snapshot: Snapshot
    faults: tuple[int, ...] = ()
    """Numbers of the lines that are at fault, from 1; of a review any of them counts as found. ()
    for sound code."""
    question: str = ""
    """For `ASK`."""
    message: str = ""
    """For `FIX`: what is wrong."""
    claims: tuple[tuple[str, bool], ...] = ()
    """Of a review: what may be claimed of the code, and whether it holds."""
    wanted: tuple[str, ...] = ()
    """Code of which any has to be in the fixed text; () for anything. Compared without spaces."""
    unwanted: tuple[str, ...] = ()
    """Code of which none may be in it."""

    @property
    def finding(self) -> Finding:
        """What is to be fixed, as a review says it."""
        index = self.snapshot.lines
        number = self.faults[0] - 1
        quote = index.line_text(number).strip()
        start = index.line_span(number).start
        start += len(index.line_text(number)) - len(index.line_text(number).lstrip())
        return Finding(
            id=fingerprint("model/bug", quote, ""),
            rule="model/bug",
            lens=Lens.BUG,
            severity=Severity.WARNING,
            message=self.message,
            span=Span(start, start + len(quote)),
            confidence=0.9,
            origin=Origin("deep", "probe"),
            quote=quote,
        )

    def is_fixed(self, text: str) -> bool:
        """Whether a text that passed the checks is what was asked for."""
        written = _squeezed(text)
        if any(_squeezed(each) in written for each in self.unwanted):
            return False
        return not self.wanted or any(_squeezed(each) in written for each in self.wanted)


@cache
def probes() -> tuple[Probe, ...]:
    """The questions in the order of their names. Reads small files the first time."""
    return tuple(_read(name, text) for name, text in _files())


@cache
def version() -> str:
    """Of the set: figures of one version are not comparable with those of another."""
    digest = hashlib.sha256()
    for name, text in _files():
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _files() -> Sequence[tuple[str, str]]:
    folder = files(__package__).joinpath("probes")
    named = [file for file in folder.iterdir() if file.name.endswith(".md")]
    return [
        (file.name[:-3], file.read_text("utf-8")) for file in sorted(named, key=lambda f: f.name)
    ]


def _read(name: str, text: str) -> Probe:
    head, _, code = text.partition("\n\n")
    said = dict(line.split(": ", 1) for line in head.splitlines())
    snapshot = Snapshot(f"probe:{name}", said["name"], said["language"], code)
    return Probe(
        name=name,
        kind=ProbeKind(said["kind"]),
        snapshot=snapshot,
        faults=tuple(int(number) for number in _listed(said, "faults")),
        question=said.get("question", ""),
        message=said.get("message", ""),
        claims=tuple((said[word], word == "true") for word in ("true", "false") if word in said),
        wanted=_listed(said, "with"),
        unwanted=_listed(said, "without"),
    )


def _listed(said: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in said.get(name, "").split(",") if part.strip())


def _squeezed(text: str) -> str:
    return "".join(text.split())
