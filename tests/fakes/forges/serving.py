"""What the stand-ins of forges share: a pull request, a server on loopback, faults on demand.

A stand-in does what its forge's documentation says and nothing else: a request to any other place,
or with any field that is not documented there, is a violation, which tests look at in the end.
"""

import difflib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class File:
    """A file of a pull request: its text before and after, None for none."""

    name: str
    before: str | bytes | None
    after: str | bytes | None
    old_name: str = ""
    mode: str = "100644"

    @property
    def data(self) -> bytes:
        return _bytes(self.after)

    @property
    def sha(self) -> str:
        """The object id of what is there after, or was there before."""
        data = _bytes(self.after if self.after is not None else self.before)
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    @property
    def status(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "renamed" if self.old_name else "modified"

    @property
    def hunks(self) -> str:
        """The patch without headers; "" for binary files and pure renames."""
        if b"\0" in _bytes(self.before) + _bytes(self.after):
            return ""
        rows = list(difflib.unified_diff(_lines(self.before), _lines(self.after)))[2:]
        bare = "\n\\ No newline at end of file\n"
        return "".join(row if row.endswith("\n") else row + bare for row in rows).rstrip("\n")

    @property
    def lines(self) -> set[int]:
        """Lines after the change that stand in a hunk."""
        found: set[int] = set()
        at = 0
        for row in self.hunks.split("\n"):
            if head := re.match(r"@@ -\S+ \+(\d+)", row):
                at = int(head[1])
            elif row[:1] in ("+", " "):
                found.add(at)
                at += 1
        return found

    def section(self) -> str:
        """Its part of a whole diff, as git writes it."""
        old = self.old_name or self.name
        rows = [f"diff --git {_quoted('a/', old)} {_quoted('b/', self.name)}"]
        if self.before is None:
            rows.append(f"new file mode {self.mode}")
        if self.after is None:
            rows.append(f"deleted file mode {self.mode}")
        if self.old_name:
            rows += [f"rename from {old}", f"rename to {self.name}"]
        if b"\0" in self.data:
            rows.append(f"Binary files {_quoted('a/', old)} and {_quoted('b/', self.name)} differ")
        elif self.hunks:
            tail = "" if self.before is None else f" {self.mode}"
            rows.append(f"index 1111111..2222222{tail}")
            was = _quoted("a/", old) if self.before is not None else "/dev/null"
            now = _quoted("b/", self.name) if self.after is not None else "/dev/null"
            rows += [f"--- {was}", f"+++ {now}"]
            rows.append(self.hunks)
        return "\n".join(rows)


@dataclass
class Fault:
    """What goes wrong with the next requests that match."""

    match: str
    """A regular expression over "METHOD PATH"."""
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "out of order"}'
    times: int = 1
    done: bool = False
    """The forge does what is asked, and fails all the same."""
    cut: bool = False
    """The connection breaks instead of an answer."""


