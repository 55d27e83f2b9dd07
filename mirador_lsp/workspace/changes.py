"""Which lines of a document changed since it was last committed.

git is asked for one thing: the committed text of one file. A repository can name programs in its
configuration, and nobody has vouched for it. So git is never asked to compare, list or refresh,
which is what runs hooks, file-system monitors, filters, `textconv` and external diffs; it may not
reach any network, nor fetch what a partial clone lacks; and it gets an environment of our own. The
texts are compared here.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import smallest
from mirador_lsp.core.text import Span

SECONDS = 5.0
"""How long git may take."""
_MOST_BYTES = 8_000_000
_QUIET = (
    "--no-pager",
    "--literal-pathspecs",
    "--no-replace-objects",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
)


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


def find_git(env: Mapping[str, str]) -> str | None:
    """The git on PATH, relative folders left out: one of them could be the workspace."""
    for folder in env.get("PATH", "").split(os.pathsep):
        candidate = Path(folder) / "git"
        if candidate.is_absolute() and os.access(candidate, os.X_OK) and candidate.is_file():
            return str(candidate)
    return None


async def _committed(file: Path, program: str) -> str | None:
    """The file's text in the last commit, "" for one that is not in it; None without a commit."""
    folder = file.parent
    if await _git(program, folder, "rev-parse", "--quiet", "--verify", "HEAD^{commit}") is None:
        return None
    content = await _git(program, folder, "cat-file", "blob", f"HEAD:./{file.name}")
    if content is None:
        return ""
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


async def _git(program: str, folder: Path, *words: str) -> bytes | None:
    """What git prints; None when it fails, prints too much or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *_QUIET,
            *words,
            cwd=folder,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):
        return None
    try:
        async with asyncio.timeout(SECONDS):
            content = await _read(process)
            status = await process.wait()
    except TimeoutError:
        return None
    finally:
        await asyncio.shield(_end(process))
    return content if status == 0 else None


async def _read(process: asyncio.subprocess.Process) -> bytes | None:
    content = bytearray()
    while process.stdout is not None and (piece := await process.stdout.read(1 << 16)):
        content += piece
        if len(content) > _MOST_BYTES:
            process.kill()
            return None
    return bytes(content)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git and whatever it may have started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    # The pipe is closed once it was read to its end.
    while process.stdout is not None and await process.stdout.read(1 << 16):
        pass
    await process.wait()


def _environment() -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_PAGER": "cat",
    }
