"""From options to a served client, and out of the process again, always."""

import asyncio
import ipaddress
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, NoReturn

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server import logs, watch
from mirador_lsp.server.apphost import Open, Reviewer
from mirador_lsp.server.framing import FramingError
from mirador_lsp.server.links import Link, SocketLink, StdioLink
from mirador_lsp.server.protocol import Protocol
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.wiring import create_server
from mirador_lsp.settings import Loaded, paths

Transport = Literal["stdio", "tcp", "ws", "pipe", "socket"]

TURN_SECONDS = 0.01
"""After this much work on messages that came together, others on the loop get a turn."""
_CLOSE_SECONDS = 0.5
_DEFECT = 70
"""Exit code of a server that failed by a defect of its own."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServeOptions:
    """How to meet the client."""

    transport: Transport = "stdio"
    """"tcp" and "ws" listen for one client on the loopback interface; "socket" and "pipe" connect
    to a client that listens."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose; the choice is written to standard error."""
    pipe: str = ""
    """Path of the client's Unix socket."""
    client_process_id: int | None = None
    """Leave when this process ends; `initialize` may name it too."""
    log_level: str = ""
    """"" leaves it to the settings."""
    log_file: bool = True


def serve(options: ServeOptions, open_app: Open | None = None) -> NoReturn:
    """Serve one client, then end the process without waiting for any thread.

    The exit code is 0 after `shutdown` and `exit`, 1 when the client left without, 2 when the
    transport could not be had.
    """
    logs.start(paths(os.environ).log if options.log_file else None)
    logs.set_level(options.log_level or "info")
    asyncio.run(_serve_and_end(options, open_app or _open_app))


async def _serve_and_end(options: ServeOptions, open_app: Open) -> NoReturn:
    """End from within the loop: what comes after it would wait for threads without a limit."""
    code = _DEFECT
    try:
        code = await serve_one(options, open_app)
    except ServiceError as error:
        sys.stderr.write(f"mirador: {error.sentence()}\n")
        code = 2
    finally:
        if code == _DEFECT:
            _log.critical("the server failed", exc_info=True)
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)


async def serve_one(options: ServeOptions, open_app: Open) -> int:
    """Meet one client and serve it until it leaves. Returns the exit code.

    Raises `ServiceError` when the port or pipe cannot be had.
    """
    supervisor = Supervisor()
    keep = options.log_level != ""
    server = create_server(open_app, set_log_level=(lambda _: None) if keep else logs.set_level)
    _watch_processes(server, options)
    _watch_signals(server)
    try:
        async with _link(options, supervisor, server) as link:
            if link is not None:
                await talk(server, link)
    finally:
        await server.close()
        await supervisor.close(grace=0.2)
    return server.exited.result() if server.exited.done() else 1


async def talk(server: MiradorServer, link: Link) -> None:
    """Carry messages until the client says `exit`, goes away, or the server has to leave."""
    server.protocol.set_writer(_Writer(link), include_headers=False)
    server.backlog = link.backlog
    reading = server.supervisor.start(_read(server.protocol, link, server), "reader")
    await asyncio.wait({reading, server.exited}, return_when=asyncio.FIRST_COMPLETED)
    server.leave(1)
    reading.cancel()
    await server.close()
    await link.close(_CLOSE_SECONDS)


