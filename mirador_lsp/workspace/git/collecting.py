"""Makes a change set of the paths that differ: reads both sides, and says why a path has none."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.generated import generated_by_name, generated_by_text
from mirador_lsp.workspace.git.contents import contents
from mirador_lsp.workspace.git.lines import line_changes
from mirador_lsp.workspace.git.listing import LINK, MODULE, Entry, read_inside
from mirador_lsp.workspace.git.renames import renamed
from mirador_lsp.workspace.git.repository import Repository
from mirador_lsp.workspace.sources import shown

MOST_FILES = 20_000
"""Of one change; more are counted."""
_LFS = b"version https://git-lfs.github.com/spec/v1"
_UNKNOWN = "of a language Mirador does not know"


Identify = Callable[[str], tuple[str, str | None]]
"""URI of a path below the root, and where it lies on the disk if it does."""


def identified_in(root: Path | None) -> Identify:
    """Paths below `root` are files there; without one, texts that have no file."""

    def identify(path: str) -> tuple[str, str | None]:
        if root is None:
            return f"stdin:{shown(path)}", None
        full = os.path.join(root, path)  # noqa: PTH118 — keeps names that pathlib would change
        return Path(full).as_uri(), full

    return identify


NOTHING_EARLIER: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True)
class Side:
    """What there is of a file on one side of a change."""

    text: str | None
    """None where there is no file, or none that is text."""
    why_not: str = ""
    """Why a file that is there is no text."""


@dataclass(frozen=True)
class Pair:
    """Both sides of a file that differs."""

    path: str
    """Below the root, with "/"; bytes that are no UTF-8 as surrogates."""
    before: Side | None
    """None where there was no file."""
    after: Side | None
    """None where there is no file any more."""
    why_not: str = ""
    """Why neither is looked at."""


async def change_set(
    repository: Repository,
    entries: Sequence[Entry],
    title: str,
    *,
    base: str = "",
    head: str = "",
    naming: Callable[[str], str] = shown,
    earlier: Mapping[str, str | None] = NOTHING_EARLIER,
) -> ChangeSet:
    """The change set of these paths. `naming` makes of a path below the root what users call it.
    `earlier` has texts that stand in place of those before; None for files that were not there.

    Raises `UserError` when git fails.
    """
    objects = [oid for entry in entries[:MOST_FILES] for oid in (entry.old, entry.new)]
    blobs = await contents(repository, objects)
    pairs = await asyncio.to_thread(
        lambda: [_pair(entry, blobs, repository.root) for entry in entries[:MOST_FILES]]
    )
    notices = []
    if beyond := len(entries) - MOST_FILES:
        text = f"{beyond:,} changed files are left out: the most is {MOST_FILES:,}."
        notices += [Notice(NoticeKind.SKIPPED, text, beyond)] * (beyond > 0)
    known = [pair for pair in pairs if pair is not None]
    if earlier:
        known = await asyncio.to_thread(_since, known, entries, earlier, repository.root)
    root = repository.root
    files, ends = await asyncio.to_thread(lambda: compared(known, identified_in(root), naming))
    if ends:
        what = "1 file differs" if ends == 1 else f"{ends:,} files differ"
        text = f"{what} in nothing but the ends of lines or the mode."
        notices.append(Notice(NoticeKind.SKIPPED, text, ends))
    if missing := sum(pair.before is not None and _lacks(pair.before) for pair in known):
        what = "1 file" if missing == 1 else f"{missing:,} files"
        text = f"Of {what} the text before is not in this clone: all of it counts as changed."
        notices.append(Notice(NoticeKind.SKIPPED, text, missing))
    return ChangeSet(title, files, base, head, tuple(notices))


def _since(
    pairs: Sequence[Pair],
    entries: Sequence[Entry],
    earlier: Mapping[str, str | None],
    root: Path | None,
) -> list[Pair]:
    """The pairs with the earlier texts before them, and those of files that differ from these
    alone. Blocks.
    """
    listed = {entry.path for entry in entries}
    known = {pair.path: pair for pair in pairs}
    for path, text in earlier.items():
        before = None if text is None else Side(text)
        if path in known:
            pair = replace(known.pop(path), before=before)
        elif root is not None:
            # What is listed and has no pair is the same on both sides, or large and elsewhere.
            content = read_inside(root, path)
            there = isinstance(content, bytes) or path in listed
            pair = Pair(path, before, _side(path, content) if there else None)
        else:
            continue
        old = pair.before.text if pair.before is not None else None
        new = pair.after.text if pair.after is not None else None
        if (pair.before is None, old) != (pair.after is None, new) or pair.why_not:
            known[path] = pair
    return list(known.values())


def compared(
    pairs: Sequence[Pair], identify: Identify, naming: Callable[[str], str] = shown
) -> tuple[tuple[FileChange, ...], int]:
    """The files that changed, renames told from new files, and how many differ in their line ends
    alone. Blocks.
    """
    gone = {p.path: p.before.text for p in pairs if p.after is None and p.before and p.before.text}
    come = {p.path: p.after.text for p in pairs if p.before is None and p.after and p.after.text}
    names = renamed(gone, come)
    befores = {pair.path: pair.before for pair in pairs}
    taken = set(names.values())
    files: list[FileChange] = []
    ends = 0
    for pair in pairs:
        if pair.path in taken:
            continue
        old = names.get(pair.path, "")
        full = replace(pair, before=befores[old]) if old else pair
        change = file_change(full, old, identify, naming)
        if change is None:
            ends += 1
        else:
            files.append(change)
    return tuple(sorted(files, key=lambda file: file.name)), ends


def _pair(entry: Entry, blobs: Mapping[str, bytes | NoText], root: Path | None) -> Pair | None:
    """Both sides, read; None where they are the same after all."""
    if entry.unmerged:
        return Pair(entry.path, Side(None), Side(None), "not merged: it waits for a decision")
    if MODULE in (entry.old_mode, entry.new_mode):
        moved = " to ".join(oid[:10] for oid in (entry.old, entry.new) if oid)
        return _unread(entry, f"a submodule: {moved}")
    if LINK in (entry.old_mode, entry.new_mode):
        return _unread(entry, "a symbolic link")
    old = blobs[entry.old] if entry.old else None
    if entry.new:
        new: bytes | NoText | None = blobs[entry.new]
    elif entry.new_mode and root is not None:
        new = read_inside(root, entry.path)
    else:
        new = None
    if _large_storage(old, new):
        why = "" if _same_object(old, new) else "kept by Git LFS: a part of it is not here"
        return _unread(entry, why) if why else None
    if old is None and new is None:
        return None
    return Pair(entry.path, _side(entry.path, old), _side(entry.path, new))


def _unread(entry: Entry, why: str) -> Pair:
    there, still = Side(None) if entry.old_mode else None, Side(None) if entry.new_mode else None
    return Pair(entry.path, there, still, why)


def _side(path: str, content: bytes | NoText | None) -> Side | None:
    if content is None:
        return None
    if isinstance(content, NoText):
        return Side(None, content.reason)
    text = decode(content, language_of(path))
    return Side(None, text.reason) if isinstance(text, NoText) else Side(text)


def _lacks(side: Side) -> bool:
    return side.why_not.startswith("not in this clone")


def _large_storage(*contents: bytes | NoText | None) -> bool:
    return any(isinstance(each, bytes) and each.startswith(_LFS) for each in contents)


def _same_object(old: bytes | NoText | None, new: bytes | NoText | None) -> bool:
    """Whether a file is the very one that a pointer stands for."""
    if not isinstance(old, bytes) or not isinstance(new, bytes):
        return False
    return f"oid sha256:{hashlib.sha256(new).hexdigest()}".encode() in old.split(b"\n")


def file_change(
    pair: Pair, old: str, identify: Identify, naming: Callable[[str], str]
) -> FileChange | None:
    """The change of a file, which was called `old` before if that is not ""; None where nothing
    differs but line ends.
    """
    change = _change(pair, old, identify, naming)
    return None if change is None else replace(change, path=pair.path)


def _change(
    pair: Pair, old: str, identify: Identify, naming: Callable[[str], str]
) -> FileChange | None:
    name, old_name = naming(pair.path), naming(old) if old else ""
    before = pair.before.text if pair.before is not None else None
    if pair.after is None:
        gone = line_changes(before or "", "").removed
        return FileChange(
            *(name, ChangeKind.DELETED, None, before),
            removed=gone,
            language=language_of(pair.path),
            why_not="it was deleted",
        )
    kind = ChangeKind.RENAMED if old else ChangeKind.MODIFIED
    if pair.before is None:
        kind = ChangeKind.ADDED
    after = pair.after.text
    if pair.why_not or after is None:
        why = pair.why_not or pair.after.why_not
        return FileChange(name, kind, None, before, old_name=old_name, why_not=why)
    changes = line_changes(before or "", after)
    if kind is ChangeKind.MODIFIED and before is not None and not changes.spans:
        return None
    snapshot = _snapshot(pair.path, name, after, identify)
    spans = changes.spans if before is not None else (Span(0, len(after)),)
    change = FileChange(
        name, kind, None, before, spans, old_name, added=changes.added, removed=changes.removed
    )
    why_not = snapshot if isinstance(snapshot, str) else ""
    known = None if isinstance(snapshot, str) else snapshot
    return replace(change, snapshot=known, why_not=why_not, spans=spans if known else ())


def _snapshot(path: str, name: str, text: str, identify: Identify) -> Snapshot | str:
    """What is to be reviewed, or why it is not: as of the files of a folder."""
    if reason := generated_by_name(path.rpartition("/")[2]) or generated_by_text(text):
        return reason
    language = language_of(path, text[:200].partition("\n")[0])
    if not text.strip():
        return "it holds blanks only" if text else "empty"
    if not language:
        return _UNKNOWN
    uri, full = identify(path)
    return Snapshot(uri=uri, name=name, language=language, text=text, path=full)
