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
_FACTS = Path("/proc/cpuinfo")
_IMPORT_SECONDS = 60.0
_PROBE = "import xllamacpp as x; print(x.__version__, 'AVX512 = 1' in x.get_system_info())"
_WIDE = "avx512f"
"""The flag of a processor for which the published build of the engine is not made."""


async def examine(places: Places, idle_seconds: float, worker: Sequence[str]) -> tuple[Check, ...]:
    """Look at the processor, the engine's library, its folder, and whether it starts."""
    processor = await asyncio.to_thread(check_processor)
    library = await _check_library(wide=_WIDE in await asyncio.to_thread(_flags))
    folder = await asyncio.to_thread(_check_folder, places)
    if Health.FAILURE in (library.health, folder.health):
        return processor, library, folder
    return processor, library, folder, await _check_host(places, idle_seconds, worker)


def check_processor(facts: Path = _FACTS) -> Check:
    """Whether the processor has the instructions the engine was built for."""
    name = "processor"
    cores = physical_cores()
    flags = _flags(facts)
    if not flags:
        return Check(name, Health.OK, f"{cores} cores")
    if missing := sorted(_NEEDED - flags):
        detail = f"this processor lacks {', '.join(missing)}, which the embedded engine uses"
        return Check(name, Health.FAILURE, detail, "Build xllamacpp for this machine.")
    return Check(name, Health.OK, f"{cores} cores, {'AVX-512' if _WIDE in flags else 'AVX2'}")


def _flags(facts: Path = _FACTS) -> frozenset[str]:
    """What the processor can do; nothing where the system does not tell. Reads the disk."""
    try:
        lines = facts.read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(word for line in lines if line.startswith("flags") for word in line.split())


async def _check_library(*, wide: bool) -> Check:
    """Import the engine in a process of its own: on a wrong processor that is where it dies.

    `wide`: the processor has AVX-512.
    """
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
        return Check("engine", Health.OK, describe_build(said.decode(), wide=wide))
    last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
    detail = f"xllamacpp cannot be imported: {last or f'status {process.returncode}'}"
    return Check("engine", Health.FAILURE, detail, _INSTALL)


def describe_build(said: str, *, wide: bool) -> str:
    """What is to be known of the engine's build, from its version and whether it is made for
    AVX-512; `wide` processors have that.
    """
    version, _, made_wide = said.strip().partition(" ")
    if not wide or made_wide == "True":
        return f"xllamacpp {version}"
    return (
        f"xllamacpp {version}, built for AVX2; this processor has AVX-512, and a build that looks "
        "for it at run time reads prompts 1.3-1.5x faster"
    )


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
