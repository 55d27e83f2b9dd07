"""A server on the loopback interface that serves one file over HTTP, ranges included."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What to serve, how to misbehave, and what was asked."""

    content: bytes
    ranges: bool = True
    """Whether ranges are honoured."""
    break_after: int = 0
    """Bytes of the body after which each of the first `breaks` connections is cut."""
    breaks: int = 0
    status: int = 200
    redirect: str = ""
    """Where the first path redirects to; "" when it does not."""
    announce_length: bool = True
    hold_at: int = -1
    """Bytes of the body after which the body stops until `release` is set; -1: never."""
    release: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range header) of every request."""
    base: str = ""


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        file = self.server.file
        wanted = self.headers.get("Range", "")
        file.asked.append((self.path, wanted))
        if file.redirect and not self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", file.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if file.status != 200:
            self.send_error(file.status)
            return
        start = 0
        if wanted and file.ranges and (found := re.fullmatch(r"bytes=(\d+)-", wanted)):
            start, total = int(found[1]), len(file.content)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        if file.announce_length:
            self.send_header("Content-Length", str(len(file.content) - start))
        self.end_headers()
        self._send_body(file, file.content[start:])

    def _send_body(self, file: FileServer, body: bytes) -> None:
        self.close_connection = True
        try:
            if file.hold_at >= 0:
                self.wfile.write(body[: file.hold_at])
                self.wfile.flush()
                file.held.set()
                file.release.wait(30)
                body = body[file.hold_at :]
            if file.breaks > 0:
                file.breaks -= 1
                body = body[: file.break_after]
            self.wfile.write(body)
        except OSError:
            return  # the client went away

    def log_message(self, *args: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, file: FileServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file = file


@contextmanager
def serving(file: FileServer) -> Iterator[FileServer]:
    """Serve `file` at `file.base` for the length of the block."""
    server = _Server(file)
    file.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield file
    finally:
        file.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
