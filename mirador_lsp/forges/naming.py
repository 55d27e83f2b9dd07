"""From what users write, an address or a number, to one pull request on one host.

A remote's address is read as text and never run: whatever is not plainly a repository on a host is
refused.
"""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import ForgeKind, PullPlace
from mirador_lsp.egress.addresses import is_local

_WELL_KNOWN: tuple[tuple[str, ForgeKind], ...] = (
    ("github.com", ForgeKind.GITHUB),
    ("gitlab.com", ForgeKind.GITLAB),
    ("gitea.com", ForgeKind.GITEA),
    ("codeberg.org", ForgeKind.GITEA),
)
_SSH_NAMES = (("ssh.github.com", "github.com"), ("altssh.gitlab.com", "gitlab.com"))
"""Hosts that only serve SSH over the port of HTTPS, and the forge they belong to."""
_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[\w.~+-]{1,100}", re.ASCII)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")
_SCP = re.compile(r"(?:[\w.+-]+@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<path>(?!//).+)")
_NUMBER = re.compile(r"[#!]?([1-9]\d{0,8})")
_REMEDY = "Write it as https://HOST/OWNER/NAME/pull/NUMBER, or a number in a repository's folder."


def pull_at(
    text: str, remote: str, hosts: Mapping[str, ForgeKind], env: Mapping[str, str]
) -> PullPlace:
    """The pull request that `text` names: its address, or a number, which is one of the repository
    that `remote` leads to ("" where there is none). `hosts` are forges that the user named.

    Raises `UserError`.
    """
    if found := _NUMBER.fullmatch(text.strip()):
        web, project = _repository(remote)
        kind = _kind_of(urlsplit(web).netloc, hosts, env)
        return _place(kind, web, project, found[1])
    return _from_address(text.strip(), hosts, env)


def is_declared(place: PullPlace, hosts: Mapping[str, ForgeKind], env: Mapping[str, str]) -> bool:
    """Whether the host is one that a token may be meant for without asking: a public forge, one
    that the user's settings name, or the one that this very run was started by.
    """
    known = dict(_WELL_KNOWN) | dict(hosts) | _from_environment(env)
    return known.get(place.host) is place.kind


def project_of(remote: str) -> tuple[str, str]:
    """Host and repository that a remote leads to; two empty texts where it is on no forge."""
    try:
        web, project = _repository(remote)
    except UserError:
        return "", ""
    return urlsplit(web).netloc, project


def _from_address(text: str, hosts: Mapping[str, ForgeKind], env: Mapping[str, str]) -> PullPlace:
    parts = _split(text)
    web = f"{parts.scheme}://{parts.netloc.lower()}"
    steps = [unquote(step) for step in parts.path.split("/") if step]
    for at, step in enumerate(steps):
        rest = steps[at + 1 : at + 2]
        if not rest or not (found := _NUMBER.fullmatch(rest[0])):
            continue
        if step == "merge_requests":
            project = steps[: at - 1] if at and steps[at - 1] == "-" else steps[:at]
            return _place(ForgeKind.GITLAB, web, "/".join(project), found[1])
        if step == "pull" and at == 2:
            kind = _kind_of(parts.netloc.lower(), hosts, env, default=ForgeKind.GITHUB)
            return _place(kind, web, "/".join(steps[:2]), found[1])
        if step == "pulls" and at >= 2:
            # A Gitea may live below a path; the two steps before are owner and name.
            below = "/".join(steps[: at - 2])
            web = f"{web}/{below}" if below else web
            return _place(ForgeKind.GITEA, web, "/".join(steps[at - 2 : at]), found[1])
    message = f"{plain(text, 120)} is not the address of a pull request."
    raise UserError(message, remedy=_REMEDY)


