"""llama.cpp's own OpenAI-compatible server with the real model, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def llama_server(
    model: Path, *, context: int = 2048, slots: int = 1, embeds: bool = False
) -> Iterator[str]:
    """The address of a server on the loopback interface; it ends with the block.

    One that `embeds` gives vectors and nothing else.
    """
    how = json.dumps({"model": str(model), "context": context, "slots": slots, "embeds": embeds})
    child = subprocess.Popen(
        [sys.executable, __file__, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "GOMP_SPINCOUNT": "1000"},
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        address = child.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the server did not start"
        yield address
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


def main() -> None:
    """Load the model, name the address, and serve until standard input ends."""
    import xllamacpp

    how: dict[str, Any] = json.loads(sys.argv[1])
    params = xllamacpp.CommonParams()
    params.model.path = how["model"]
    params.n_ctx = how["context"] * how["slots"]
    params.n_parallel = how["slots"]
    params.n_batch = params.n_ubatch = 64
    if how["embeds"]:
        params.embedding = True
        params.n_batch = params.n_ubatch = how["context"]
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = 0
    # The engine writes to standard output, where the address goes.
    ours = os.dup(1)
    os.dup2(2, 1)
    server = xllamacpp.Server(params)
    os.write(ours, f"{server.listening_address}\n".encode())
    sys.stdin.read()
    os._exit(0)  # closing the engine can hang


if __name__ == "__main__":
    main()
