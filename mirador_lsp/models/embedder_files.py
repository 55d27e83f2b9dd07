"""The folder of the embedder of this machine: a graph, a table, and what is known of both.

They are made here from files of the catalogue, so that no catalogue can name their checksums; those
are written down when they are made and compared whenever they are loaded. The folder comes into its
place by being renamed, and so is there as a whole or not at all.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import ModelUnavailable, ServiceError
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.models import minilm, static_table
from mirador_lsp.models.catalogue import Entry, Sha256, load_embedders
from mirador_lsp.models.minilm import REMEDY, Runner
from mirador_lsp.models.minilm_graph import DIMENSIONS
from mirador_lsp.models.storage import ModelStore, Presence

RECIPE = 1
"""Raise it whenever a vector may come out otherwise: vectors of two recipes are never compared."""
UNFINISHED = ".making-"
"""How the names of folders begin in which it is being made."""
GRAPH, TABLE, MANIFEST = "graph.onnx", "table.safetensors", "manifest.json"
MINILM, STATIC = "minilm", "static"
"""What users call the two embedders."""
_LONGEST = 256 << 20
_LONGEST_MANIFEST = 1 << 20


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was made."""

    size: int
    sha256: Sha256


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text whose vector is known."""

    text: str
    vector: tuple[float, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the folder holds."""

    recipe: int
    source: Sha256
    """Of the file that all was made from."""
    form: str
    """"int8", "fp32" or "ready": what the graph computes with."""
    agreement: float
    """The lowest cosine between vectors of the graph and of the exact one, when it was made; 1
    where there was no exact one to compare with."""
    graph: Made
    table: Made
    probes: tuple[Probe, ...]
    """Vectors of the exact graph."""

    @property
    def quality(self) -> str:
        """How good its vectors are, in a few words."""
        if self.form == "ready":
            return "somebody else's 8-bit form"
        return f"{self.form}, agrees with the exact model to {self.agreement:.3f}"

    def digest(self, embedder: str) -> str:
        """Of what computes the vectors: the same on every machine that made it from the same."""
        told = f"{embedder} {self.recipe} {self.form} {self.source}"
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class EmbedderStatus:
    """What is there of the embedder."""

    presence: Presence
    path: Path
    bytes_present: int = 0
    detail: str = ""
    """What is wrong, in one line; empty when nothing is."""
    manifest: Manifest | None = None


class EmbedderFiles:
    """What the models folder holds of the embedder. Several processes may use it."""

    def __init__(self, folder: Path, entries: tuple[Entry, ...] | None = None) -> None:
        """`entries` is what it can be made from, the preferred one first."""
        self.folder = folder
        self.path = folder / f"minilm-{RECIPE}"
        self.store = ModelStore(folder, load_embedders() if entries is None else entries)

    @property
    def entry(self) -> Entry:
        """What the embedder is preferably made from."""
        return self.store.catalogue[0]

    def look(self) -> EmbedderStatus:
        """What is there, without reading the files."""
        manifest = self._manifest()
        if manifest is None:
            return self._unmade()
        total = 0
        for name, made in ((GRAPH, manifest.graph), (TABLE, manifest.table)):
            size = _size(self.path / name)
            if size != made.size:
                detail = f"{name} has {size} bytes, not {made.size}"
                return EmbedderStatus(Presence.BROKEN, self.path, total, detail)
            total += size
        return EmbedderStatus(Presence.VERIFIED, self.path, total, "", manifest)

    def verify(self) -> EmbedderStatus:
        """The same after reading all of it. Blocks for a tenth of a second."""
        status = self.look()
        if status.manifest is None:
            return status
        try:
            self.graph()
            self._checked(TABLE, status.manifest.table)
        except ModelUnavailable as error:
            return EmbedderStatus(Presence.BROKEN, self.path, status.bytes_present, str(error))
        return status

    def graph(self) -> tuple[bytes, Manifest]:
        """The ONNX file. Blocks. Raises `ModelUnavailable`, also for one that was changed."""
        manifest = self._usable()
        return self._checked(GRAPH, manifest.graph), manifest

    def table(self) -> tuple[Path, Manifest]:
        """The file of the table, which was looked at. Raises as `graph` does."""
        manifest = self._usable()
        self._checked(TABLE, manifest.table)
        return self.path / TABLE, manifest

    def remove(self) -> int:
        """Delete what was made, by any recipe, and what it was made from. Bytes given back.

        Raises `ServiceError` when something stays.
        """
        freed = sum(self.store.remove(entry) for entry in self.store.catalogue)
        self.clear_unfinished()
        for folder in self.folder.glob("minilm-*"):
            if not folder.is_dir() or folder.is_symlink():
                continue
            freed += sum(_size(path) for path in folder.iterdir())
            try:
                shutil.rmtree(folder)
            except OSError as error:
                message = f"{folder} cannot be removed: {error.strerror}."
                raise ServiceError(message) from error
        return freed

    def clear_unfinished(self) -> None:
        """Delete what a process that was killed has left half made. Only while nobody makes it."""
        for folder in self.folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _usable(self) -> Manifest:
        status = self.look()
        if status.manifest is not None:
            return status.manifest
        if status.presence is Presence.BROKEN:
            message = f"The embedder minilm is broken: {status.detail}."
            raise ModelUnavailable(message, remedy=REMEDY)
        message = "The embedder minilm is not installed."
        raise ModelUnavailable(message, remedy="Fetch it: mirador models pull minilm")

    def _checked(self, name: str, made: Made) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                data = file.read(_LONGEST)
        except OSError as error:
            message = f"The embedder minilm cannot be read: {error.strerror}."
            raise ModelUnavailable(message, remedy=REMEDY) from error
        if hashlib.sha256(data).hexdigest() != made.sha256:
            message = f"The embedder minilm is broken: {name} is not as it was made."
            raise ModelUnavailable(message, remedy=REMEDY)
        return data

    def _manifest(self) -> Manifest | None:
        try:
            with (self.path / MANIFEST).open("rb") as file:
                found = msgspec.json.decode(file.read(_LONGEST_MANIFEST), type=Manifest)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if found.recipe == RECIPE else None

    def _unmade(self) -> EmbedderStatus:
        if self.path.is_dir():
            return EmbedderStatus(Presence.BROKEN, self.path, 0, "its manifest cannot be read")
        for entry in self.store.catalogue:
            status = self.store.look(entry)
            if status.presence is not Presence.ABSENT:
                detail = "not made into an embedder yet"
                return EmbedderStatus(Presence.PARTIAL, self.path, status.bytes_present, detail)
        return EmbedderStatus(Presence.ABSENT, self.path)


def cards(manifest: Manifest) -> dict[str, EmbedderCard]:
    """The cards of the two embedders, by name."""
    return {
        name: EmbedderCard(name, manifest.digest(name), DIMENSIONS, most)
        for name, most in ((MINILM, minilm.MAX_TOKENS), (STATIC, static_table.MAX_TOKENS))
    }


def agreement(runner: Runner, probes: Sequence[Probe]) -> float:
    """The lowest cosine between the probes' vectors and what a graph makes of their texts."""
    import numpy as np

    known = (np.array(probe.vector, np.float32) for probe in probes)
    found = (runner.vector(probe.text) for probe in probes)
    return min(float(a @ b) for a, b in zip(known, found, strict=True))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
