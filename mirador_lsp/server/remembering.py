"""What is to be found again besides files: questions that were answered, changes that were made."""

import difflib
import hashlib

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.changes import Patch
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import Collection, Memory
from mirador_lsp.server.asked import folder_of
from mirador_lsp.server.server import MiradorServer

_LONGEST = 8000
"""Characters of a memory; what is above is cut."""


def answered(ls: MiradorServer, snapshot: Snapshot, question: str, answer: Answer) -> None:
    """Have the answer of a model to a question of the user's found later. Returns at once.

    The same question about the same file is kept once, with its latest answer.
    """
    title = question.strip()
    _keep(ls, snapshot, Collection.TALK, title, answer.text, key=title)


def accepted(ls: MiradorServer, before: Snapshot, patch: Patch) -> None:
    """Have a change that the client has made found later, as a diff. Returns at once."""
    if patch.creates:
        return
    lines = difflib.unified_diff(
        before.text.splitlines(keepends=True),
        patch.after.splitlines(keepends=True),
        before.name,
        before.name,
    )
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    _keep(ls, before, Collection.FIX, patch.title, diff, key=diff)


def _keep(
    ls: MiradorServer, snapshot: Snapshot, kind: Collection, title: str, text: str, *, key: str
) -> None:
    parts = f"{kind.value}\0{snapshot.uri}\0{key}"
    memory = Memory(
        collection=kind,
        id=hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest(),
        title=title[:_LONGEST],
        text=text[:_LONGEST],
        name=snapshot.name,
    )
    ls.supervisor.start(_remember(ls, snapshot, memory), "memory")


async def _remember(ls: MiradorServer, snapshot: Snapshot, memory: Memory) -> None:
    folder = folder_of(ls, snapshot)
    if folder is not None:
        app = await ls.apps.get()
        await app.remember(folder, memory)
