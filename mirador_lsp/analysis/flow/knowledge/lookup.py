"""Knowledge of libraries, made ready to be asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Final

from mirador_lsp.analysis.flow.contract import Effect, Purity, Sink, Source
from mirador_lsp.analysis.flow.knowledge.files import (
    BadKnowledgeError,
    CleanEntry,
    Entry,
    EntryEntry,
    GuardEntry,
    LibraryFile,
    PassEntry,
    PureEntry,
    SinkEntry,
    SourceEntry,
    read_library,
)
from mirador_lsp.analysis.flow.knowledge.topics import Topic, load_topics
from mirador_lsp.core.knowledge import KnowledgeFile

_FOLDERS: Final = {
    "python": "python",
    "javascript": "javascript",
    "typescript": "javascript",
    "tsx": "javascript",
}


@dataclass
class Library:
    """What some files tell. Implements `contract.Knowledge`."""

    names: dict[str, Effect] = field(default_factory=dict)
    below: dict[str, Effect] = field(default_factory=dict)
    """By name without its ".*"."""
    methods: dict[str, Effect] = field(default_factory=dict)
    decorators: dict[str, Source] = field(default_factory=dict)
    bases: dict[str, Source] = field(default_factory=dict)
    _spoken_of: set[str] = field(default_factory=set)
    """Every name that is known and what it is in, made when it is first asked for."""

    def of(self, name: str) -> Effect | None:
        """See `contract.Knowledge`."""
        found = self.names.get(name)
        if found is not None:
            return found
        plain = _plain(name)
        found = self.names.get(plain)
        above = plain
        while found is None and "." in above:
            above, _, last = above.rpartition(".")
            if "(" in last or last.endswith("="):
                break
            found = self.below.get(above)
        return found

    def of_method(self, name: str) -> Effect | None:
        """See `contract.Knowledge`."""
        return self.methods.get(name) or self.methods.get(name.lstrip("_"))

    def speaks_of(self, name: str) -> bool:
        """See `contract.Knowledge`."""
        if not self._spoken_of:
            for known in (*self.names, *self.below):
                parts = known.split(".")
                self._spoken_of |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        return _plain(name) in self._spoken_of or self.of(name) is not None

    def entry(self, decorators: Sequence[str], bases: Sequence[str]) -> Source | None:
        """See `contract.Knowledge`."""
        for each in decorators:
            name = _plain(each).removesuffix("()")
            found = self.decorators.get(name)
            if found is None and "." in name:
                found = self.decorators.get(f"*.{name.rpartition('.')[2]}")
            if found is not None:
                return found
        return next((self.bases[_plain(b)] for b in bases if _plain(b) in self.bases), None)


def knowledge_of(files: Iterable[LibraryFile], topics: Mapping[str, Topic]) -> Library:
    """What these files tell together. What several say of one name holds together."""
    made = Library()
    for file in files:
        for entry in file.entries:
            effect = _effect(entry, topics)
            for table, name in _places(made, entry, file.starred):
                table[name] = _both(table[name], effect) if name in table else effect
        for door in file.entry:
            _open(made, door, topics)
    return made


@cache
def load_knowledge(language: str, own: tuple[KnowledgeFile, ...] = ()) -> Library:
    """The packaged knowledge for a language of `syntax.languages`, and the user's; an empty one
    where there is none. Raises `BadKnowledgeError`.
    """
    folder = _FOLDERS.get(language)
    if folder is None:
        return Library()
    theirs = [file for file in map(own_library, own) if file.language == folder]
    return knowledge_of([*_packaged(folder), *theirs], load_topics())


@cache
def own_library(file: KnowledgeFile) -> LibraryFile:
    """What a file of the user's says. Raises `BadKnowledgeError`."""
    read = read_library(file.source, file.text, load_topics())
    if read.language not in _FOLDERS.values():
        must = 'its language must be "python" or "javascript"'
        message = f"The file of knowledge {file.source} is wrong: {must}"
        raise BadKnowledgeError(message)
    return read


def _packaged(folder: str) -> Iterator[LibraryFile]:
    topics = load_topics()
    here = resources.files(__package__).joinpath(folder)
    for each in sorted(here.iterdir(), key=lambda f: f.name):
        if each.name.endswith(".toml"):
            yield read_library(f"{folder}/{each.name}", each.read_text("utf-8"), topics)


def _plain(name: str) -> str:
    """A name as files write it: builtins, Node's modules and default exports have two names."""
    return name.removeprefix("node:").removeprefix("builtins.").replace(".default", "")


def _places(
    made: Library, entry: Entry, starred: Sequence[str]
) -> Iterator[tuple[dict[str, Effect], str]]:
    for name in entry.names:
        bare = [name.removeprefix(f"{each}.") for each in starred if name.startswith(f"{each}.")]
        for each in (name, *bare):
            if each.endswith(".*"):
                yield made.below, each.removesuffix(".*")
            else:
                yield made.names, each
    for name in entry.methods:
        yield made.methods, name


def _open(made: Library, door: EntryEntry, topics: Mapping[str, Topic]) -> None:
    answers: Sink | None = None
    if door.answers:
        topic = topics[door.answers]
        answers = Sink(topic.id, topic.cwe, topic.into)
    source = Source(door.what, door.strength, answers, door.answer)
    for name in door.decorators:
        made.decorators[name] = source
    for name in door.bases:
        made.bases[name] = source


def _effect(entry: Entry, topics: Mapping[str, Topic]) -> Effect:
    match entry:
        case SourceEntry():
            return Effect(sources=(Source(entry.what, entry.strength),), passes=())
        case SinkEntry():
            topic = topics[entry.topic]
            sink = Sink(
                kind=topic.id,
                cwe=topic.cwe,
                into=entry.into or topic.into,
                arguments=entry.arguments,
                only_text=entry.only_text,
                unless_shell_off=entry.unless_shell_off,
                needs=entry.needs,
                composed=entry.composed,
                surely=entry.surely,
            )
            return Effect(sinks=(sink,), passes=entry.passes)
        case CleanEntry():
            return Effect(cleans=frozenset(entry.topics), passes=entry.passes)
        case GuardEntry():
            return Effect(guards=frozenset(entry.topics), passes=())
        case PassEntry():
            return Effect(
                passes=entry.passes,
                fills=entry.fills,
                calls=entry.calls,
                is_class=entry.is_class,
            )
        case PureEntry():
            return Effect(pure=Purity.THING if entry.changes else Purity.VALUE)


def _both(one: Effect, other: Effect) -> Effect:
    """What two entries say of the same name."""
    passes = tuple(dict.fromkeys((*(one.passes or ()), *(other.passes or ()))))
    return replace(
        one,
        sources=tuple(dict.fromkeys((*one.sources, *other.sources))),
        sinks=(*one.sinks, *(sink for sink in other.sinks if sink not in one.sinks)),
        cleans=one.cleans | other.cleans,
        passes=None if one.passes is other.passes is None else passes,
        fills=tuple(dict.fromkeys((*one.fills, *other.fills))),
        calls=tuple(dict.fromkeys((*one.calls, *other.calls))),
        guards=one.guards | other.guards,
        is_class=one.is_class or other.is_class,
        pure=max(one.pure, other.pure),
    )
