"""One question put to the engine through Mirador and straight, turn by turn."""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from fakes.engine import REAL_MODEL, REAL_NAME
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.ports import ModelBackend

_CHILD = Path(__file__).with_name("straight_engine.py")
_SYSTEM, _QUESTION = "You review code.", "What does it do?"


async def ask_both(
    backend: ModelBackend, material: str, *, times: int
) -> tuple[list[float], list[float]]:
    """Seconds to the first token, `times` each, interleaved; the first of each is not counted."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_CHILD)),
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "GOMP_SPINCOUNT": "1000"},
    )
    assert child.stdin
    assert child.stdout
    cores = len(os.sched_getaffinity(0))
    how = {"model": str(REAL_MODEL), "context": 2048, "batch": 64, "threads": cores}
    child.stdin.write(json.dumps(how).encode() + b"\n")
    prompt = (
        f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n<|im_start|>user\n{material}\n\n{_QUESTION}"
        "<|im_end|>\n<|im_start|>assistant\n"
    )
    through, straight = [], []
    for _ in range(times + 1):
        through.append(await _through(backend, material))
        child.stdin.write(json.dumps({"prompt": prompt}).encode() + b"\n")
        straight.append(float(await child.stdout.readline()))
    child.stdin.close()
    await child.wait()
    return through[1:], straight[1:]


async def _through(backend: ModelBackend, material: str) -> float:
    began = time.perf_counter()
    seconds = 0.0
    limits = Limits(max_tokens=4, seconds=120)
    async with backend.open(REAL_NAME, Prompt(_SYSTEM, material, _QUESTION), limits) as reply:
        async for piece in reply:
            if isinstance(piece, Chunk) and not seconds:
                seconds = time.perf_counter() - began
    return seconds
