"""The kinds of harm: what each is called, how bad it is, and how it is explained."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import msgspec

from mirador_lsp.analysis.flow.knowledge.files import BadKnowledgeError
from mirador_lsp.core.findings import Severity

_CWE: Final = re.compile(r"CWE-[1-9][0-9]*")
_ID: Final = re.compile(r"[a-z]+(-[a-z]+)*")


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same small program twice."""

    language: str
    """"python" or "javascript"."""
    bad: str
    good: str


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of harm."""

    id: str
    """The `kind` of flows, and what follows "flow/" in the rule of a finding."""
    title: str
    cwe: str
    into: str
    """Where data does this harm, in a few words: "a shell command"."""
    severity: Severity
    """Of a flow from a source that is surely outside."""
    confidence: float
    """Of such a flow in which nothing was guessed, 0…1."""
    weak: bool
    """Whether a flow from a weak source is worth telling."""
    help: str
    """Why it matters and what to do instead; Markdown."""
    examples: tuple[Example, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    topic: tuple[Topic, ...]


@cache
def load_topics() -> Mapping[str, Topic]:
    """The packaged topics by id. Raises `BadKnowledgeError`."""
    text = resources.files(__package__).joinpath("topics.toml").read_text("utf-8")
    try:
        topics = msgspec.convert(tomllib.loads(text), _File).topic
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"The file topics.toml is wrong: {error}"
        raise BadKnowledgeError(message) from error
    for each in topics:
        sound = _ID.fullmatch(each.id) and _CWE.fullmatch(each.cwe) and 0 < each.confidence < 1
        if not sound or not each.examples or sum(t.id == each.id for t in topics) > 1:
            message = f"The file topics.toml is wrong: see {each.id}"
            raise BadKnowledgeError(message)
    return MappingProxyType({each.id: each for each in topics})
