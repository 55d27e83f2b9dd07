"""`mirador serve`: the language server, over stdio or a loopback socket."""

import argparse
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirador_lsp.core.errors import UserError

if TYPE_CHECKING:
    from mirador_lsp.server.run import Transport

_PORT = 2087
_LEVELS = ("debug", "info", "warning", "error")
_EPILOG = """\
An editor starts the server itself and talks over stdio; see the README for the settings. The
sockets listen on this machine only, and have no password: whoever connects first has the session.
"""


@dataclass(frozen=True)
class Address:
    """Where a socket listens."""

    host: str
    port: int


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "serve",
        help="run the language server for an editor",
        description="Run the language server.",
        epilog=_EPILOG,
    )
    where = f"[HOST:]PORT on this machine; default 127.0.0.1:{_PORT}"
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--stdio", action="store_true", help="talk over stdin and stdout (default)")
    ways.add_argument("--tcp", nargs="?", const="", metavar="ADDRESS", help=where)
    ways.add_argument("--ws", nargs="?", const="", metavar="ADDRESS", help=where)
    ways.add_argument("--pipe", metavar="PATH", help="connect to an editor's Unix socket")
    ways.add_argument("--socket", metavar="PORT", help="connect to an editor's port")
    add = parser.add_argument
    add(
        "--clientProcessId",
        type=int,
        metavar="PID",
        help="the editor's process: the server leaves when it ends",
    )
    add("--log-level", choices=_LEVELS, default="", help="default: what the settings say")
    parser.set_defaults(run=run, logs_itself=True)


def run(arguments: argparse.Namespace) -> int:
    """Serve one client."""
    from mirador_lsp.server.run import ServeOptions, serve  # noqa: PLC0415 — the help is fast

    transport, where = _way(arguments)
    options = ServeOptions(
        transport=transport,
        host=where.host,
        port=where.port,
        pipe=arguments.pipe or "",
        client_process_id=arguments.clientProcessId,
        log_level="debug" if arguments.verbose else arguments.log_level,
    )
    return serve(options)


def _way(arguments: argparse.Namespace) -> "tuple[Transport, Address]":
    default = Address("127.0.0.1", _PORT)
    if arguments.tcp is not None:
        return "tcp", address(arguments.tcp) if arguments.tcp else default
    if arguments.ws is not None:
        return "ws", address(arguments.ws) if arguments.ws else default
    if arguments.socket is not None:
        return "socket", address(arguments.socket)
    return ("pipe" if arguments.pipe else "stdio"), default


def address(text: str) -> Address:
    """`PORT`, `HOST:PORT` or `[::1]:PORT`. Raises `UserError` unless it is this machine's own."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if host == "localhost":
        host = "127.0.0.1"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
        number = int(port)
    except ValueError:
        message = f'"{text}" is not an address.'
        raise UserError(message, remedy=f"Give a port, or HOST:PORT: 127.0.0.1:{_PORT}") from None
    if not loopback:
        message = f"Mirador listens on this machine only, and {host} is not it."
        raise UserError(message, remedy=f"Use 127.0.0.1:{port}, and a tunnel from elsewhere.")
    if not 0 <= number <= 65535:
        message = f"There is no port {number}."
        raise UserError(message, remedy="Ports go from 1 to 65535; 0 takes any free one.")
    return Address(host, number)
