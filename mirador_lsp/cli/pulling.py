"""`--pr`: which pull request is meant, the one sentence before the one network access, the fetch.

The token goes to a host that the user did not name before only after a yes: an address that was
pasted, or a remote that somebody wrote into a configuration, may lead anywhere.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TextIO

from mirador_lsp.app import SystemClock, change_reviews, pulls
from mirador_lsp.cli.changed import ChangedRun
from mirador_lsp.cli.report import Report
from mirador_lsp.cli.terminal import say
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import Forge, ForgeKind, PullPlace
from mirador_lsp.core.references import ReferenceReader
from mirador_lsp.settings.settings import ForgesSettings

_MANY = 20
"""Files whose texts take long enough to say so."""
_YES = frozenset({"y", "yes"})


@dataclass(frozen=True, kw_only=True)
class PullWishes:
    """What the command line says about a pull request."""

    text: str = ""
    """Its address, or its number in the repository of the folder; "" for none."""
    post: bool = False
    dry_run: bool = False
    """Tell what would be posted and post nothing."""
    yes: bool = False
    """The question is answered."""

    def check(self, paths: Sequence[str]) -> None:
        """Raise `UserError` for what does not go together."""
        if self.post and paths and self.text:
            message = "--post tells of a whole pull request."
            raise UserError(message, remedy="Leave out the PATHs.")
        for said, name in ((self.dry_run, "--dry-run"), (self.post, "--post")):
            if said and not self.text:
                message = f"{name} needs a pull request."
                raise UserError(message, remedy="Name it: --pr URL or --pr NUMBER")


@dataclass(frozen=True)
class Fetched:
    """A pull request that was fetched, and the way back to it."""

    forge: Forge
    pulled: pulls.Pulled
    wishes: PullWishes
    cap: int
    """Comments at lines that are open at a time."""
    root: Path | None = None
    """The folder where its repository is checked out, if it is."""


class Around(Protocol):
    """What a fetch needs to know of the world."""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment."""
        ...

    @property
    def folder(self) -> Path:
        """Where the user stands."""
        ...

    @property
    def stderr(self) -> TextIO:
        """Where sentences and questions go."""
        ...


def wanted_pull(
    wishes: PullWishes, forges: ForgesSettings, around: Around
) -> AbstractAsyncContextManager[Fetched | None]:
    """`fetched`, or None where no pull request is asked for."""
    if not wishes.text:
        return nullcontext(None)
    return fetched(
        wishes,
        folder=around.folder,
        env=around.env,
        hosts=forges.hosts,
        cap=forges.max_comments,
        stderr=around.stderr,
    )


async def changed_by(
    pull: Fetched,
    reader: ReferenceReader,
    paths: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    report: Report,
) -> ChangedRun:
    """The review of what a pull request changes; `paths`, from its top folder on, narrow it."""
    change = pull.pulled.change
    if paths:
        kept = [f for f in change.files if any(is_below(f.name, path) for path in paths)]
        change = replace(change, files=tuple(kept))
    found = await change_reviews.within(change, pull.root, env)
    return ChangedRun(await change_reviews.understand(found, folder, reader), report)


def is_below(name: str, path: str) -> bool:
    """Whether a file is the one, or in the folder, that a path names."""
    path = path.removeprefix("./").rstrip("/")
    return path in ("", ".") or name == path or name.startswith(f"{path}/")


def fetched(
    wishes: PullWishes,
    *,
    folder: Path,
    env: Mapping[str, str],
    hosts: tuple[str, ...],
    cap: int,
    stderr: TextIO,
    stdin: TextIO | None = None,
) -> AbstractAsyncContextManager[Fetched]:
    """Name the host, ask where that is due, and fetch. Leaving the block hangs up.

    Raises `UserError` for no pull request, no token or a no; `ServiceError` where the forge cannot
    be asked.
    """
    return _fetched(wishes, folder, env, hosts, cap, stderr, stdin or sys.stdin)


@asynccontextmanager
async def _fetched(
    wishes: PullWishes,
    folder: Path,
    env: Mapping[str, str],
    hosts: tuple[str, ...],
    cap: int,
    stderr: TextIO,
    stdin: TextIO,
) -> AsyncIterator[Fetched]:
    remote, top = await asyncio.to_thread(pulls.origin_of, folder)
    named = {host: ForgeKind(kind) for host, _, kind in (each.rpartition("=") for each in hosts)}
    place = pulls.pull_at(wishes.text, remote, named, env)
    forge = pulls.open_forge(place, env, SystemClock())
    try:
        token = pulls.find_token(place, env)
        say(_sentence(place, token.variable, wishes), stderr)
        certain = pulls.is_declared(place, named, env)
        by_address = "/" in wishes.text
        await _consent(place, wishes, env, stderr, stdin, certain=certain, by_address=by_address)
        here = pulls.project_of(remote) == (place.host, place.project)
        root = top if here else None
        pulled = await pulls.read_pull(forge, root, lambda count: _tell_count(count, stderr))
        yield Fetched(forge, pulled, wishes, cap, root)
    finally:
        await forge.close()


def _tell_count(count: int, stderr: TextIO) -> None:
    """Many files take many requests, one after the other, as forges ask for."""
    if count >= _MANY:
        say(f"Fetches the texts of {count} files…", stderr)


def _sentence(place: PullPlace, variable: str, wishes: PullWishes) -> str:
    host, _ = pulls.asked_host(place)
    writes = wishes.post and not wishes.dry_run
    what = "reads what it changes and writes comments" if writes else "reads what it changes"
    return (
        f"Asks {host}, and no other host, for {place.called} with the token in {variable}: {what}."
    )


async def _consent(
    place: PullPlace,
    wishes: PullWishes,
    env: Mapping[str, str],
    stderr: TextIO,
    stdin: TextIO,
    *,
    certain: bool,
    by_address: bool,
) -> None:
    """Go on, or raise `UserError`. `certain`: the host is one that the user knows."""
    if wishes.yes or (certain and (by_address or env.get("CI"))):
        return
    if not env.get("CI") and _is_terminal(stdin) and _is_terminal(stderr):
        print("mirador: Go on? [y/N] ", end="", file=stderr, flush=True)
        if (await _line_of(stdin)).strip().lower() in _YES:
            return
        message = f"Nothing was sent to {place.host}."
        raise UserError(message)
    message = f"Nobody said that {place.host} may be given the token."
    remedy = "Add --yes"
    if not certain:
        remedy += f', or name the host in your settings: forges.hosts = {{"{place.host}" = '
        remedy += f'"{place.kind}"}}'
    raise UserError(message, remedy=f"{remedy}.")


async def _line_of(stdin: TextIO) -> str:
    """What is typed. Waiting for it can be stopped, unlike reading: Ctrl-C must end a question."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(stdin.fileno())
    return stdin.readline()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return os.isatty(stream.fileno())
    except (OSError, ValueError):
        return False
