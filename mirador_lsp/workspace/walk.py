"""A folder gone through without recursion, without following links and without running away.

Every folder is opened relative to the one above it, by descriptor: nothing that is renamed or
replaced by a link meanwhile can lead the walk out of the tree it was given.
"""

import functools
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mirador_lsp.core.document import Snapshot
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText
from mirador_lsp.workspace.generated import generated_by_name, generated_by_text
from mirador_lsp.workspace.ignoring import Rules, read_rules
from mirador_lsp.workspace.reading import not_a_file, read_bytes, to_source, why_not
from mirador_lsp.workspace.sources import SkipKind, Skipped, Source, display_name

MAX_ENTRIES = 100_000
"""Files and folders one call looks at."""
MAX_DEPTH = 100
"""Folders below each other. Each costs an open descriptor, and a path of thousands of folders is
longer than the system accepts."""
_MAX_WORK = 20_000_000
"""Comparisons with ignore rules; see `Rules.cost`."""
_MAX_IGNORE_BYTES = 256 * 1024
_IGNORE_FILES = (".gitignore", ".miradorignore")
_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj", ".bzr", "CVS"})
_DEPENDENCIES = frozenset(
    {
        "node_modules",
        "bower_components",
        "site-packages",
        "__pycache__",
        ".venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".gradle",
        ".terraform",
    }
)


@dataclass
class Budget:
    """What one call of `gather` may still spend, and where it has been."""

    entries: int = MAX_ENTRIES
    work: int = _MAX_WORK
    folders: dict[tuple[int, int], str] = field(default_factory=dict)
    """(device, inode) of every folder gone through → its path."""
    files: set[str] = field(default_factory=set)
    """Absolute paths that need no second look."""

    @property
    def spent(self) -> bool:
        """Whether the walk has to end."""
        return self.entries < 0 or self.work < 0


@dataclass(frozen=True)
class Scope:
    """What holds for a whole walk."""

    root: str
    """Absolute path of the folder the user named."""
    given: str
    """The folder as the user named it."""
    cwd: Path
    max_bytes: int
    include_hidden: bool
    only: Mapping[str, Any] | None = None
    """None for all of it; else the names in it that are gone to, each with such a mapping for what
    is in it, an empty one for all."""


@dataclass(frozen=True)
class Place:
    """A regular file that a tour has come to. Its folder is open only until the tour goes on."""

    folder: int
    """Descriptor of the folder that it is in."""
    parts: tuple[str, ...]
    """Names from the root to it."""
    facts: os.stat_result


_T = TypeVar("_T")


@dataclass(frozen=True)
class _Folder:
    """An open folder and what is left of it to look at."""

    descriptor: int
    parts: tuple[str, ...]
    """Names from the root to here."""
    names: Iterator[str]
    rules: tuple[Rules, ...]
    """Ignore files that speak of what is in here, the nearest last."""


def walk(scope: Scope, budget: Budget) -> Iterator[Source | Skipped]:
    """Every file in the folder, by name, depth first; whatever is left out with its reason."""
    return tour(scope, budget, functools.partial(_file, scope=scope, budget=budget))


def tour(
    scope: Scope, budget: Budget, take: Callable[[Place], _T | Skipped | None]
) -> Iterator[_T | Skipped]:
    """What `take` makes of each file in the folder; None of it is passed over in silence.

    In the order of names, depth first; whatever is left out before comes with its reason.
    """
    stack: list[_Folder] = []
    try:
        root = _open(scope.root, None, (), _rules_above(scope.root), scope, budget)
        if isinstance(root, Skipped):
            yield root
        elif root is not None:
            stack.append(root)
        while stack:
            name = next(stack[-1].names, None)
            if name is None:
                os.close(stack.pop().descriptor)
                continue
            budget.entries -= 1
            found = None if budget.spent else _entry(stack[-1], name, scope, budget)
            if isinstance(found, _Folder):
                stack.append(found)
            if budget.spent:
                yield _limit(scope, budget)
                return
            made = take(found) if isinstance(found, Place) else found
            if made is not None and not isinstance(made, _Folder):
                yield made
    finally:
        for folder in stack:
            os.close(folder.descriptor)