@dataclass
class Reply:
    """An answer."""

    status: int
    body: Any = None
    """JSON, or bytes as they are."""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    """As it was sent, still quoted, without the question."""
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    def steps(self, template: str) -> dict[str, str] | None:
        """The parts of a path that fits "/repos/{owner}/{repo}"; a part holds no plain slash."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        found = re.fullmatch(pattern, self.path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None


Act = Callable[[Request, dict[str, str]], Reply]


@dataclass
class Route:
    """A documented operation: where, and with which fields."""

    method: str
    template: str
    act: Act
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    """Names in the body, those inside a list or a table as "comments.path"."""


class StandIn:
    """A forge with one pull request. `me` is the account of the token."""

    def __init__(self, files: list[File]) -> None:
        self.token = "t0ken-of-the-bot"
        self.files = files
        self.title = "Mend the cart"
        self.open = True
        self.pushes = 0
        self.page = 100
        """The most rows of a page."""
        self.faults: list[Fault] = []
        self.asked: list[Request] = []
        self.violations: list[str] = []
        self.next_id = 100
        self.base = ""
        self.routes: list[Route] = []
        self.lock = threading.Lock()

    @property
    def head(self) -> str:
        return hashlib.sha1(b"head %d" % self.pushes, usedforsecurity=False).hexdigest()

    @property
    def base_sha(self) -> str:
        return hashlib.sha1(b"base", usedforsecurity=False).hexdigest()

    @property
    def writes(self) -> list[Request]:
        """Requests that change something."""
        return [each for each in self.asked if each.method != "GET" and not self.is_query(each)]

    @property
    def bodies(self) -> list[str]:
        """The remarks of the token's account at lines."""
        raise NotImplementedError

    @property
    def summaries(self) -> list[str]:
        """What the account says of the whole."""
        return [each.body for each in self.comments]

    @property
    def comments(self) -> list[Any]:
        """Comments at no line."""
        raise NotImplementedError

    def is_closed(self, at: int) -> bool:
        """Whether the conversation of a remark is resolved."""
        raise NotImplementedError

    def resolve(self, at: int) -> None:
        """People resolve the conversation of a remark."""
        raise NotImplementedError

    def dislike(self, at: int) -> None:
        """People turn their thumbs down at a remark."""
        raise NotImplementedError

    def answer_with(self, at: int, text: str) -> None:
        """People answer a remark."""
        raise NotImplementedError

    def delete(self, at: int) -> None:
        """People delete a remark."""
        raise NotImplementedError

    def forge_mark(self, at: int, body: str) -> None:
        """Somebody else writes a comment at a line of a file."""
        raise NotImplementedError

    def is_query(self, _request: Request) -> bool:
        """Whether a request other than GET only reads."""
        return False

    def push(self, files: list[File]) -> None:
        """Somebody pushes: the pull request has these files now."""
        self.files = files
        self.pushes += 1

    def file(self, name: str) -> File | None:
        return next((file for file in self.files if file.name == name), None)

    def number(self) -> int:
        self.next_id += 1
        return self.next_id

    def allowed(self, request: Request) -> Reply | None:
        """The answer to one whose token is not right; None where it is."""
        raise NotImplementedError

    def answer(self, request: Request) -> Reply | None:
        """The answer to a request; None to break the connection."""
        with self.lock:
            self.asked.append(request)
            fault = self._fault(request)
            if fault is not None and not fault.done:
                return self._broken(fault)
            reply = self.allowed(request) or self._routed(request)
            return reply if fault is None else self._broken(fault)

    def paged(self, request: Request, rows: list[Any], size: str = "per_page") -> Reply:
        """A page of rows, with the header that says whether there is another."""
        most = min(int(request.query.get(size, "30")), self.page)
        number = int(request.query.get("page", "1"))
        page = rows[(number - 1) * most : number * most]
        headers = {}
        if number * most < len(rows):
            headers["Link"] = f'<{self.base}{request.path}?page={number + 1}>; rel="next"'
        return Reply(200, page, headers)

    def _routed(self, request: Request) -> Reply:
        for route in self.routes:
            steps = request.steps(route.template) if route.method == request.method else None
            if steps is None:
                continue
            odd = set(request.query) - route.query
            odd |= _names(request.body) - route.fields
            if odd:
                self.violations.append(f"{request.method} {request.path}: {sorted(odd)}")
                return Reply(400, {"message": "unknown fields"})
            return route.act(request, steps)
        self.violations.append(f"{request.method} {request.path}")
        return Reply(404, {"message": "Not Found"})

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.match, f"{request.method} {request.path}"):
                fault.times -= 1
                return fault
        return None

    def _broken(self, fault: Fault) -> Reply | None:
        return None if fault.cut else Reply(fault.status, fault.body, dict(fault.headers))


@contextmanager
def serving(forge: StandIn) -> Iterator[str]:
    """Serve a stand-in for the length of the block; gives the host with its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_it(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", "0"))
            data = self.rfile.read(length)
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(data) if data else None,
            )
            reply = forge.answer(request)
            if reply is None:
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            if reply.status == 204:
                body = b""
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.handle_it()

        def do_POST(self) -> None:
            self.handle_it()

        def do_PUT(self) -> None:
            self.handle_it()

        def do_PATCH(self) -> None:
            self.handle_it()

        def log_message(self, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    host = f"127.0.0.1:{server.server_port}"
    forge.base = f"http://{host}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _bytes(text: str | bytes | None) -> bytes:
    return text.encode() if isinstance(text, str) else text or b""


def _lines(text: str | bytes | None) -> list[str]:
    """The lines of a text with their ends, which are line feeds alone."""
    return re.findall(r"[^\n]*\n|[^\n]+", _bytes(text).decode("utf-8", "replace"))


def _quoted(prefix: str, name: str) -> str:
    """A name in a diff, as git writes one that is not plain ASCII."""
    if name.isascii() and '"' not in name:
        return f"{prefix}{name}"
    octets = "".join(
        chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in name.encode()
    )
    return f'"{prefix}{octets}"'


def _names(body: Any, before: str = "") -> set[str]:
    if isinstance(body, list):
        return set().union(*(_names(each, before) for each in body)) if body else set()
    if not isinstance(body, dict):
        return set()
    found: set[str] = set()
    for name, value in body.items():
        found.add(f"{before}{name}")
        found |= _names(value, f"{before}{name}.")
    return found
