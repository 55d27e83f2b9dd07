"""Which files of a state of the tree name something: who calls what was changed."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mirador_lsp.core.document import Snapshot
from mirador_lsp.workspace.decoding import NoText
from mirador_lsp.workspace.git.contents import contents
from mirador_lsp.workspace.git.finding import Found, Where, naming_from
from mirador_lsp.workspace.git.listing import read_inside
from mirador_lsp.workspace.git.program import LONG_SECONDS
from mirador_lsp.workspace.git.repository import Repository, failure
from mirador_lsp.workspace.reading import to_source
from mirador_lsp.workspace.sources import Source

_MOST_WORDS = 400
_NOTHING = 1


async def files_naming(
    found: Found, folder: Path, words: Sequence[str], most: int
) -> tuple[tuple[Snapshot, ...], int]:
    """The files after the change that hold one of `words` as a word of its own: `most` at most, and
    how many there are in all. Raises `UserError` when git fails.
    """
    asked = [word for word in dict.fromkeys(words) if word.isprintable()][:_MOST_WORDS]
    repository, root = found.repository, found.root
    if not asked or repository is None:
        return (), 0
    paths = await _paths(found, repository, asked)
    if found.where is Where.DISK and root is not None:
        held = await asyncio.to_thread(lambda: {p: read_inside(root, p) for p in paths[:most]})
    else:
        mark = f"{found.change.head}:" if found.where is Where.COMMIT else ":0:"
        named = await contents(repository, [mark + path for path in paths[:most]])
        held = {name.removeprefix(mark): content for name, content in named.items()}
    naming = naming_from(folder, root)

    def snapshots() -> Iterator[Snapshot]:
        for path, content in held.items():
            full = None if root is None else os.path.join(root, path)  # noqa: PTH118
            if not isinstance(content, NoText):
                source = to_source(content, name=naming(path), path=full)
                if isinstance(source, Source) and source.snapshot.language:
                    yield source.snapshot

    return await asyncio.to_thread(lambda: tuple(snapshots())), len(paths)


async def _paths(found: Found, repository: Repository, words: Sequence[str]) -> list[str]:
    asked = [part for word in words for part in ("-e", word)]
    where = {
        Where.DISK: ("--untracked",),
        Where.INDEX: ("--cached",),
        Where.COMMIT: (found.change.head,),
    }[found.where]
    said = await repository.git.ask(
        *("grep", "--threads=1", "--no-color", "--no-textconv", "--no-recurse-submodules"),
        *("-I", "-w", "-F", "-l", "-z", *asked, *where, "--"),
        seconds=LONG_SECONDS,
    )
    if said.status == _NOTHING:
        return []
    if said.status != 0:
        raise failure(said)
    head = os.fsencode(f"{found.change.head}:") if found.where is Where.COMMIT else b""
    return sorted(os.fsdecode(raw.removeprefix(head)) for raw in said.out.split(b"\0") if raw)
