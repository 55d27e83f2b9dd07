"""What `mirador doctor` wants to know about the embedded engine."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path

from mirador_lsp.core.errors import ModelUnavailable, ServiceError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.ipc.places import Places
from mirador_lsp.models import client
from mirador_lsp.models.cores import physical_cores

_NEEDED = frozenset({"avx2", "fma", "f16c", "bmi2"})
"""Instructions the engine's published build uses without asking."""
_IMPORT_SECONDS = 60.0
_PROBE = "import xllamacpp; print(xllamacpp.__version__)"


async def examine(places: Places, idle_seconds: float, worker: Sequence[str]) -> tuple[Check, ...]:
    """Look at the processor, the engine's library, its folder, and whether it starts."""
    processor = await asyncio.to_thread(check_processor)
    library = await _check_library()
    folder = await asyncio.to_thread(_check_folder, places)
    if Health.FAILURE in (library.health, folder.health):
        return processor, library, folder
    return processor, library, folder, await _check_host(places, idle_seconds, worker)


def check_processor(facts: Path = Path("/proc/cpuinfo")) -> Check:
    """Whether the processor has the instructions the engine was built for."""
    name = "processor"
    cores = physical_cores()
    try:
        lines = facts.read_text(errors="replace").splitlines()
    except OSError:
        return Check(name, Health.OK, f"{cores} cores")
    flags = {word for line in lines if line.startswith("flags") for word in line.split()}
    if flags and (missing := sorted(_NEEDED - flags)):
        detail = f"this processor lacks {', '.join(missing)}, which the embedded engine uses"
        return Check(name, Health.FAILURE, detail, "Build xllamacpp for this machine.")
    note = ""
    if "avx512f" in flags:
        note = "; it has AVX-512, with which an engine built for it reads prompts 1.3-1.5x faster"
    return Check(name, Health.OK, f"{cores} cores, AVX2{note}")


async def _check_library() -> Check:
    """Import the engine in a process of its own: on a wrong processor that is where it dies."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _PROBE), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd="/"
    )
    try:
        async with asyncio.timeout(_IMPORT_SECONDS):
            said, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Check("engine", Health.FAILURE, "importing xllamacpp does not end", _INSTALL)
    if process.returncode == 0:
        return Check("engine", Health.OK, f"xllamacpp {said.decode().strip()}")
    last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
    detail = f"xllamacpp cannot be imported: {last or f'status {process.returncode}'}"
    return Check("engine", Health.FAILURE, detail, _INSTALL)


def _check_folder(places: Places) -> Check:
    try:
        places.ensure()
    except ServiceError as error:
        return Check("engine folder", Health.FAILURE, str(error), error.remedy)
    return Check("engine folder", Health.OK, f"{places.runtime} is private")


async def _check_host(places: Places, idle_seconds: float, worker: Sequence[str]) -> Check:
    try:
        line = await client.reach(places, idle_seconds, worker)
    except (ModelUnavailable, ServiceError) as error:
        return Check("engine host", Health.FAILURE, str(error), error.remedy)
    line.abort()
    pid = await asyncio.to_thread(places.holder)
    return Check("engine host", Health.OK, f"runs as process {pid}")


_INSTALL = "Install Mirador again: pip install --force-reinstall mirador-lsp"
