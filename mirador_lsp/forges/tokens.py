"""The token of a forge: from the environment, for that forge alone, and never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import ForgeKind, PullPlace

_GITHUB = ("GITHUB_TOKEN", "GH_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", *_GITHUB)
_GITLAB = ("GITLAB_TOKEN", "CI_JOB_TOKEN")
_GITEA = ("GITEA_TOKEN", "FORGEJO_TOKEN")
_RIGHTS = {
    ForgeKind.GITHUB: "the permissions contents: read and pull-requests: write",
    ForgeKind.GITLAB: "the scope api",
    ForgeKind.GITEA: "the scopes write:repository, write:issue and read:user",
}


@dataclass(frozen=True)
class Token:
    """A token and how it is presented."""

    variable: str
    """Where it came from."""
    value: str = field(repr=False)
    header: str
    """The header it goes into."""
    prefix: str = ""
    """What stands before it there."""

    @property
    def headers(self) -> dict[str, str]:
        """What goes with each request."""
        return {self.header: f"{self.prefix}{self.value}"}


def find_token(place: PullPlace, env: Mapping[str, str]) -> Token:
    """The first of the forge's variables that is set. Raises `UserError` where none is."""
    names = _names(place, env)
    for name in names:
        value = env.get(name, "").strip()
        if not value:
            continue
        if not (value.isascii() and value.isprintable()) or " " in value:
            message = f"The variable {name} holds what no token holds."
            raise UserError(message, remedy="Set it to the token alone.")
        return _presented(place.kind, name, value)
    message = f"No token for {place.host} is in the environment."
    remedy = f"Set {names[0]} to a token with {rights(place.kind)}."
    raise UserError(message, remedy=remedy)


def rights(kind: ForgeKind) -> str:
    """What a token must be allowed to do, in the forge's own words."""
    return _RIGHTS[kind]


def _names(place: PullPlace, env: Mapping[str, str]) -> tuple[str, ...]:
    match place.kind:
        case ForgeKind.GITHUB:
            return _GITHUB if place.host == "github.com" else _ENTERPRISE
        case ForgeKind.GITLAB:
            return _GITLAB
        case ForgeKind.GITEA:
            # Gitea's runners speak GitHub's language: their own token has GitHub's name.
            ours = any(env.get(name) == "true" for name in ("GITEA_ACTIONS", "FORGEJO_ACTIONS"))
            return (*_GITEA, "GITHUB_TOKEN") if ours else _GITEA


def _presented(kind: ForgeKind, name: str, value: str) -> Token:
    match kind:
        case ForgeKind.GITHUB:
            return Token(name, value, "Authorization", "Bearer ")
        case ForgeKind.GITLAB:
            return Token(name, value, "JOB-TOKEN" if name == "CI_JOB_TOKEN" else "PRIVATE-TOKEN")
        case ForgeKind.GITEA:
            return Token(name, value, "Authorization", "token ")