def _entry(
    folder: _Folder, name: str, scope: Scope, budget: Budget
) -> Place | Skipped | _Folder | None:
    parts = (*folder.parts, name)
    try:
        facts = os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
    except OSError as error:
        return _skipped(why_not(error), parts, scope)
    is_folder = stat.S_ISDIR(facts.st_mode)
    refused = _by_name(name, scope, is_folder=is_folder)
    if refused is None:
        refused = _by_rules(folder, parts, budget, is_folder=is_folder)
    if refused is None and stat.S_ISLNK(facts.st_mode):
        refused = NoText(SkipKind.LINK, "a symbolic link; name it to have it followed")
    if refused is not None:
        return _skipped(refused, parts, scope)
    if is_folder:
        return _open(name, folder.descriptor, parts, folder.rules, scope, budget)
    if not stat.S_ISREG(facts.st_mode):
        return _skipped(NoText(SkipKind.IRREGULAR, not_a_file(facts.st_mode)), parts, scope)
    return Place(folder.descriptor, parts, facts)


def _file(place: Place, scope: Scope, budget: Budget) -> Source | Skipped | None:
    parts = place.parts
    name, path = parts[-1], _join(scope.root, parts)
    if path in budget.files:
        return None
    # A file without an extension may still say in its first line what runs it.
    if "." in name and not language_of(name):
        return _skipped(_UNKNOWN, parts, scope)
    if reason := generated_by_name(name):
        return _skipped(NoText(SkipKind.GENERATED, reason), parts, scope)
    content = read_bytes(name, max_bytes=scope.max_bytes, follow=False, folder=place.folder)
    if isinstance(content, NoText):
        return _skipped(content, parts, scope)
    found = to_source(content, name=_name(parts, scope), path=path, asked=False)
    if isinstance(found, Source) and (why := _unwanted(found.snapshot)) is not None:
        return _skipped(why, parts, scope)
    if isinstance(found, Source):
        budget.files.add(path)
    return found


def _unwanted(snapshot: Snapshot) -> NoText | None:
    if not snapshot.language:
        return _UNKNOWN
    reason = generated_by_text(snapshot.text)
    return NoText(SkipKind.GENERATED, reason) if reason else None


_UNKNOWN = NoText(SkipKind.LANGUAGE, "of a language Mirador does not know")


def _by_name(name: str, scope: Scope, *, is_folder: bool) -> NoText | None:
    if name in _VERSION_CONTROL:
        return NoText(SkipKind.HIDDEN, "version control data")
    if is_folder and name in _DEPENDENCIES:
        return NoText(SkipKind.DEPENDENCY, "installed packages or a cache")
    if name.startswith(".") and not scope.include_hidden:
        return NoText(SkipKind.HIDDEN, "hidden")
    return None


