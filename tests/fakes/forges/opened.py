"""The three forges, each as Mirador speaks to its stand-in."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fakes.clock import FakeClock
from fakes.forges.gitea import FakeGitea
from fakes.forges.github import FakeGitHub
from fakes.forges.gitlab import FakeGitLab
from fakes.forges.serving import File, StandIn, serving
from mirador_lsp.core.pulls import Forge, ForgeKind
from mirador_lsp.forges.naming import pull_at
from mirador_lsp.forges.opening import open_forge

MAKERS: dict[ForgeKind, Callable[[list[File]], StandIn]] = {
    ForgeKind.GITHUB: FakeGitHub,
    ForgeKind.GITLAB: FakeGitLab,
    ForgeKind.GITEA: FakeGitea,
}
VARIABLES = {
    ForgeKind.GITHUB: "GITHUB_TOKEN",
    ForgeKind.GITLAB: "GITLAB_TOKEN",
    ForgeKind.GITEA: "GITEA_TOKEN",
}
_PATHS = {
    ForgeKind.GITHUB: "acme/shop/pull/12",
    ForgeKind.GITLAB: "acme/tools/shop/-/merge_requests/12",
    ForgeKind.GITEA: "acme/shop/pulls/12",
}


@dataclass
class Opened:
    """A forge and what stands behind it."""

    stand_in: StandIn
    forge: Forge
    url: str
    """The pull request's address."""
    waits: list[float] = field(default_factory=list)
    """Seconds that were waited for, none of them really."""


@asynccontextmanager
async def opened(kind: ForgeKind, files: list[File], token: str = "") -> AsyncIterator[Opened]:
    """A forge over its stand-in; in the end nothing undocumented may have been asked."""
    stand_in = MAKERS[kind](files)
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    with serving(stand_in) as host:
        url = address(kind, host)
        env = {VARIABLES[kind]: token or stand_in.token}
        forge = open_forge(pull_at(url, "", {}, env), env, FakeClock(), wait)
        try:
            yield Opened(stand_in, forge, url, waits)
        finally:
            await forge.close()
    assert stand_in.violations == []


def address(kind: ForgeKind, host: str) -> str:
    """Where the pull request of a stand-in is."""
    return f"http://{host}/{_PATHS[kind]}"
