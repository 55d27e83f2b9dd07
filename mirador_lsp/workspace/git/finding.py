"""What somebody wants reviewed of a repository, found."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from mirador_lsp.core.change_sets import ChangeSet
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.collecting import change_set
from mirador_lsp.workspace.git.ignored import IgnoreFiles
from mirador_lsp.workspace.git.listing import Entry, between, on_disk, staged
from mirador_lsp.workspace.git.repository import Repository, open_repository
from mirador_lsp.workspace.git.revisions import Ends, ends_of, last_commit
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
        ends = await _ends(repository, revision, folder)
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
    await check_paths(repository, [each.path for each in entries], folder, paths, head or "")
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
    return [entry for entry in entries if any(is_in(entry.path, top) for top in tops)]


def is_in(path: str, top: str) -> bool:
    """Whether a path is a file or a folder, or below it; both from the root."""
    return not top or path == top or path.startswith(f"{top}/")


async def check_paths(
    repository: Repository,
    changed: Sequence[str],
    folder: Path,
    paths: Sequence[str],
    commit: str = "",
) -> None:
    """Raise `UserError` for one of `paths` that is neither there, in `commit` or on the disk, nor
    among what `changed`: it is misspelled, and a review of nothing would pass.
    """
    root = repository.root if repository.root is not None else folder
    for path in await asyncio.to_thread(absent, paths, changed, root, folder):
        name = f"{commit}:{below_root(path, root, folder)}"
        if not commit or (await repository.git.ask("cat-file", "-e", name)).status:
            raise no_such_path(path)


def absent(paths: Sequence[str], changed: Sequence[str], root: Path, folder: Path) -> list[str]:
    """Those of `paths` that are not on the disk, and with nothing below them that changed. Blocks.

    Raises `UserError` for a path outside of the root.
    """
    tops = {path: below_root(path, root, folder) for path in paths}
    return [
        path
        for path, top in tops.items()
        if not any(is_in(each, top) for each in changed) and not os.path.lexists(root / top)
    ]


def no_such_path(path: str) -> UserError:
    """The error for a path that means nothing here."""
    message = f"There is no {shown(path)} here, and nothing of that name changed."
    return UserError(message, remedy="Name files or folders as they are seen from this folder.")


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


async def _ends(repository: Repository, revision: str, folder: Path) -> Ends:
    try:
        return await ends_of(repository, revision)
    except UserError as error:
        if await asyncio.to_thread(os.path.lexists, folder / revision):
            remedy = f"It is a path; those stand behind --: mirador review --diff -- {revision}"
            raise UserError(str(error), remedy=plain(remedy, 400)) from error
        raise


def _needs_files(repository: Repository) -> None:
    if repository.root is None:
        message = "This repository is bare: nothing is staged in it."
        raise UserError(message, remedy="Compare two revisions: mirador review --diff A..B")
