"""Addresses that the user named: taken apart by one parser, and which of them mean this machine."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError


def parts_of(url: str, name: str) -> SplitResult:
    """The address of what users call `name`, taken apart. Raises `UserError` for one that is none.

    A password in it is refused: it would end up in logs, and keys have places of their own.
    """
    try:
        parts = urlsplit(url.rstrip("/"))
        usable = parts.port is None or parts.port > 0  # asking for it may raise, too
    except ValueError:
        parts, usable = SplitResult("", "", "", "", ""), False
    if not usable or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        message = f"The address of {plain(name, 60)} is not an http or https address."
        raise UserError(message, remedy="Write it as http://HOST:PORT.")
    return parts


def is_local(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def literal(url: str, host: str) -> str:
    """`url` with a name of this machine replaced by its address: a resolver may say otherwise."""
    if host == "localhost" or host.endswith(".localhost"):
        return url.replace(host, "127.0.0.1", 1)
    return url
