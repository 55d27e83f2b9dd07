"""What somebody wants reviewed of a repository, found."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from mirador_lsp.core.change_sets import ChangeSet
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.collecting import change_set
from mirador_lsp.workspace.git.ignored import IgnoreFiles
from mirador_lsp.workspace.git.listing import Entry, between, on_disk, staged
from mirador_lsp.workspace.git.repository import Repository, open_repository
from mirador_lsp.workspace.git.revisions import ends_of, last_commit
from mirador_lsp.workspace.sources import shown


class Which(StrEnum):
    """Which changes."""

    STAGED = "staged"
    """What the next commit would hold."""
    UNCOMMITTED = "uncommitted"
    """What differs from the last commit, new files included."""
    REVISION = "revision"
    """What a revision or a range of them says."""


class Where(StrEnum):
    """Where the texts after a change are."""

    DISK = "disk"
    INDEX = "index"
    COMMIT = "commit"


@dataclass(frozen=True)
class Found:
    """A change set, and where it is from."""

    change: ChangeSet
    repository: Repository | None
    """None for a patch that was read where there is none."""
    where: Where
    root: Path | None
    """The folder that paths are below; None of a bare repository."""


async def find(
    folder: Path,
    which: Which,
    revision: str = "",
    paths: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Found:
    """The changes of the repository around `folder`, which is absolute; of `paths` alone, files or
    folders as a user names them from there, if any are given.

    Raises `UserError` where there is no git, no repository, no such revision.
    """
    repository = await open_repository(folder, env)
    if which is Which.REVISION:
        ends = await ends_of(repository, revision)
        base, head, title = ends.base, ends.head, ends.title
    else:
        base, head = await last_commit(repository), None
        title = "staged changes" if which is Which.STAGED else "uncommitted changes"
    if which is Which.STAGED:
        _needs_files(repository)
        entries, where = await staged(repository, base), Where.INDEX
    elif head is None:
        entries, where = await on_disk(repository, base), Where.DISK
    else:
        entries, where = await between(repository, base, head), Where.COMMIT
    entries = narrowed(entries, repository, folder, paths)
    naming = naming_from(folder, repository.root)
    change = await change_set(repository, entries, title, base=base, head=head or "", naming=naming)
    return Found(await wanted(change, repository.root), repository, where, repository.root)


async def wanted(change: ChangeSet, root: Path | None) -> ChangeSet:
    """The change without the texts that are not to be reviewed."""
    if root is None:
        return change
    files = await asyncio.to_thread(lambda: IgnoreFiles(root).without(change.files))
    return replace(change, files=files)


def narrowed(
    entries: Sequence[Entry], repository: Repository, folder: Path, paths: Sequence[str]
) -> list[Entry]:
    """Those in `paths`. Raises `UserError` for a path outside of the repository."""
    if not paths:
        return list(entries)
    root = repository.root if repository.root is not None else folder
    tops = [below_root(path, root, folder) for path in paths]
    return [
        entry
        for entry in entries
        if any(not top or entry.path == top or entry.path.startswith(f"{top}/") for top in tops)
    ]


def naming_from(folder: Path, root: Path | None) -> Callable[[str], str]:
    """How a path below the root is shown to who stands in `folder`."""
    if root is None or folder == root:
        return shown
    return lambda path: shown(os.path.relpath(os.path.join(root, path), folder))  # noqa: PTH118


def below_root(path: str, root: Path, folder: Path) -> str:
    """What a user who stands in `folder` calls `path`, from the root; "" for the root itself.

    Raises `UserError` for one that is elsewhere.
    """
    full = os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 — links stay
    if full == str(root):
        return ""
    if not full.startswith(os.path.join(root, "")):  # noqa: PTH118
        message = f"{shown(path)} is not in {shown(str(root))}."
        raise UserError(message, remedy="Name files or folders of it.")
    return full[len(os.path.join(root, "")) :].replace(os.sep, "/")  # noqa: PTH118


def _needs_files(repository: Repository) -> None:
    if repository.root is None:
        message = "This repository is bare: nothing is staged in it."
        raise UserError(message, remedy="Compare two revisions: mirador review --diff A..B")
