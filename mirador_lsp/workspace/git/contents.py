"""What objects of a repository hold."""

from collections.abc import Iterable, Iterator

from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.decoding import NoText
from mirador_lsp.workspace.git.program import LONG_SECONDS
from mirador_lsp.workspace.git.repository import Repository, failure
from mirador_lsp.workspace.reading import too_large
from mirador_lsp.workspace.sources import MAX_BYTES, SkipKind

MOST_BYTES = 400_000_000
"""Of all contents of one change together; what is beyond is not read."""
_AT_ONCE = 32_000_000
NOT_HERE = NoText(SkipKind.MISSING, "not in this clone, which is shallow or partial")
_TOO_MUCH = NoText(SkipKind.LIMIT, "the change is too large to be read as a whole")


async def contents(
    repository: Repository, objects: Iterable[str], most: int = MAX_BYTES
) -> dict[str, bytes | NoText]:
    """The content of each object, named by its id or as `git rev-parse` takes it, or why there is
    none. One that is larger than `most` bytes is not read. Raises `UserError` when git fails.
    """
    wanted = [each for each in dict.fromkeys(objects) if each and "\n" not in each]
    found: dict[str, bytes | NoText] = dict.fromkeys(wanted, NOT_HERE)
    readable: list[tuple[str, int]] = []
    total = 0
    for name, size in await _sizes(repository, wanted):
        total += size
        if size > most:
            found[name] = NoText(SkipKind.LARGE, too_large(size, most))
        elif total > MOST_BYTES:
            found[name] = _TOO_MUCH
        else:
            readable.append((name, size))
    for some in _portions(readable):
        found |= await _read(repository, some)
    return found


async def _sizes(repository: Repository, names: list[str]) -> list[tuple[str, int]]:
    """The size of each that is a content and is there."""
    lines = (await _batch(repository, "--batch-check", names, most=_AT_ONCE)).split(b"\n")
    sizes = []
    for name, line in zip(names, lines, strict=False):
        words = line.rsplit(b" ", 2)
        if len(words) == 3 and words[1] == b"blob":
            sizes.append((name, int(words[2])))
    return sizes


def _portions(sized: list[tuple[str, int]]) -> Iterator[list[str]]:
    some: list[str] = []
    held = 0
    for name, size in sized:
        if some and held + size > _AT_ONCE:
            yield some
            some, held = [], 0
        some.append(name)
        held += size
    if some:
        yield some


async def _read(repository: Repository, names: list[str]) -> dict[str, bytes | NoText]:
    said = await _batch(repository, "--batch", names, most=2 * _AT_ONCE + MAX_BYTES)
    found: dict[str, bytes | NoText] = {}
    at = 0
    for name in names:
        head, _, _ = said[at : at + 400].partition(b"\n")
        words = head.rsplit(b" ", 2)
        at += len(head) + 1
        if len(words) != 3 or words[1] != b"blob":
            found[name] = NOT_HERE
            continue
        size = int(words[2])
        found[name] = said[at : at + size]
        at += size + 1
    return found


async def _batch(repository: Repository, how: str, names: list[str], most: int) -> bytes:
    if not names:
        return b""
    asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    said = await repository.git.ask("cat-file", how, stdin=asked, most=most, seconds=LONG_SECONDS)
    # A damaged object ends it with a complaint after it has told of those before.
    if said.status != 0 and not said.out:
        raise failure(said)
    if said.status != 0:
        message = f"The repository is damaged: {said.complaint or 'an object cannot be read'}."
        raise UserError(message, remedy="`git fsck` tells more.")
    return said.out