def _by_rules(
    folder: _Folder, parts: tuple[str, ...], budget: Budget, *, is_folder: bool
) -> NoText | None:
    effort = max(1, len(parts[-1]) // 16)
    for rules in reversed(folder.rules):
        budget.work -= rules.cost * effort
        if budget.work < 0:
            return None
        verdict = rules.verdict(_seen_from(rules, parts), is_folder=is_folder)
        if verdict is not None:
            return NoText(SkipKind.IGNORED, f"ignored by {rules.name}") if verdict else None
    return None


def _seen_from(rules: Rules, parts: tuple[str, ...]) -> tuple[str, ...]:
    return (*rules.above, *parts[rules.depth :])


def _open(
    name: str,
    above: int | None,
    parts: tuple[str, ...],
    rules: tuple[Rules, ...],
    scope: Scope,
    budget: Budget,
) -> _Folder | Skipped | None:
    """The folder, open; why it is left out; or None when it was gone through before."""
    if len(parts) > MAX_DEPTH:
        reason = f"more than {MAX_DEPTH} folders deep"
        return _skipped(NoText(SkipKind.LIMIT, reason), parts, scope)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(name, flags | (os.O_NOFOLLOW if parts else 0), dir_fd=above)
    except (OSError, ValueError) as error:
        return _skipped(why_not(error), parts, scope)
    try:
        found = _opened(descriptor, parts, rules, scope, budget)
    except OSError as error:
        os.close(descriptor)
        return _skipped(why_not(error), parts, scope)
    if not isinstance(found, _Folder):
        os.close(descriptor)
    return found


def _opened(
    descriptor: int, parts: tuple[str, ...], rules: tuple[Rules, ...], scope: Scope, budget: Budget
) -> _Folder | Skipped | None:
    facts = os.fstat(descriptor)
    path = _join(scope.root, parts)
    identity = (facts.st_dev, facts.st_ino)
    before = budget.folders.get(identity, "")
    if before == path:
        return None
    if before:
        other = display_name(before, before, scope.cwd)
        reason = f"the same folder as {other}"
        return _skipped(NoText(SkipKind.DUPLICATE, reason), parts, scope)
    names = _names(descriptor, budget.entries)
    if parts and "pyvenv.cfg" in names:
        return _skipped(NoText(SkipKind.DEPENDENCY, "a virtual environment"), parts, scope)
    budget.folders[identity] = path
    here = tuple(
        read
        for ignore in _IGNORE_FILES
        if ignore in names and (read := _rules_at(ignore, descriptor, len(parts), ())) is not None
    )
    ordered = iter(sorted(_among(names, parts, scope.only), key=os.fsencode))
    return _Folder(descriptor, parts, ordered, (*rules, *here))


def _names(descriptor: int, most: int) -> set[str]:
    """The names in a folder; one more than `most` at most, so that the limit is noticed."""
    names: set[str] = set()
    with os.scandir(descriptor) as entries:
        for entry in entries:
            names.add(entry.name)
            if len(names) > most:
                break
    return names


def _among(names: set[str], parts: tuple[str, ...], only: Mapping[str, Any] | None) -> set[str]:
    """Those of the names in the folder `parts` that are gone to."""
    for part in parts:
        if not only:
            return names
        only = only[part]
    return names & only.keys() if only else names


def _rules_at(name: str, descriptor: int, depth: int, above: tuple[str, ...]) -> Rules | None:
    content = read_bytes(name, max_bytes=_MAX_IGNORE_BYTES, follow=False, folder=descriptor)
    if isinstance(content, NoText):
        return None
    label = ".git/info/exclude" if name.endswith("exclude") else name
    return read_rules(content, name=label, depth=depth, above=above)


def _rules_above(root: str) -> tuple[Rules, ...]:
    """The ignore files from the repository's root down to just above `root`."""
    folders = [Path(root), *Path(root).parents][:MAX_DEPTH]
    top = next((i for i, folder in enumerate(folders) if os.path.lexists(folder / ".git")), None)
    if top is None:
        return ()
    found: list[Rules] = []
    for index in range(top, -1, -1):
        folder = folders[index]
        names = [".git/info/exclude"] if index == top else []
        names += _IGNORE_FILES if index > 0 else ()
        between = Path(root).relative_to(folder).parts
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                read = [_rules_at(name, descriptor, 0, between) for name in names]
            finally:
                os.close(descriptor)
            found += [rules for rules in read if rules is not None]
    return tuple(found)


def _limit(scope: Scope, budget: Budget) -> Skipped:
    what = f"{MAX_ENTRIES:,} entries" if budget.entries < 0 else "their ignore files allow"
    reason = f"not gone through to the end: more than {what}; name smaller folders"
    return _skipped(NoText(SkipKind.LIMIT, reason), (), scope)


def _skipped(why: NoText, parts: tuple[str, ...], scope: Scope) -> Skipped:
    return Skipped(_name(parts, scope), why.reason, why.kind, asked=not parts)


def _name(parts: tuple[str, ...], scope: Scope) -> str:
    return display_name(_join(scope.given, parts), _join(scope.root, parts), scope.cwd) or "."


def _join(root: str, parts: tuple[str, ...]) -> str:
    return os.path.join(root, *parts)  # noqa: PTH118 — keeps names that pathlib would change