def _split(text: str) -> SplitResult:
    """An address taken apart. Raises `UserError` for one that cannot be asked."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    expected = f"{shown}:{port}" if port is not None else shown
    if parts.netloc.lower() != expected or not _HOST.fullmatch(shown):
        # Also a user, a password or anything odd before the host: it hides who is asked.
        message = f"{plain(text, 120)} is neither a number nor an address of a pull request."
        raise UserError(message, remedy=_REMEDY)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local(host)):
        message = f"{plain(shown, 80)} is only asked over https."
        raise UserError(message, remedy=f"Write the address with https://{plain(shown, 80)}.")
    return parts


def _repository(remote: str) -> tuple[str, str]:
    """The forge's address and the repository on it. Raises `UserError`."""
    remote = remote.strip()
    if not remote:
        message = "There is no remote called origin here, so a number alone says too little."
        raise UserError(message, remedy="Name the pull request by its address.")
    host, path, web = "", "", ""
    if "://" in remote:
        host, path, web = _from_url(remote)
    elif (found := _SCP.fullmatch(remote)) and "::" not in remote:
        host, path = found["host"].lower(), found["path"]
    host = dict(_SSH_NAMES).get(host, host)
    steps = [step for step in path.removesuffix("/").removesuffix(".git").split("/") if step]
    if not _HOST.fullmatch(host) or len(steps) < 2 or not all(map(_SEGMENT.fullmatch, steps)):
        message = f"The remote origin ({_shown(remote)}) is not a repository on a forge."
        raise UserError(message, remedy="Name the pull request by its address.")
    return web or f"https://{host}", "/".join(steps)


def _from_url(remote: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(remote)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", "", ""
    shown = f"[{host}]" if ":" in host else host
    if parts.scheme in ("ssh", "git+ssh", "git"):
        return shown, parts.path, ""  # the port is that of SSH
    if parts.scheme == "https" or (parts.scheme == "http" and is_local(host)):
        place = f"{shown}:{port}" if port is not None else shown
        return shown, parts.path, f"{parts.scheme}://{place}"
    return "", "", ""


def _shown(remote: str) -> str:
    """A remote without the password that may be in it."""
    return plain(re.sub(r"//[^/@]*@", "//…@", remote), 80)


def _kind_of(
    host: str,
    hosts: Mapping[str, ForgeKind],
    env: Mapping[str, str],
    *,
    default: ForgeKind | None = None,
) -> ForgeKind:
    known = dict(_WELL_KNOWN) | _from_environment(env) | dict(hosts)
    if host in known:
        return known[host]
    if default is not None:
        return default
    for kind in ForgeKind:
        if host.startswith(f"{kind}."):
            return kind
    if host.startswith("forgejo."):
        return ForgeKind.GITEA
    message = f"Nothing says which kind of forge {plain(host, 80)} is."
    remedy = f'Add "{plain(host, 80)}=gitlab" (or github, gitea) to forges.hosts in your settings.'
    raise UserError(message, remedy=remedy)


def _from_environment(env: Mapping[str, str]) -> dict[str, ForgeKind]:
    """The forge that started this run, as runners tell it, and those its own tools are told of."""
    gitea = any(env.get(name) == "true" for name in ("GITEA_ACTIONS", "FORGEJO_ACTIONS"))
    told = (
        ("GITHUB_SERVER_URL", ForgeKind.GITEA if gitea else ForgeKind.GITHUB),
        ("GH_HOST", ForgeKind.GITHUB),
        ("CI_SERVER_URL", ForgeKind.GITLAB),
        ("GITLAB_HOST", ForgeKind.GITLAB),
        ("GITEA_SERVER_URL", ForgeKind.GITEA),
    )
    found: dict[str, ForgeKind] = {}
    for name, kind in told:
        value = env.get(name, "").strip().lower()
        try:
            host = urlsplit(value if "://" in value else f"https://{value}").netloc
        except ValueError:
            continue
        if host:
            found.setdefault(host, kind)
    return found


def _place(kind: ForgeKind, web: str, project: str, number: str) -> PullPlace:
    steps = project.split("/")
    right = len(steps) >= 2 if kind is ForgeKind.GITLAB else len(steps) == 2
    if not right or not all(map(_SEGMENT.fullmatch, steps)):
        message = f"{plain(project, 120) or 'Nothing'} is not the name of a repository."
        raise UserError(message, remedy=_REMEDY)
    return PullPlace(kind, web, urlsplit(web).netloc, project, int(number))
