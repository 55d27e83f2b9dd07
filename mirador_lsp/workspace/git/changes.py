"""Which lines of one document changed since it was last committed.

git is asked for the committed text of one file alone; the texts are compared here.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import smallest
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.text import Span
from mirador_lsp.workspace.git.program import Git, find_git


@dataclass(frozen=True)
class Changes:
    """What changed in a document."""

    spans: tuple[Span, ...]
    """Places in the document; where lines were only taken out, the empty place of the gap."""
    since: str
    """In words: "the last commit", "it was opened"."""


async def changes_of(snapshot: Snapshot, opened: str, git: str | None = None) -> Changes:
    """What differs from the last commit or, where git knows none of it, from the text `opened`.

    `git` is the program; None looks for it in the absolute folders of PATH. Never raises: a git
    that fails, or takes too long, is one that knows nothing.
    """
    before = None
    if snapshot.path is not None:
        program = git if git is not None else await asyncio.to_thread(find_git, os.environ)
        before = await _committed(Path(snapshot.path), program) if program else None
    since = "it was opened" if before is None else "the last commit"
    old = opened if before is None else before
    return Changes(await asyncio.to_thread(changed_spans, old, snapshot.text), since)


def changed_spans(old: str, new: str) -> tuple[Span, ...]:
    """The places of `new` that differ from `old`. Line ends that differ throughout do not count."""
    if "\r\n" in new and "\r\n" not in old:
        old = old.replace("\n", "\r\n")
    elif "\r\n" in old and "\r\n" not in new:
        old = old.replace("\r\n", "\n")
    spans: list[Span] = []
    shift = 0
    for edit in smallest(old, new):
        start = edit.span.start + shift
        spans.append(Span(start, start + len(edit.text)))
        shift += len(edit.text) - (edit.span.end - edit.span.start)
    return tuple(spans)


async def _committed(file: Path, program: str) -> str | None:
    """The file's text in the last commit, "" for one that is not in it; None without a commit."""
    git = Git(program, file.parent)
    try:
        head = await git.ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
        if head.status != 0:
            return None
        said = await git.ask("cat-file", "blob", f"HEAD:./{file.name}")
    except UserError:
        return None
    if said.status != 0:
        return ""
    return said.out.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
