"""The symbol graph: which definition a name means where it stands, and who uses a symbol.

Nothing is resolved as a compiler would; what speaks for a place is where it is. A name that is
defined in many files says nothing without an import, and is left out then.
"""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.retrieval import MentionKind
from mirador_lsp.index.imports import names_file
from mirador_lsp.index.lookup import Edge, Lookup

COMMON = 8
"""Definitions of a name from which on it takes more than the name to point to one of them."""
_MOST_USERS = 300
_USES = (MentionKind.CALLS, MentionKind.USES)
SAME_FILE, IMPORTED, SAME_FOLDER, ELSEWHERE = range(4)
"""How near a place is, the nearest first."""
NEARNESS = ("same file", "imported", "same folder", "elsewhere")


@dataclass(frozen=True)
class Tie:
    """A place of the graph, and what ties it to where it was asked from."""

    edge: Edge
    name: str
    nearness: int


def definitions(lookup: Lookup, file: str, names: Sequence[str], most: int) -> list[Tie]:
    """What `names` may mean in `file`: first the likeliest of each, the rarest names first."""
    imports = lookup.imports_of(file)
    ranked = [_definitions_of(lookup, file, name, imports) for name in dict.fromkeys(names)]
    ranked.sort(key=len)
    ordered: list[Tie] = []
    for turn in range(max(map(len, ranked), default=0)):
        ordered += [ties[turn] for ties in ranked if turn < len(ties)]
        if len(ordered) >= most:
            break
    return ordered[:most]


def users(lookup: Lookup, file: str, symbol: str, most: int) -> list[Tie]:
    """Symbols that name `symbol` of `file` without being part of it, the nearest first."""
    name = symbol.rpartition(".")[2]
    if not name:
        return []
    # One more than is common says that it is.
    definers = {e.file for e in lookup.edges(name, (MentionKind.DEFINES,), COMMON + 1)} - {file}
    found: dict[tuple[str, str], Edge] = {}
    for edge in lookup.edges(name, _USES, _MOST_USERS):
        inside = edge.file == file and (edge.symbol + ".").startswith(symbol + ".")
        if not inside:
            found.setdefault((edge.file, edge.symbol), edge)
    imports = {user: lookup.imports_of(user) for user in {edge.file for edge in found.values()}}
    ties = [
        Tie(edge, name, _nearness_of_user(edge.file, file, name, imports[edge.file]))
        for edge in found.values()
    ]
    if definers:
        # Somebody else's user of a namesake is no user; without an import nobody can tell.
        ties = [tie for tie in ties if tie.nearness != ELSEWHERE]
        ties = [tie for tie in ties if tie.nearness < SAME_FOLDER or tie.edge.file not in definers]
    ties.sort(key=lambda tie: (tie.nearness, distance(tie.edge.file, file), tie.edge.line))
    return ties[:most]


def _definitions_of(
    lookup: Lookup, file: str, written: str, imports: Sequence[tuple[str, str]]
) -> list[Tie]:
    qualifier, _, name = written.rpartition(".")
    modules = [module for imported, module in imports if imported == name]
    if qualifier:
        last = qualifier.rpartition(".")[2]
        modules += [f"{m}.{i}" if m else i for i, m in imports if last in (i, m.rpartition(".")[2])]
        modules += [m for _, m in imports if m.rpartition(".")[2] == last]
    others = [module for _, module in imports]
    ties = []
    edges = lookup.edges(name, (MentionKind.DEFINES,))
    for edge in edges:
        if edge.file == file:
            nearness = SAME_FILE
        elif _any_names(modules, file, edge.file):
            nearness = IMPORTED
        elif posixpath.dirname(edge.file) == posixpath.dirname(file):
            nearness = SAME_FOLDER
        else:
            nearness = ELSEWHERE
        ties.append(Tie(edge, name, nearness))
    if len(edges) > COMMON:
        ties = [
            t for t in ties if t.nearness < SAME_FOLDER or _any_names(others, file, t.edge.file)
        ]
    if modules and any(tie.nearness == IMPORTED for tie in ties):
        # It says where it is from, so its namesakes elsewhere are others.
        ties = [tie for tie in ties if tie.nearness in (SAME_FILE, IMPORTED)]
    ties.sort(key=lambda tie: (tie.nearness, distance(tie.edge.file, file), tie.edge.line))
    return ties


def _nearness_of_user(user: str, file: str, name: str, imports: Sequence[tuple[str, str]]) -> int:
    if user == file:
        return SAME_FILE
    for imported, module in imports:
        if names_file(module, user, file) and imported in (name, "*", ""):
            return IMPORTED
        if names_file(f"{module}.{imported}" if module else imported, user, file):
            return IMPORTED
    if posixpath.dirname(user) == posixpath.dirname(file):
        return SAME_FOLDER
    return ELSEWHERE


def _any_names(modules: Iterable[str], importer: str, file: str) -> bool:
    return any(names_file(module, importer, file) for module in modules)


def distance(one: str, other: str) -> int:
    """Steps through folders from one file to the other."""
    first, second = one.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        shared += 1
    return len(first) + len(second) - 2 * shared
