"""Changes as surfaces know them: found, understood, told of. Surfaces have it from `app`."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import lexists
from pathlib import Path

from mirador_lsp.core.change_sets import ChangeSet
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.references import ReferenceReader
from mirador_lsp.core.rounds import Round, RoundBook
from mirador_lsp.engine.carrying import still_there
from mirador_lsp.engine.changed.overview import Understood, tell
from mirador_lsp.engine.changed.study import Study, study
from mirador_lsp.workspace.git.finding import Found, Where, Which, find
from mirador_lsp.workspace.git.frequency import frequencies
from mirador_lsp.workspace.git.naming import files_naming
from mirador_lsp.workspace.git.patched import find_patched
from mirador_lsp.workspace.git.repository import open_repository
from mirador_lsp.workspace.git.since import branch_at, find_since, path_below, standing
from mirador_lsp.workspace.git.unsaved import with_texts

__all__ = [
    "Asked",
    "Found",
    "Reviewed",
    "Round",
    "RoundBook",
    "Study",
    "Understood",
    "Where",
    "Which",
    "carried",
    "find_changes",
    "find_since_last",
    "keep_round",
    "tell",
    "understand",
    "understand_uncommitted",
    "within",
]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which change is to be reviewed."""

    which: Which | None = None
    """None for a patch."""
    revision: str = ""
    """For `Which.REVISION`."""
    patch: bytes = b""
    called: str = ""
    """What users call the patch."""
    paths: tuple[str, ...] = ()
    """Of these files and folders alone; () for everything."""
    manner: str = ""
    """How it is looked at, where that is not as the settings say. Rounds of each manner are kept
    apart: what analyzers alone have seen is new to a model."""


async def find_changes(folder: Path, asked: Asked, env: Mapping[str, str] | None = None) -> Found:
    """What changed, as asked from `folder`, which is absolute; `env` is the user's environment.

    Raises `UserError` where there is no git, no repository, no such revision, or a patch that
    cannot be read or does not fit.
    """
    if asked.which is None:
        return await find_patched(folder, asked.patch, asked.called, asked.paths, env)
    return await find(folder, asked.which, asked.revision, asked.paths, env)


async def within(
    change: ChangeSet, root: Path | None, env: Mapping[str, str] | None = None
) -> Found:
    """A change that came from elsewhere, over the files that are checked out in `root`; who uses
    what it changes is looked for there, and nowhere without one.
    """
    if root is None:
        return Found(change, None, Where.DISK, None)
    try:
        repository = await open_repository(root, env)
    except UserError:
        return Found(change, None, Where.DISK, root)
    return Found(change, repository, Where.DISK, repository.root or root)


async def understand(found: Found, folder: Path, reader: ReferenceReader) -> Understood:
    """What a change does, and what it breaks elsewhere. `folder` is where the user stands."""
    if found.repository is None:
        return Understood(await study(found.change, reader, None), {})
    known = await study(found.change, reader, partial(files_naming, found, folder))
    often: Counter[str] = Counter()
    if found.root is not None:
        often.update(await frequencies(found.root))
    by_name = {file.name: often[file.path] for file in found.change.files}
    return Understood(known, by_name)


async def understand_uncommitted(
    folder: Path, texts: Mapping[Path, str], reader: ReferenceReader
) -> Understood:
    """What is not committed yet in a folder of a repository; `texts`, by their absolute paths, are
    what somebody has of files and has not saved. Raises `UserError`.
    """
    found = await find(folder, Which.UNCOMMITTED, paths=["."])
    return await understand(await with_texts(found, folder, texts), folder, reader)


async def find_since_last(
    folder: Path, book: RoundBook, asked: Asked, env: Mapping[str, str] | None = None
) -> tuple[Found, Round | None]:
    """What changed on the branch since it was reviewed last, and that review, if there was any.

    Raises `UserError` where there is no git or no repository, `ServiceError` for a broken book.
    """
    branch = await branch_at(folder, env)
    last = await book.latest(str(branch.root), _kept_as(branch.name, asked.manner))
    return await find_since(folder, last, asked.paths, env), last


async def carried(
    found: Found, understood: Understood, folder: Path, last: Round
) -> Mapping[str, tuple[Snapshot, tuple[Finding, ...]]]:
    """By the name that users know, what the last review found in files that are there still, on
    lines that are as they were, where it stands now.
    """
    names = {symbol.name for symbol in understood.study.symbols}
    held: dict[str, tuple[Snapshot, tuple[Finding, ...]]] = {}
    for path, each in (await standing(found, folder, last)).items():
        kept = tuple(
            finding
            for finding in still_there(last.findings[path], each.old, each.snapshot.text)
            if not _is_anew(finding, names)
        )
        if kept:
            held[each.snapshot.name] = (each.snapshot, kept)
    return held


@dataclass(frozen=True)
class Reviewed:
    """A file of a round."""

    snapshot: Snapshot
    whole: bool
    """Whether it was looked at to the end."""
    findings: tuple[Finding, ...]


async def keep_round(
    found: Found,
    last: Round | None,
    book: RoundBook,
    files: Sequence[Reviewed],
    now: float,
    env: Mapping[str, str] | None = None,
    *,
    manner: str = "",
) -> None:
    """Note that a change of the files on the disk was reviewed: the next round of this manner
    begins here.

    What was not looked at to the end counts as it was before. Raises `UserError`, `ServiceError`.
    """
    if found.root is None:
        return
    branch = await branch_at(found.root, env)
    done = {path_below(found.root, each.snapshot): each for each in files}
    texts: dict[str, str | None] = {}
    earlier = last.texts if last is not None else {}
    for file in found.change.files:
        path = file.path
        reviewed = done.get(path)
        if file.snapshot is not None and file.spans and (reviewed is None or not reviewed.whole):
            texts[path] = file.before
        elif path in branch.dirty:
            texts[path] = file.snapshot.text if file.snapshot is not None else None
    for path in branch.dirty:
        if path not in texts and path in earlier:
            texts[path] = earlier[path]
        elif path not in texts and not await asyncio.to_thread(lexists, branch.root / path):
            texts[path] = None  # it goes by another name now, which was looked at
    findings = {path: each.findings for path, each in done.items() if path and each.findings}
    name = _kept_as(branch.name, manner)
    await book.keep(Round(str(branch.root), name, branch.head, now, texts, findings))


def _kept_as(branch: str, manner: str) -> str:
    # No branch of git's has a blank in its name.
    return f"{branch} {manner}" if manner else branch


def _is_anew(finding: Finding, names: Collection[str]) -> bool:
    """Whether a finding about a changed symbol is told by this change, if it still holds."""
    return finding.origin.tool == "change" and any(f"`{name}`" in finding.message for name in names)