class _Writer:
    """A link in the shape pygls writes to. pygls never closes it: that is `talk`'s to do."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def write(self, data: bytes) -> None:
        self._link.write(data)

    def close(self) -> None:
        pass


async def _read(protocol: Protocol, link: Link, server: MiradorServer) -> None:
    """Messages are handled one by one, in order; a long burst lets others have their turn."""
    clock = asyncio.get_running_loop().time
    try:
        while bodies := await link.read():
            began = clock()
            for body in bodies:
                is_request = protocol.receive(body)
                if server.exited.done():
                    return
                if is_request or clock() - began > TURN_SECONDS:
                    await asyncio.sleep(0)
                    began = clock()
    except FramingError as error:
        _log.error("not the language server protocol: %s", error)
    _log.info("the client closed the connection")


def _link(
    options: ServeOptions, supervisor: Supervisor, server: MiradorServer
) -> AbstractAsyncContextManager[Link | None]:
    match options.transport:
        case "stdio":
            return _stdio()
        case "tcp":
            return _accept(options, server)
        case "ws":
            return _accept_websocket(options, supervisor, server)
        case "pipe" | "socket":
            return _connect(options)


@asynccontextmanager
async def _stdio() -> AsyncIterator[Link]:
    yield StdioLink()


@asynccontextmanager
async def _connect(options: ServeOptions) -> AsyncIterator[Link]:
    """Connect to a client that listens, as VS Code does with --pipe and --socket."""
    try:
        if options.transport == "pipe":
            reader, writer = await asyncio.open_unix_connection(options.pipe)
        else:
            reader, writer = await asyncio.open_connection(_loopback(options.host), options.port)
    except OSError as error:
        message = f"The client cannot be reached: {error}."
        raise ServiceError(message, remedy="Start the server from the editor.") from error
    yield SocketLink(reader, writer)


@asynccontextmanager
async def _accept(options: ServeOptions, server: MiradorServer) -> AsyncIterator[Link | None]:
    """Listen for one client; the next one is refused."""
    arrived: asyncio.Future[Link] = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if arrived.done():
            writer.transport.abort()
        else:
            arrived.set_result(SocketLink(reader, writer))

    try:
        listener = await asyncio.start_server(connected, _loopback(options.host), options.port)
    except OSError as error:
        raise _no_port(options, error) from error
    _announce("tcp", listener.sockets[0].getsockname())
    try:
        link = await _first(arrived, server)
    finally:
        listener.close()
    yield link


@asynccontextmanager
async def _accept_websocket(
    options: ServeOptions, supervisor: Supervisor, server: MiradorServer
) -> AsyncIterator[Link | None]:
    """Listen for one client. Web pages are refused: browsers send an Origin, editors do not."""
    # Here, because it takes long to import and few ask for it.
    from websockets.asyncio.server import ServerConnection, serve  # noqa: PLC0415

    from mirador_lsp.server.websocket import WebSocketLink  # noqa: PLC0415

    arrived: asyncio.Future[Link] = asyncio.get_running_loop().create_future()

    async def connected(socket: ServerConnection) -> None:
        if not arrived.done():
            arrived.set_result(WebSocketLink(socket, supervisor))
            await socket.wait_closed()

    try:
        listener = await serve(
            connected, _loopback(options.host), options.port, origins=[None], max_size=2**28
        )
    except OSError as error:
        raise _no_port(options, error) from error
    _announce("ws", next(iter(listener.sockets)).getsockname())
    try:
        yield await _first(arrived, server)
    finally:
        listener.close(close_connections=True)


async def _first(arrived: asyncio.Future[Link], server: MiradorServer) -> Link | None:
    """The client, or None when the server has to leave before one came."""
    await asyncio.wait({arrived, server.exited}, return_when=asyncio.FIRST_COMPLETED)
    return arrived.result() if arrived.done() else None


def _loopback(host: str) -> str:
    """Only this machine may connect: the protocol has no password."""
    host = "127.0.0.1" if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"Mirador does not serve on {host}: all of the network could read the code."
        raise ServiceError(message, remedy="Use 127.0.0.1.")
    return host


def _no_port(options: ServeOptions, error: OSError) -> ServiceError:
    return ServiceError(
        f"Port {options.port} on {options.host} cannot be had: {error}.",
        remedy="Choose another, or 0 for any that is free.",
    )


def _announce(kind: str, address: tuple[str, int]) -> None:
    sys.stderr.write(f"mirador: listening on {kind}://{address[0]}:{address[1]}\n")
    sys.stderr.flush()


def _watch_processes(server: MiradorServer, options: ServeOptions) -> None:
    """Whoever is named as the client's process: when it ends, so does the server."""
    loop = asyncio.get_running_loop()
    watched: set[int] = set()

    def gone() -> None:
        loop.call_soon_threadsafe(server.leave, 1)

    def start(process_id: int) -> None:
        if process_id not in watched and watch.watch(process_id, gone, lambda: os._exit(1)):
            watched.add(process_id)

    server.on_client_process = start
    if options.client_process_id is not None:
        start(options.client_process_id)


def _watch_signals(server: MiradorServer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, server.leave, 128 + number)


@asynccontextmanager
async def _open_app(loaded: Loaded) -> AsyncIterator[Reviewer]:
    """Its code is read after `initialize` is answered, and in a thread: it is a lot of code, and a
    hover that comes meanwhile is answered.
    """
    async with await asyncio.to_thread(_opening, loaded) as app:
        yield app


def _opening(loaded: Loaded) -> AbstractAsyncContextManager[Reviewer]:
    from mirador_lsp.app import open_app  # noqa: PLC0415 — see `_open_app`

    return open_app(loaded.settings, paths=loaded.paths, trusted=loaded.trusted_folder)
