"""The engine without Mirador around it, in a process of its own, to compare with.

Reads one JSON object a line from standard input: first how to load the model, then what to ask.
Answers each question with a line: the seconds to its first token.
"""

import json
import os
import sys
import tempfile
import time
from typing import Any

from mirador_lsp.ipc.confine import NICENESS


def main() -> None:
    """Load, then answer until standard input ends."""
    import xllamacpp

    how: dict[str, Any] = json.loads(sys.stdin.readline())
    os.nice(NICENESS)  # as the real worker, so that a busy machine treats both alike
    params = xllamacpp.CommonParams()
    params.model.path = how["model"]
    params.n_ctx = how["context"]
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = how["batch"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = how["threads"]
    params.verbosity = 0
    with tempfile.TemporaryDirectory() as folder:
        params.hostnames = [f"{folder}/engine.sock"]
        server = xllamacpp.Server(params)
        for line in sys.stdin:
            print(_first_token(server, json.loads(line)), flush=True)
    os._exit(0)  # closing the engine can hang


def _first_token(server: Any, asked: dict[str, Any]) -> float:
    began = time.perf_counter()
    first: list[float] = []

    def heard(event: dict[str, Any]) -> bool:
        if event["choices"][0]["text"] and not first:
            first.append(time.perf_counter() - began)
        return False

    server.handle_completions(
        {
            "prompt": asked["prompt"],
            "n_predict": 4,
            "temperature": 0.0,
            "id_slot": 0,
            "stream": True,
            "cache_prompt": True,
            "return_progress": True,
        },
        heard,
    )
    return first[0]


if __name__ == "__main__":
    main()
