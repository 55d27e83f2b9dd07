"""Pull requests as surfaces know them: found, read as change sets, and what is said on them.

The forge's files are told apart as those of a repository are. Surfaces have it from `app`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange
from mirador_lsp.core.clean import plain
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.pulls import Forge, PulledFile, PullRequest
from mirador_lsp.forges.diffs import FileDiff, read_hunks
from mirador_lsp.forges.marks import anchor, marks_of, remark_mark
from mirador_lsp.forges.naming import is_declared, project_of, pull_at
from mirador_lsp.forges.opening import asked_host, open_forge
from mirador_lsp.forges.planning import Plan, Wanted
from mirador_lsp.forges.posting import Posted, post
from mirador_lsp.forges.remotes import origin_of
from mirador_lsp.forges.tokens import find_token
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.git.collecting import Identify, Pair, Side, compared, identified_in
from mirador_lsp.workspace.sources import MAX_BYTES, shown

__all__ = [
    "FileDiff",
    "Plan",
    "Posted",
    "Pulled",
    "Wanted",
    "anchor",
    "asked_host",
    "find_token",
    "is_declared",
    "line_in_forge",
    "marks_of",
    "open_forge",
    "origin_of",
    "post",
    "project_of",
    "pull_at",
    "read_pull",
    "remark_mark",
]

MOST_FILES = 400
"""Files whose text is fetched; each takes a request."""
MOST_BYTES = 64 << 20
"""Of all texts together."""
_LFS = b"version https://git-lfs.github.com/spec/v1"
_LEFT_OUT = "its forge leaves out what changed in it"


@dataclass(frozen=True)
class Pulled:
    """A pull request that can be reviewed."""

    pull: PullRequest
    change: ChangeSet
    diffs: Mapping[str, FileDiff]
    """By the name of the file in the change set."""
    spelled: Mapping[str, PulledFile]
    """Name in the change set → the file as its forge spells it."""


async def read_pull(
    forge: Forge, root: Path | None = None, tell: Callable[[int], None] = lambda _: None
) -> Pulled:
    """The pull request with the texts of its files. `root` is the folder where its repository is
    checked out, if it is: files are then known by their places in it. Nothing is written there.
    `tell` hears how many files there are before their texts are fetched.

    Raises what `Forge` raises.
    """
    pull = await forge.pull()
    listed = await forge.files(pull)
    tell(len(listed.files))
    notices = list(listed.notices)
    pairs: list[Pair] = []
    diffs: dict[str, FileDiff] = {}
    spelled: dict[str, PulledFile] = {}
    left, fetched = MOST_BYTES, 0
    for file in listed.files:
        if not _is_inside(file.name):
            notices.append(
                Notice(NoticeKind.SKIPPED, f"No file has the name {plain(file.name, 80)}.")
            )
            continue
        diff = read_hunks(file.patch or "")
        name = shown(file.name)
        diffs[name], spelled[name] = diff, file
        why_not = file.why_not or _not_fetched(file, diff, fetched, left)
        content: bytes | str = why_not
        if not why_not:
            content = await forge.content(file, pull, min(MAX_BYTES, left))
            fetched += 1
        if isinstance(content, bytes):
            left -= len(content)
        pairs += await asyncio.to_thread(_pairs, file, diff, content)
    identify = identified_in(root) if root is not None else _identified_on(pull)
    files, _ = await asyncio.to_thread(compared, pairs, identify)
    title = f"{pull.place.called}: {pull.title}" if pull.title else pull.place.called
    told = tuple(_as_listed(file, spelled) for file in files)
    change = ChangeSet(title, told, pull.base, pull.head, tuple(notices))
    return Pulled(pull, change, diffs, spelled)


def line_in_forge(text: str, offset: int) -> int:
    """The line, from 1, that a forge gives a place: it counts line feeds alone."""
    return text.count("\n", 0, offset) + 1


def _identified_on(pull: PullRequest) -> Identify:
    """What documents are that are nowhere on this machine: opinions about them are kept by it."""
    place = pull.place
    return lambda path: (f"stdin:{place.host}/{place.project}/{shown(path)}", None)


def _is_inside(name: str) -> bool:
    """Whether a name is that of a file below some folder, spelled the only way there is."""
    path = PurePosixPath(name)
    plainly = bool(name) and str(path) == name and "\0" not in name and "\\" not in name
    return plainly and not path.is_absolute() and ".." not in path.parts


def _not_fetched(file: PulledFile, diff: FileDiff, fetched: int, left: int) -> str:
    """Why a text is not asked for; "" where it is."""
    if not language_of(file.name) and "." in file.name.rpartition("/")[2]:
        return "of a language Mirador does not know"
    if not diff.hunks and file.kind is not ChangeKind.ADDED:
        return "it has another name and no other text" if file.old_name else _LEFT_OUT
    if fetched >= MOST_FILES or left <= 0:
        return f"beyond the first {fetched:,} files, which are those that are fetched"
    return ""


def _pairs(file: PulledFile, diff: FileDiff, content: bytes | str) -> Sequence[Pair]:
    """Both sides of a file. One with another name is two: the old one gone and the new one new."""
    if isinstance(content, bytes) and content.startswith(_LFS):
        content = "kept by Git LFS: its text is not in the repository"
    text = decode(content, language_of(file.name)) if isinstance(content, bytes) else content
    if file.kind is ChangeKind.DELETED:
        return (Pair(file.name, Side(diff.before("")), None),)
    if isinstance(text, NoText) or not isinstance(content, bytes):
        why = text.reason if isinstance(text, NoText) else text
        before = None if file.kind is ChangeKind.ADDED else Side(None)
        return (Pair(file.name, before, Side(None, why), why),)
    if file.kind is ChangeKind.ADDED:
        return (Pair(file.name, None, Side(text)),)
    was = diff.before(text)
    if was is None:
        why = "its text and what is said to have changed in it do not fit together"
        return (Pair(file.name, Side(None), Side(None, why), why),)
    if file.old_name and _is_inside(file.old_name):
        return (Pair(file.old_name, Side(was), None), Pair(file.name, None, Side(text)))
    return (Pair(file.name, Side(was), Side(text)),)


def _as_listed(file: FileChange, spelled: Mapping[str, PulledFile]) -> FileChange:
    """A file without text is what its forge says it is, which no text can contradict."""
    listed = spelled.get(file.name)
    if listed is None or file.snapshot is not None:
        return file
    return replace(file, kind=listed.kind, old_name=file.old_name or shown(listed.old_name))
