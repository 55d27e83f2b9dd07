"""What `mirador doctor` says about the models and about the machine they have to run on.

Nothing here raises and nothing here changes anything: a fact that cannot be had is a warning.
"""

import asyncio
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.health import Check, Health
from mirador_lsp.models.catalogue import Entry
from mirador_lsp.models.memory import available_memory
from mirador_lsp.models.storage import ModelStore, Presence, Status

_MIB = 1 << 20
_RESIDENT_SHARE = 1.7
"""Memory of a loaded model over the size of its file: the weights, a repacked copy of some of them
and the context; measured with a context of 4096 tokens."""
_LOW_DISK = 1 << 30
_PRESENT = (Presence.VERIFIED, Presence.UNVERIFIED)


async def model_checks(
    store: ModelStore,
    catalogue: Sequence[Entry] | None = None,
    *,
    stages: Mapping[str, Sequence[str]] | None = None,
    served: bool = False,
) -> tuple[Check, ...]:
    """Is there a model that may be used, and is every file what the catalogue says?

    `catalogue` is what is looked for; the store's own when left out. `stages` names for each model
    stage the models it would take, the preferred one first. Where servers have models (`served`),
    none need be here.
    """
    entries = store.catalogue if catalogue is None else tuple(catalogue)
    states = await asyncio.to_thread(lambda: tuple(store.ensure(entry) for entry in entries))
    checks = [_any_model(store, states, served=served)]
    checks += [_unusable(status) for status in states if status.presence is Presence.BROKEN]
    checks += [_unfinished(status) for status in states if status.presence is Presence.PARTIAL]
    checks += _stage_models(states, stages or {})
    if foreign := store.foreign():
        names = plain(", ".join(path.name for path in foreign), 300)
        remedy = "Describe them in models.toml in the configuration folder, or move them away."
        checks.append(Check("unknown models", Health.WARNING, f"never used: {names}", remedy))
    return tuple(checks)


async def machine_checks(store: ModelStore, runtime: Path | None = None) -> tuple[Check, ...]:
    """Has the machine what models need: Python, memory, disk, a safe folder for sockets
    (`runtime`; left out when None)? What the engine itself needs, the engine looks at.
    """
    checks = [_python(), _memory(store), _disk(store)]
    if runtime is not None:
        checks.append(_runtime_folder(runtime))
    return tuple(checks)


def _any_model(store: ModelStore, states: Sequence[Status], *, served: bool) -> Check:
    usable = [status.entry for status in states if status.presence is Presence.VERIFIED]
    if usable:
        names = ", ".join(f"{entry.name} ({entry.size // 10**6} MB)" for entry in usable)
        return Check("models", Health.OK, f"verified: {names}")
    if served:
        return Check("models", Health.OK, f"none in {store.folder}; those of your servers do")
    pending = [status for status in states if status.presence is Presence.UNVERIFIED]
    if pending:
        detail = f"{pending[0].entry.name} is not verified: {pending[0].detail}"
        return Check("models", Health.FAILURE, detail, "mirador models verify")
    first = states[0].entry.name if states else "NAME"
    detail = f"none in {store.folder}; only the instant stage can run"
    return Check("models", Health.FAILURE, detail, f"mirador models pull {first}")


def _unusable(status: Status) -> Check:
    remedy = f"mirador models pull {status.entry.name} (or remove)"
    return Check(
        f"model {status.entry.name}", Health.WARNING, f"never used: {status.detail}", remedy
    )


def _unfinished(status: Status) -> Check:
    share = 100 * status.bytes_present // status.entry.size
    detail = f"the download stopped at {share} %"
    remedy = f"mirador models pull {status.entry.name}"
    return Check(f"model {status.entry.name}", Health.WARNING, detail, remedy)


def _stage_models(states: Sequence[Status], stages: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """One check for each stage that cannot run on the model it prefers."""
    usable = {status.entry.name for status in states if status.presence is Presence.VERIFIED}
    known = {status.entry.name for status in states}
    for stage, models in stages.items():
        taken = next((name for name in models if name in usable), None)
        if not usable or not models or taken == models[0]:
            continue
        preferred = plain(models[0], 60)
        remedy = (
            f"mirador models pull {preferred}"
            if models[0] in known
            else f"Name a known model in stages.{stage}.models (`mirador models list`)."
        )
        detail = (
            f"runs on {taken}, {preferred} is not there" if taken else "none of its models is there"
        )
        yield Check(f"stage {stage}", Health.WARNING, detail, remedy)


def _python() -> Check:
    version = platform.python_version()
    running: tuple[int, ...] = sys.version_info[:2]
    if running >= (3, 11):  # an installer told to overlook the bound can get here with less
        return Check("python", Health.OK, f"{version}, {plain(sys.executable, 200)}")
    return Check("python", Health.FAILURE, version, "Mirador needs Python 3.11 or newer.")


def _memory(store: ModelStore) -> Check:
    sizes = sorted(
        int(entry.size * _RESIDENT_SHARE)
        for entry in store.catalogue
        if store.look(entry).presence in _PRESENT
    )
    available = available_memory()
    if available is None:
        return Check("memory", Health.OK, "how much is free is not known on this system")
    free = f"{available // _MIB:,} MiB free"
    if not sizes:
        return Check("memory", Health.OK, free)
    if available < sizes[0]:
        detail = f"{free}, the smallest model needs about {sizes[0] // _MIB:,}"
        return Check("memory", Health.FAILURE, detail, "Close something, or use a smaller model.")
    if available < sum(sizes):
        detail = f"{free}, all models together need about {sum(sizes) // _MIB:,}"
        remedy = "Close something, or name one model for all stages (stages.deep.models)."
        return Check("memory", Health.WARNING, detail, remedy)
    return Check("memory", Health.OK, f"{free}, the models need about {sum(sizes) // _MIB:,}")


def _disk(store: ModelStore) -> Check:
    folder = next((p for p in (store.folder, *store.folder.parents) if p.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("disk", Health.WARNING, f"cannot be asked: {error.strerror}", "")
    detail = f"{free // _MIB:,} MiB free for {store.folder}"
    if not os.access(folder, os.W_OK):
        detail = f"{store.folder} cannot be written to; models there can be used, not fetched"
        return Check("disk", Health.WARNING, detail, "Set models.folder to a folder of yours.")
    if free < _LOW_DISK:
        return Check("disk", Health.WARNING, detail, "Free some, or move models.folder.")
    return Check("disk", Health.OK, detail)


def _runtime_folder(folder: Path) -> Check:
    name = "runtime folder"
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return Check(name, Health.OK, f"{folder} will be made when the engine starts")
    except OSError as error:
        return Check(name, Health.FAILURE, f"{folder}: {error.strerror}", _ELSEWHERE)
    if not stat.S_ISDIR(facts.st_mode):
        return Check(name, Health.FAILURE, f"{folder} is not a folder", f"Remove it. {_ELSEWHERE}")
    if facts.st_uid != os.geteuid():
        return Check(name, Health.FAILURE, f"{folder} belongs to another user", _ELSEWHERE)
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        remedy = f"Check what is in it, then: chmod 700 {folder}"
        return Check(name, Health.FAILURE, f"other users can write to {folder}", remedy)
    return Check(name, Health.OK, f"{folder}, yours alone to write")


_ELSEWHERE = "Name another folder in MIRADOR_RUNTIME_DIR."
