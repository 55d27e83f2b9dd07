"""A real Chroma server on this machine, for one test or a few: Mirador itself never starts one."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

_SECONDS = 90.0


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def chroma_run(folder: Path) -> Iterator[str]:
    """Its address. What it says goes to a file: a pipe that nobody reads would stop it."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--path", str(folder / "data")]
    with (folder / "chroma.log").open("wb") as log:
        env = {**os.environ, "HOME": str(folder)}
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=env)
        try:
            until_answers(f"http://127.0.0.1:{port}/api/v2/heartbeat", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait(30)


def until_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until something answers there, whatever it says."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + _SECONDS
    while True:
        try:
            opener.open(url, timeout=5).close()
        except URLError as error:
            if getattr(error, "code", None) is not None:
                error.close()  # type: ignore[attr-defined]  # an HTTPError: it answers
                return
            assert server.poll() is None, "it has ended"
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.05)
        except (ConnectionError, TimeoutError):
            assert time.monotonic() < end, "it does not answer"
        else:
            return
