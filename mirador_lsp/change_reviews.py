"""Changes as surfaces know them: found, understood, told of. Surfaces have it from `app`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mirador_lsp.core.change_sets import ChangeSet, Overview
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.references import ReferenceReader
from mirador_lsp.engine.changed.overview import Heard, overview
from mirador_lsp.engine.changed.study import Study, study
from mirador_lsp.workspace.git.finding import Found, Where, Which, find
from mirador_lsp.workspace.git.frequency import frequencies
from mirador_lsp.workspace.git.naming import files_naming
from mirador_lsp.workspace.git.patched import find_patched
from mirador_lsp.workspace.git.repository import open_repository

__all__ = [
    "Asked",
    "Found",
    "Study",
    "Understood",
    "Which",
    "find_changes",
    "tell",
    "understand",
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


@dataclass(frozen=True)
class Understood:
    """A change, and what is known of it."""

    study: Study
    often: Mapping[str, int]
    """In how many of the latest commits each of its files was changed, by name."""


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
    by_name = {file.name: often[_below(found.root, file.snapshot)] for file in found.change.files}
    return Understood(known, by_name)


def tell(
    understood: Understood, findings: Sequence[Finding] = (), said: tuple[str, str] = ("", "")
) -> Overview:
    """The overview of a change; `said` is what a model says of it, and which model."""
    return overview(understood.study, Heard(findings, understood.often, *said))


def _below(root: Path | None, snapshot: Snapshot | None) -> str:
    """The name below the root of a file of the change."""
    if root is None or snapshot is None or snapshot.path is None:
        return ""
    path = Path(snapshot.path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
