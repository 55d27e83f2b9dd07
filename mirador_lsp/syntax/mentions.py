"""The edges of the symbol graph: what a file defines, calls, uses and imports, and where."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.retrieval import Mention, MentionKind
from mirador_lsp.syntax.built_in import built_in
from mirador_lsp.syntax.names import Name, names_in
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.structure import Structure, structure_of

RECIPE = "mentions-1"
"""Names what counts as a mention. Another one means that files have to be read again."""

MAX_MENTIONS = 10_000
"""Mentions that one file may have."""

_KINDS: Mapping[str, MentionKind] = MappingProxyType(
    {
        "import": MentionKind.IMPORTS,
        "call": MentionKind.CALLS,
        "define": MentionKind.DEFINES,
        "type": MentionKind.USES,
        "set": MentionKind.USES,
        "member": MentionKind.USES,
        "read": MentionKind.USES,
        "update": MentionKind.USES,
        "touch": MentionKind.USES,
    }
)
_OWN = frozenset(("self", "this", "cls", "super", "@", "base", "$this", "static", "parent"))
_BINDING = frozenset(("bind", "update"))


@dataclass(frozen=True)
class Mentioned:
    """The mentions of a text, and what is not among them."""

    mentions: tuple[Mention, ...]
    note: str = ""
    """What was left out and why, in one sentence; or ""."""


def mentions_of(parsed: Parsed) -> tuple[Mention, ...]:
    """The mentions of a text, in its order. `mentioned_in` tells what was left out, too."""
    return mentioned_in(parsed).mentions


def mentioned_in(parsed: Parsed) -> Mentioned:
    """What a text defines, calls, uses and imports.

    Local variables are left out, for nobody finds them from elsewhere. A name that one symbol
    mentions several times in the same way is listed once, where it stands first. An alias counts as
    what it stands for. A qualifier that is no plain chain of names is "…".
    Never raises for what the text holds; `MAX_MENTIONS` bounds what comes out.
    """
    if parsed.tree is None:
        return Mentioned(())
    try:
        structure = structure_of(parsed)
        found = names_in(parsed)
    except AnalyzerError as error:
        return Mentioned((), f"names are left out: {error}")
    mentions: list[Mention] = []
    seen: set[tuple[str, MentionKind, str, str]] = set()
    left_out = 0
    for mention in _all(parsed, structure, found.names):
        key = (mention.name, mention.kind, mention.symbol, mention.qualifier)
        if key in seen:
            continue
        seen.add(key)
        if len(mentions) < MAX_MENTIONS:
            mentions.append(mention)
        else:
            left_out += 1
    mentions.sort(key=lambda each: each.line)
    notes = [f"{left_out:,} names beyond the first {MAX_MENTIONS:,} are left out"] * bool(left_out)
    if not found.complete:
        notes.append("there are too many names to look at all of them")
    return Mentioned(tuple(mentions), "; ".join(notes))


def _all(parsed: Parsed, structure: Structure, names: tuple[Name, ...]) -> Iterator[Mention]:
    """Definitions before all else, so that a limit is no reason for one to be missing."""
    for each in structure.definitions:
        name = each.path.rsplit(".", 1)[-1]
        line = parsed.lines.line_of(each.header.start)
        yield Mention(name, MentionKind.DEFINES, each.path, line)
    yield from _Reader(parsed, structure, names).mentions()


class _Reader:
    """Turns the names of one text into mentions."""

    def __init__(self, parsed: Parsed, structure: Structure, names: tuple[Name, ...]) -> None:
        self._parsed = parsed
        self._structure = structure
        self._names = names
        self._starts, self._owners = _owners(structure)
        self._defined = {
            (each.path.rsplit(".", 1)[-1], parsed.lines.line_of(each.header.start))
            for each in structure.definitions
        }
        self._local = self._locals()
        known = {name.alias or name.text for name in names if name.role in {"import", "define"}}
        known.update(name for name, _ in self._defined)
        self._built_in = built_in(parsed.language) - known
        self._aliases = {name.alias: name.text for name in names if name.alias and name.text}

    def mentions(self) -> Iterator[Mention]:
        """In the order of the text, definitions before the rest."""
        for role in ("define", ""):
            for name in self._names:
                if (name.role == "define") == (role == "define"):
                    mention = self._mention(name)
                    if mention is not None:
                        yield mention

    def _mention(self, name: Name) -> Mention | None:
        kind = _KINDS.get(name.role)
        if kind is None:
            return None
        owner = self._owner(name)
        line = self._parsed.lines.line_of(self._parsed.places.offset(name.start))
        path = self._structure.definitions[owner].path if owner >= 0 else ""
        text = name.text.lstrip("$") or name.text
        if kind is MentionKind.IMPORTS:
            return Mention(plain(text), kind, path, line, plain(name.module))
        if kind is MentionKind.DEFINES:
            if (text, line) in self._defined or self._in_function(owner):
                return None
            return Mention(plain(text), kind, f"{path}.{text}" if path else text, line)
        if not name.on:
            if self._says_nothing(name, kind, owner):
                return None
            text = self._aliases.get(name.text, text)
        return Mention(plain(text), kind, path, line, plain(name.on))

    def _says_nothing(self, name: Name, kind: MentionKind, owner: int) -> bool:
        """Whether a name that nothing stands before leads nowhere."""
        if name.text in self._built_in:
            return True
        if kind is not MentionKind.USES:
            return False
        own = owner >= 0 and self._structure.definitions[owner].path.rsplit(".", 1)[-1]
        return name.text == own or self._is_local(name, owner)

    def _owner(self, name: Name) -> int:
        at = self._parsed.places.offset(name.start)
        return self._owners[bisect_right(self._starts, at) - 1]

    def _in_function(self, owner: int) -> bool:
        return owner >= 0 and self._structure.definitions[owner].kind != "class"

    def _locals(self) -> Mapping[int, frozenset[str]]:
        """Function → the names that it binds."""
        bound: dict[int, set[str]] = {}
        for name in self._names:
            if name.role in _BINDING:
                owner = self._owner(name)
                if self._in_function(owner):
                    bound.setdefault(owner, set()).add(name.text)
        return {owner: frozenset(names) for owner, names in bound.items()}

    def _is_local(self, name: Name, owner: int) -> bool:
        while owner >= 0:
            if name.text in self._local.get(owner, ()):
                return True
            owner = self._structure.definitions[owner].parent
        return name.text in _OWN or name.text.isdigit()


def _owners(structure: Structure) -> tuple[list[int], list[int]]:
    """Where the innermost definition changes, and which it is from there on; -1 is none."""
    starts, owners = [0], [-1]
    open_now: list[tuple[int, int]] = []

    def close(until: int) -> None:
        while open_now and open_now[-1][0] <= until:
            end, _ = open_now.pop()
            starts.append(end)
            owners.append(open_now[-1][1] if open_now else -1)

    for index, each in enumerate(structure.definitions):
        close(each.span.start)
        around = open_now[-1][0] if open_now else each.span.end
        open_now.append((min(each.span.end, around), index))
        starts.append(max(each.span.start, starts[-1]))
        owners.append(index)
    close(max((end for end, _ in open_now), default=0))
    return starts, owners
