"""Defaults that suit a kind of machine. Whatever a source says of a setting overrules them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from mirador_lsp.core.policy import INSTANT, STAGES
from mirador_lsp.settings.settings import Settings

NONE = "none"
EMBEDDED = "embedded"
SMALL_GPU = "small-gpu"
LARGE_GPU = "large-gpu"
AUTO = "auto"
PROFILES = (AUTO, NONE, EMBEDDED, SMALL_GPU, LARGE_GPU)
"""What users can write."""

_GIB = 1 << 30
_LEAST_MEMORY = 1.2 * _GIB
"""Below it not even the smallest model can be loaded beside anything else."""
_LITTLE_MEMORY = 4 * _GIB
_SMALL_CARD = 4 * _GIB
_NVIDIA = Path("/proc/driver/nvidia/gpus")
_LARGE_CARD = 20 * _GIB


@dataclass(frozen=True)
class Machine:
    """What of a machine decides. 0 for what is not known."""

    memory: int = 0
    """Bytes, of the machine or the container."""
    graphics: int = 0
    """Bytes of the largest graphics card's own memory."""

    def profile(self, *, servers: bool) -> str:
        """The profile that suits. Graphics cards count only where the user names `servers`: the
        embedded engine computes on the processor.
        """
        if servers:
            if self.graphics >= _LARGE_CARD:
                return LARGE_GPU
            if self.graphics >= _SMALL_CARD:
                return SMALL_GPU
        return NONE if 0 < self.memory < _LEAST_MEMORY and not servers else EMBEDDED


def this_machine() -> Machine:
    """Looks at a few small files of the system. Never raises."""
    known = [size for size in (_meminfo(), _container()) if size]
    return Machine(memory=min(known, default=0), graphics=_graphics())


def defaults(profile: str, machine: Machine) -> Settings:
    """The settings that hold where nobody says anything else. `profile` is none but `AUTO`."""
    base = Settings(profile=profile)
    match profile:
        case "none":
            return replace(base, review=replace(base.review, stages=(INSTANT,)))
        case "small-gpu":
            return _roomy(base, context=8192, reply=480, answer=480)
        case "large-gpu":
            # There nobody waits long enough for it to pay to spare a stage.
            thorough = replace(base, review=replace(base.review, stages=STAGES))
            return _roomy(thorough, context=16_384, reply=640, answer=800)
        case _:
            if 0 < machine.memory < _LITTLE_MEMORY:
                small = replace(base.engine, context_tokens=2048, cache_ram_mib=128)
                return replace(base, engine=small)
            return base


def _roomy(base: Settings, *, context: int, reply: int, answer: int) -> Settings:
    deep = replace(base.stages.deep, max_tokens=reply)
    return replace(
        base,
        stages=replace(base.stages, deep=deep),
        engine=replace(base.engine, context_tokens=context),
        answers=replace(base.answers, max_tokens=answer),
    )


def _meminfo() -> int:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemTotal:"):
            words = line.split()
            return int(words[1]) * 1024 if words[1].isdecimal() else 0
    return 0


def _container() -> int:
    limit = _read(Path("/sys/fs/cgroup/memory.max")).strip()
    return int(limit) if limit.isdecimal() else 0


def _graphics(root: Path = Path("/sys/class/drm")) -> int:
    """The memory of the largest card whose driver says it; NVIDIA's says it to its own tool only,
    so that a card of theirs counts as a small one.
    """
    said = [_read(file).strip() for file in root.glob("card*/device/mem_info_vram_total")]
    sizes = [int(text) for text in said if text.isdecimal()]
    nvidia = _NVIDIA.is_dir() and any(_NVIDIA.iterdir())
    return max([*sizes, _SMALL_CARD if nvidia else 0])


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[:100_000]
    except OSError:
        return ""


WORDS: Mapping[str, str] = MappingProxyType(
    {
        NONE: "analyzers only",
        EMBEDDED: "models of this machine's processor",
        SMALL_GPU: "servers with a small graphics card",
        LARGE_GPU: "servers with a large graphics card",
    }
)
"""What a profile is for, for people."""
