"""Opens the forge that a pull request lives on."""

import asyncio
from collections.abc import Mapping

from mirador_lsp.core.ports import Clock
from mirador_lsp.core.pulls import Forge, ForgeKind, PullPlace
from mirador_lsp.egress.asking import Caller
from mirador_lsp.forges.gitea import Gitea
from mirador_lsp.forges.github import HEADERS, GitHub, api_of
from mirador_lsp.forges.gitlab import GitLab
from mirador_lsp.forges.line import Line, Wait
from mirador_lsp.forges.tokens import find_token


def open_forge(
    place: PullPlace, env: Mapping[str, str], clock: Clock, wait: Wait = asyncio.sleep
) -> Forge:
    """The forge of a pull request; nothing is sent yet. The caller closes it.

    Raises `UserError` where there is no token in `env` or the address cannot be used.
    """
    token = find_token(place, env)
    base = asked_host(place)[1]
    more = HEADERS if place.kind is ForgeKind.GITHUB else {}
    # GitHub refuses requests that do not say what sends them.
    headers = {"User-Agent": "mirador", **more, **token.headers}
    line = Line(Caller(place.host, base, headers), place, token, clock, wait)
    match place.kind:
        case ForgeKind.GITHUB:
            return GitHub(place, line)
        case ForgeKind.GITLAB:
            return GitLab(place, line)
        case ForgeKind.GITEA:
            return Gitea(place, line)


def asked_host(place: PullPlace) -> tuple[str, str]:
    """The host that is asked, which is all that is, and its address."""
    base = api_of(place)[0] if place.kind is ForgeKind.GITHUB else place.web
    return base.partition("://")[2].partition("/")[0], base
