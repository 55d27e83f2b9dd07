"""What changed on a branch since it was reviewed last."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.rounds import Round
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.git.collecting import change_set, identified_in
from mirador_lsp.workspace.git.contents import contents
from mirador_lsp.workspace.git.finding import (
    Found,
    Where,
    check_paths,
    naming_from,
    narrowed,
    wanted,
)
from mirador_lsp.workspace.git.listing import Entry, on_disk, read_inside
from mirador_lsp.workspace.git.repository import Repository, open_repository
from mirador_lsp.workspace.git.revisions import (
    branch_of,
    known_commit,
    last_commit,
    where_it_began,
)


@dataclass(frozen=True)
class Branch:
    """Where a branch is now."""

    root: Path
    name: str
    """"" where none is checked out."""
    head: str
    """Object id of the commit; "" before the first."""
    dirty: tuple[str, ...] = ()
    """Paths that are not as the commit has them."""


@dataclass(frozen=True)
class Standing:
    """What was found earlier in a file that has not changed since, or only elsewhere."""

    snapshot: Snapshot
    old: str
    """Its text when that was found."""


async def branch_at(folder: Path, env: Mapping[str, str] | None = None) -> Branch:
    """The branch that is checked out around a folder. Raises `UserError` where there is none."""
    repository = await open_repository(folder, env)
    head = await last_commit(repository)
    dirty = tuple(entry.path for entry in await on_disk(repository, head))
    return Branch(_root_of(repository), await branch_of(repository), head, dirty)


async def find_since(
    folder: Path,
    last: Round | None,
    paths: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Found:
    """What changed since the round `last`; where there was none, since the branch began.

    Raises `UserError` where there is no git or no repository with files.
    """
    repository = await open_repository(folder, env)
    root = _root_of(repository)
    head = await last_commit(repository)
    branch = await branch_of(repository) or "this commit"
    notices = []
    gone = last is not None and last.head and not await known_commit(repository, last.head)
    if last is None or gone:
        base = await where_it_began(repository, head) if head else ""
        why = "where its last review was is gone" if gone else "it was not reviewed before"
        text = f"All that changed on {branch} is reviewed: {why}."
        notices.append(Notice(NoticeKind.FALLBACK, text))
        earlier: Mapping[str, str | None] = {}
    else:
        base, earlier = last.head, last.texts
    listed = await on_disk(repository, base)
    await check_paths(repository, [*(each.path for each in listed), *earlier], folder, paths)
    entries = narrowed(listed, repository, folder, paths)
    if paths:
        pathed = [Entry(path, 0, 0, "", "") for path in earlier]
        inside = {each.path for each in narrowed(pathed, repository, folder, paths)}
        earlier = {path: text for path, text in earlier.items() if path in inside}
    title = f"changes on {branch} since its last review"
    change = await change_set(
        *(repository, entries, title),
        base=base,
        naming=naming_from(folder, root),
        earlier=earlier,
    )
    change = await wanted(replace(change, notices=(*notices, *change.notices)), root)
    return Found(change, repository, Where.DISK, root)


async def standing(found: Found, folder: Path, last: Round) -> dict[str, Standing]:
    """By path, the files of which something was found in the last round and that are there still,
    as they are now.
    """
    repository, root = found.repository, found.root
    if repository is None or root is None:
        return {}
    asked = [path for path in last.findings if last.texts.get(path) is None]
    blobs = await contents(repository, [f"{last.head}:{path}" for path in asked if last.head])

    def read() -> dict[str, Standing]:
        there = {}
        naming, identify = naming_from(folder, root), identified_in(root)
        for path in last.findings:
            old = last.texts.get(path)
            if old is None:
                old = _text(path, blobs.get(f"{last.head}:{path}"))
            now = _text(path, read_inside(root, path))
            if old is None or now is None:
                continue
            uri, full = identify(path)
            language = language_of(path, now[:200].partition("\n")[0])
            snapshot = Snapshot(uri, naming(path), language, now, path=full)
            there[path] = Standing(snapshot, old)
        return there

    return await asyncio.to_thread(read)


def path_below(root: Path, snapshot: Snapshot) -> str:
    """The path of a document below the root; "" where it is elsewhere."""
    head = os.path.join(root, "")  # noqa: PTH118 — keeps names that pathlib would change
    full = snapshot.path or ""
    return full[len(head) :].replace(os.sep, "/") if full.startswith(head) else ""


def _text(path: str, content: bytes | NoText | None) -> str | None:
    text = decode(content, language_of(path)) if isinstance(content, bytes) else None
    return text if isinstance(text, str) else None


def _root_of(repository: Repository) -> Path:
    if repository.root is None:
        message = "This repository is bare: no branch of it is worked on here."
        raise UserError(message, remedy="Compare two revisions: mirador review --diff A..B")
    return repository.root
