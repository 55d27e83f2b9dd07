"""Rules as data: what a rule file may say, read strictly.

A rule file is TOML. Its keys are the fields of `RuleFile`, `Group` and `Condition` below; a key it
does not know, a regular expression that does not compile or a language without examples is an
error. In examples a line `@repeat 30 code` stands for thirty times `code`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.queries import CompiledQuery, compile_query

ANY: Final = "*"
"""In `ids`: every language, the unknown one included."""
_ID: Final = re.compile(r"[a-z]+(-[a-z]+)*")

Kind = Literal["query", "pattern", "hidden", "control", "mixed", "nesting", "length", "repeated"]
"""How places are found:

query: each match of the group's tree-sitter query whose conditions hold, at the capture `finding`.
pattern: each match of the group's regular expression in the text.
hidden: characters that change direction or are not seen (`characters.py`).
control: control codes and soft hyphens (`characters.py`).
mixed: words that mix look-alike letters of two scripts (`characters.py`).
nesting: blocks more than `limit` deep within a function.
length: functions of the outline with more than `limit` lines that hold code.
repeated: a capture `key` whose text was there before within the same capture `scope`.
"""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold of a capture. A capture that a match does not have meets every condition."""

    capture: str
    matches: str = ""
    """A regular expression that is found in it, with or without its quotes and sigils."""
    lacks: str = ""
    """A regular expression that is found in it neither way."""
    same_as: str = ""
    """Another capture with the same code."""
    judged: str = ""
    """Name of a judgement in `matching.JUDGEMENTS`."""
    reach: int = 0
    """Look at this many characters from the capture's start on, not only at the capture."""


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a rule looks in some languages, with examples in which it must and must not be found."""

    ids: tuple[str, ...]
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    query: str = ""
    pattern: str = ""
    where: tuple[Condition, ...] = ()


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one file."""

    id: str
    title: str
    lens: Lens
    severity: Severity
    confidence: float
    message: str
    """Shown to the user; `{name}` stands for the code of the capture `name`."""
    help: str
    """Why it matters and what to do instead; Markdown."""
    languages: tuple[Group, ...]
    kind: Kind = "query"
    cwe: str | None = None
    needs: tuple[str, ...] = ()
    """Lower-case words; a text with none of them, in any case, is not searched at all."""
    where: tuple[Condition, ...] = ()
    """Conditions for every group."""
    narrow: str = ""
    """A regular expression: the finding is at its match within the capture."""
    nested: Literal["all", "inner", "outer"] = "all"
    """Which to keep when one place lies within another."""
    limit: int = 0


class BadRuleError(MiradorError):
    """A rule file is wrong; a mistake of ours, never of a user."""


@dataclass(frozen=True)
class Form:
    """A rule in one group of languages, ready to be applied."""

    group: Group
    where: tuple[Condition, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The group's regular expression, compiled."""
        return re.compile(self.group.pattern)

    @cached_property
    def tests(self) -> tuple[tuple[Condition, re.Pattern[str] | None, re.Pattern[str] | None], ...]:
        """The conditions with their regular expressions compiled."""
        return tuple((c, _compiled(c.matches), _compiled(c.lacks)) for c in self.where)

    def query(self, language: str) -> CompiledQuery:
        """The query for one of the group's languages."""
        return compile_query(language, self.group.query)


@dataclass(frozen=True)
class Rule:
    """A rule, ready to be applied. Regular expressions and queries are compiled when first used."""

    file: RuleFile
    forms: Mapping[str, tuple[Form, ...]]
    """By language; the key `ANY` holds those for every language."""

    @property
    def id(self) -> str:
        """The name after "rules/" in findings; its file has it too."""
        return self.file.id

    def forms_for(self, language: str) -> tuple[Form, ...]:
        """How to look for it in a text of this language; () when there is nothing to look for."""
        own = self.forms.get(language, ())
        return own + self.forms.get(ANY, ())

    @cached_property
    def narrow(self) -> re.Pattern[str] | None:
        """See `RuleFile.narrow`."""
        return _compiled(self.file.narrow)


@cache
def load_rules() -> tuple[Rule, ...]:
    """The packaged rules by id, read once.

    Raises `BadRuleError` that names the file and what is wrong.
    """
    folder = resources.files(__package__).joinpath("rules")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(read_rule(f.name, f.read_text("utf-8")) for f in files)


def read_rule(name: str, source: str) -> Rule:
    """The rule in `source`, the text of the file `name`. Raises `BadRuleError`."""
    try:
        file = msgspec.convert(tomllib.loads(source), RuleFile)
        _validate(name, file)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, re.error) as error:
        message = f"The rule file {name} is wrong: {error}"
        raise BadRuleError(message) from error
    forms: dict[str, list[Form]] = {}
    for group in file.languages:
        for language in group.ids:
            forms.setdefault(language, []).append(Form(group, file.where + group.where))
    return Rule(file, MappingProxyType({key: tuple(value) for key, value in forms.items()}))


def _validate(name: str, file: RuleFile) -> None:
    _require(file.id == name.removesuffix(".toml"), "the id is not the file's name")
    _require(_ID.fullmatch(file.id) is not None, "the id is not lower-case words with hyphens")
    _require(0 < file.confidence < 1, "the confidence is not between 0 and 1")
    _require(bool(file.languages), "it has no languages")
    _require(len(file.message) <= 300, "the message is too long")
    _require(file.kind not in ("nesting", "length") or file.limit > 0, "it has no limit")
    _require(all(word == word.lower() for word in file.needs), "needs is not in lower case")
    _compiled(file.narrow)
    for group in file.languages:
        _validate_group(file, group)


def _validate_group(file: RuleFile, group: Group) -> None:
    where = ", ".join(group.ids) or "a group"
    _require(bool(group.ids), "a group names no language")
    unknown = [i for i in group.ids if i != ANY and i not in LANGUAGES]
    _require(not unknown, f"unknown languages: {unknown}")
    _require(bool(group.positive) and bool(group.negative), f"{where}: an example is missing")
    _require((file.kind == "pattern") == bool(group.pattern), f"{where}: pattern and kind differ")
    asks = file.kind in ("query", "repeated")
    _require(asks == bool(group.query), f"{where}: query and kind differ")
    _require(not (asks and ANY in group.ids), f"{where}: a query needs a language")
    wanted = {"query": ("finding",), "repeated": ("scope", "key")}
    missing = [c for c in wanted.get(file.kind, ()) if f"@{c}" not in group.query]
    _require(not missing, f"{where}: the query has no capture {missing}")
    for condition in file.where + group.where:
        _compiled(condition.matches)
        _compiled(condition.lacks)
    _compiled(group.pattern)


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 — reads as a sentence
    if not holds:
        raise ValueError(otherwise)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None
