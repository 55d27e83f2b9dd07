"""Which files differ between two states of a tree, as git and the disk say; no content yet."""

import asyncio
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.decoding import NoText
from mirador_lsp.workspace.git.program import LONG_SECONDS, Git
from mirador_lsp.workspace.git.repository import Repository, failure
from mirador_lsp.workspace.reading import read_bytes
from mirador_lsp.workspace.sources import MAX_BYTES

FILE, LINK, MODULE = 0o100000, 0o120000, 0o160000
_MOST_LISTED = 256_000_000
_MOST_MODULES = 100
_FACTS = re.compile(
    rb"\n?  ctime: \d+:\d+\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: \d+\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)
_NOT_CHECKED_OUT, _TO_BE_ADDED = 0x40000000, 0x20000000


@dataclass(frozen=True)
class Entry:
    """A path that differs."""

    path: str
    """Below the root, with "/"; bytes that are no UTF-8 as surrogates."""
    old_mode: int
    """0 where there was nothing."""
    new_mode: int
    """0 where there is nothing any more."""
    old: str
    """Object id of what was there; "" for nothing."""
    new: str
    """Object id of what is there; "" for nothing and, with a `new_mode`, for what the disk has."""
    unmerged: bool = False
    """Versions of several branches wait for a decision."""


@dataclass(frozen=True)
class _Tracked:
    mode: int
    oid: str
    stamp: int
    """Nanoseconds; -1 where it is not known."""
    size: int
    flags: int
    unmerged: bool


async def between(repository: Repository, base: str, head: str) -> list[Entry]:
    """What differs between two commits or trees."""
    words = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff")
    return _entries(await _listed(repository, *words, base or repository.empty_tree, head))


async def staged(repository: Repository, base: str) -> list[Entry]:
    """What differs between a commit and what is staged."""
    words = ("diff-index", "--cached", "-z", "--raw", "--no-abbrev", "--no-renames")
    return _entries(await _listed(repository, *words, base or repository.empty_tree, "--"))


async def on_disk(repository: Repository, base: str) -> list[Entry]:
    """What differs between a commit and the files as they lie there, those included that git does
    not know and does not ignore.
    """
    root = repository.root
    if root is None:
        message = "This repository is bare: it has no files of its own."
        raise UserError(message, remedy="Compare two revisions: mirador review --diff A..B")
    known = {entry.path: entry for entry in await staged(repository, base)}
    index = _tracked(await _listed(repository, "ls-files", "--stage", "-z", "--debug"))
    others = await _listed(repository, "ls-files", "--others", "--exclude-standard", "-z")
    written = await asyncio.to_thread(_written, repository)
    changed = await asyncio.to_thread(lambda: dict(_differing(root, index, written)))
    changed |= await _moved_modules(repository.git, root, index)
    for name in _names(others):
        changed[name] = Entry(name, 0, FILE | 0o644, "", "")
    for path, entry in changed.items():
        before = known.get(path)
        if before is not None:
            known[path] = replace(entry, old_mode=before.old_mode, old=before.old)
        else:
            known[path] = entry
    both = (entry for entry in known.values() if entry.old or entry.new_mode)
    return sorted(both, key=lambda entry: entry.path)


def blob_id(content: bytes, like: str) -> str:
    """The object id of a content, of the kind that `like` is."""
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest()


def read_inside(root: Path, name: str, most: int = MAX_BYTES) -> bytes | NoText:
    """The content of a file below `root`; one that a link leads out of it is not there."""
    path = os.path.join(root, name)  # noqa: PTH118 — keeps names that pathlib would change
    folder = os.path.realpath(os.path.dirname(path))  # noqa: PTH120 — as above
    inside = os.path.realpath(root)
    if folder != inside and not folder.startswith(os.path.join(inside, "")):  # noqa: PTH118
        return read_bytes(os.path.join(inside, "\0"), max_bytes=most, follow=False)  # noqa: PTH118
    return read_bytes(path, max_bytes=most, follow=False)


async def _moved_modules(git: Git, root: Path, index: Mapping[str, _Tracked]) -> dict[str, Entry]:
    """The submodules that are at another commit than the one that is recorded."""
    names = [name for name, tracked in index.items() if tracked.mode == MODULE]
    moved = {}
    for name in names[:_MOST_MODULES]:
        folder, tracked = root / name, index[name]
        if not await asyncio.to_thread((folder / ".git").exists):
            continue
        said = await replace(git, folder=folder, env={}).ask("rev-parse", "--verify", "HEAD")
        at = said.out.decode("ascii", "replace").strip()
        if said.status == 0 and at != tracked.oid:
            moved[name] = Entry(name, MODULE, MODULE, tracked.oid, at)
    return moved


async def _listed(repository: Repository, *words: str) -> bytes:
    said = await repository.git.ask(*words, most=_MOST_LISTED, seconds=LONG_SECONDS)
    if said.status != 0:
        raise failure(said)
    return said.out


def _names(listed: bytes) -> Iterator[str]:
    for raw in listed.split(b"\0"):
        # A folder is a repository of its own, which is asked about itself.
        if raw and not raw.endswith(b"/"):
            yield os.fsdecode(raw)


def _entries(raw: bytes) -> list[Entry]:
    parts = raw.split(b"\0")
    found: dict[str, Entry] = {}
    for head, name in zip(parts[::2], parts[1::2], strict=False):
        old_mode, new_mode, old, new, status = head.lstrip(b":").decode("ascii").split(" ")
        path = os.fsdecode(name)
        unmerged = status.startswith("U")
        known = found.get(path)
        if known is not None and (unmerged or known.unmerged):
            found[path] = replace(known, unmerged=True)
            continue
        found[path] = Entry(
            path, int(old_mode, 8), int(new_mode, 8), _oid(old), _oid(new), unmerged
        )
    return list(found.values())


def _oid(text: str) -> str:
    return text if text.strip("0") else ""


def _tracked(listed: bytes) -> dict[str, _Tracked]:
    """What git has in its index, with what it remembers of the files.

    The remembered facts are of a form that git may change: without them every file is read.
    """
    found: dict[str, _Tracked] = {}
    parts = listed.split(b"\0")
    heads = parts[:1]
    facts: list[tuple[int, int, int]] = []
    for part in parts[1:]:
        match = _FACTS.match(part)
        if match is not None:
            stamp = int(match[1]) * 1_000_000_000 + int(match[2])
            facts.append((stamp, int(match[3]), int(match[4], 16)))
            heads.append(part[match.end() :])
        else:
            facts.append((-1, 0, 0))
            heads.append(part[part.rfind(b"\n") + 1 :])
    for head, (stamp, size, flags) in zip(heads, facts, strict=False):
        what, _, name = head.partition(b"\t")
        mode, oid, stage = what.decode("ascii").split(" ")
        conflict = stage != "0"
        found[os.fsdecode(name)] = _Tracked(int(mode, 8), oid, stamp, size, flags, conflict)
    return found


def _written(repository: Repository) -> int:
    """When the index was written, in nanoseconds: a file changed since may look unchanged."""
    file = repository.git.env.get("GIT_INDEX_FILE") or str(repository.home / "index")
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


def _differing(
    root: Path, index: Mapping[str, _Tracked], written: int
) -> Iterator[tuple[str, Entry]]:
    """The tracked files that are not what the index says they are."""
    for name, tracked in index.items():
        old = "" if tracked.flags & _TO_BE_ADDED else tracked.oid
        entry = Entry(name, tracked.mode if old else 0, tracked.mode, old, "", tracked.unmerged)
        if tracked.unmerged:
            yield name, entry
        elif tracked.mode != MODULE:
            mode = _mode_of(root, name, tracked)
            if not _same(root, name, tracked, mode, written):
                yield name, replace(entry, new_mode=mode)


def _mode_of(root: Path, name: str, tracked: _Tracked) -> int:
    """What is there now: the mode as git has it, 0 for nothing that git would keep."""
    try:
        mode = os.lstat(os.path.join(root, name)).st_mode  # noqa: PTH118 — odd names
    except (OSError, ValueError):
        return tracked.mode if tracked.flags & _NOT_CHECKED_OUT else 0
    if stat.S_ISLNK(mode):
        return LINK
    if not stat.S_ISREG(mode):
        return 0
    return tracked.mode if tracked.mode != LINK else FILE | 0o644


def _same(root: Path, name: str, tracked: _Tracked, mode: int, written: int) -> bool:
    """Whether a file is what the index says; an executable bit does not count."""
    if mode != tracked.mode:
        return False
    try:
        facts = os.lstat(os.path.join(root, name))  # noqa: PTH118 — odd names
    except (OSError, ValueError):
        return bool(tracked.flags & _NOT_CHECKED_OUT)
    if mode == LINK:
        return _link(root, name, tracked.oid) == tracked.oid
    same = facts.st_mtime_ns == tracked.stamp and facts.st_size & 0xFFFFFFFF == tracked.size
    if same and facts.st_mtime_ns < written:
        return True
    return not tracked.flags & _TO_BE_ADDED and _digest(root, name, tracked.oid) == tracked.oid


def _digest(root: Path, name: str, like: str) -> str:
    content = read_inside(root, name, most=8 * MAX_BYTES)
    return blob_id(content, like) if isinstance(content, bytes) else ""


def _link(root: Path, name: str, like: str) -> str:
    try:
        target = os.readlink(os.path.join(os.fsencode(root), os.fsencode(name)))  # noqa: PTH118, PTH115
    except OSError:
        return ""
    return blob_id(target, like)
