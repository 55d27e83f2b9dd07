"""A patch over the files that lie around a folder."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mirador_lsp.core.change_sets import ChangeSet
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.git.applying import applied
from mirador_lsp.workspace.git.collecting import identified_in
from mirador_lsp.workspace.git.finding import (
    Found,
    Where,
    absent,
    below_root,
    is_in,
    naming_from,
    no_such_path,
    wanted,
)
from mirador_lsp.workspace.git.listing import read_inside
from mirador_lsp.workspace.git.patches import MOST_BYTES, read_patch
from mirador_lsp.workspace.git.repository import Repository, open_repository


async def find_patched(
    folder: Path,
    content: bytes,
    called: str,
    paths: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> Found:
    """What a patch changes of the files of the repository around `folder` or, where there is none,
    of those below it; of `paths` alone, if any are given. `called` is what users call the patch.

    Raises `UserError` for a patch that cannot be read or does not fit.
    """
    if len(content) > MOST_BYTES:
        message = f"{called} is larger than {MOST_BYTES // 1_000_000} MB."
        raise UserError(message, remedy="Review a smaller one.")
    repository: Repository | None = None
    try:
        repository = await open_repository(folder, env)
    except UserError:
        repository = None
    root = repository.root if repository is not None and repository.root is not None else folder
    text = content.decode("utf-8", "surrogateescape")

    def make() -> ChangeSet:
        patches = read_patch(text, called)
        if paths:
            names = [name for patch in patches for name in (patch.name, patch.old_name) if name]
            for path in absent(paths, names, root, folder):
                raise no_such_path(path)
            tops = [below_root(path, root, folder) for path in paths]
            patches = tuple(p for p in patches if any(is_in(p.name, top) for top in tops))
        naming = naming_from(folder, root)
        return applied(patches, lambda name: _text(root, name), called, identified_in(root), naming)

    change = await wanted(await asyncio.to_thread(make), root)
    return Found(replace(change, title=plain(called, 200)), repository, Where.DISK, root)


def _text(root: Path, name: str) -> str | None:
    """The text of a file; None where there is none."""
    content = read_inside(root, name)
    if isinstance(content, NoText):
        return None
    text = decode(content, language_of(name))
    return None if isinstance(text, NoText) else text
