"""What models there are: names, sizes, checksums and where to fetch them. Data only, no disk but
the catalogue files themselves.
"""

import difflib
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
Bytes = Annotated[int, Meta(gt=0)]
# These go into an address or a command line: nothing that could be an option, a path out of the
# models folder or a second address.
_FileName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(?:gguf|onnx|safetensors)\Z")
]
CHAT_SUFFIX = ".gguf"
"""What the files of models that can be asked end in."""
_Repository = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")]
_Plain = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]


class HubSource(
    msgspec.Struct, frozen=True, tag_field="kind", tag="hub", forbid_unknown_fields=True
):
    """A file of a repository on the model hub."""

    repository: _Repository
    file: _Plain
    revision: _Plain = "main"

    @property
    def title(self) -> str:
        """What users read."""
        return "the model hub"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a model file, carried by the wheel of one distribution."""

    distribution: _Plain
    version: _Plain
    member: str
    """Path of the piece inside the wheel."""
    size: Bytes
    sha256: Sha256


class PackageIndexSource(
    msgspec.Struct,
    frozen=True,
    tag_field="kind",
    tag="package-index",
    forbid_unknown_fields=True,
):
    """Wheels of a package index that carry the model file in pieces, joined in order."""

    parts: Annotated[tuple[Part, ...], Meta(min_length=1)]

    @property
    def title(self) -> str:
        """What users read."""
        return "the package index"


Source = HubSource | PackageIndexSource


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that Mirador knows by name and by checksum."""

    name: Name
    title: str
    file_name: _FileName
    size: Bytes
    """Bytes."""
    sha256: Sha256
    licence: str
    """SPDX identifier of the weights."""
    parameters: Annotated[float, Meta(gt=0)]
    """Billions."""
    context_tokens: Bytes
    """What the model was trained for; the engine may be given less."""
    aliases: tuple[Name, ...] = ()
    use: str = ""
    """What Mirador uses it for, in a few words."""
    can_judge: bool = False
    """Whether its yes/no probability about a claim is known to be better than chance."""
    infill: bool = False
    """Whether it was trained to fill gaps."""
    claims_right: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Share of what it claimed of labelled code that was right; None where nobody has counted."""
    sources: tuple[Source, ...] = msgspec.field(default=(), name="source")

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases."""
        return (self.name, *self.aliases)


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Entry, ...] = ()


def load_catalogue(extra: Path | None = None) -> tuple[Entry, ...]:
    """Mirador's own models, then those of the user's file `extra`, when there is one.

    A model of the user's file replaces one of the same name. Raises `UserError` with the place of
    the mistake when that file cannot be used.
    """
    own = resources.files("mirador_lsp.models").joinpath("catalogue.toml").read_text("utf-8")
    entries = read_catalogue(own, "the built-in catalogue")
    if extra is None:
        return entries
    try:
        text = extra.read_text("utf-8")
    except FileNotFoundError:
        return entries
    except (OSError, UnicodeDecodeError) as error:
        message = f"The model catalogue {extra} cannot be read: {plain(str(error), 200)}."
        raise UserError(message) from error
    more = read_catalogue(text, str(extra))
    for entry in more:
        if not entry.file_name.endswith(CHAT_SUFFIX):
            message = f"The model catalogue {extra}: {entry.file_name} does not end in .gguf."
            raise UserError(message)
    replaced = {entry.name for entry in more}
    joined = (*(entry for entry in entries if entry.name not in replaced), *more)
    _check(joined, str(extra))
    return joined


def load_embedders() -> tuple[Entry, ...]:
    """What the embedder of this machine is made from, the preferred one first."""
    own = resources.files("mirador_lsp.models").joinpath("embedders.toml").read_text("utf-8")
    return read_catalogue(own, "the built-in list of embedders")


def read_catalogue(text: str, origin: str) -> tuple[Entry, ...]:
    """The models of a catalogue's TOML text. Raises `UserError` naming `origin` and the mistake."""
    try:
        entries = msgspec.convert(tomllib.loads(text), _Catalogue).model
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"The model catalogue {origin} is not valid: {plain(str(error), 200)}."
        raise UserError(message) from error
    _check(entries, origin)
    return entries


def find(name: str, catalogue: tuple[Entry, ...] | None = None) -> Entry:
    """The model called `name`, an alias or another spelling of the case.

    Raises `UserError` that names the nearest models when there is none.
    """
    entries = load_catalogue() if catalogue is None else catalogue
    wanted = name.strip().lower()
    for entry in entries:
        if wanted in entry.names or wanted in {entry.file_name, entry.file_name.lower()}:
            return entry
    known = [known for entry in entries for known in entry.names]
    near = difflib.get_close_matches(wanted, known, n=2, cutoff=0.5)
    message = f"There is no model called “{plain(name, 60)}”."
    if near:
        raise UserError(message, remedy=f"Did you mean {' or '.join(near)}?")
    raise UserError(message, remedy="`mirador models list` shows what there is.")


def _check(entries: Iterable[Entry], origin: str) -> None:
    """What types cannot say: names and files are unique, pieces add up to the whole."""
    seen: dict[str, str] = {}
    for entry in entries:
        for key in (*entry.names, entry.file_name):
            if key in seen:
                message = f"{origin}: “{key}” of {entry.name} is also used by {seen[key]}."
                raise UserError(message)
            seen[key] = entry.name
        for source in entry.sources:
            if isinstance(source, PackageIndexSource):
                total = sum(part.size for part in source.parts)
                if total != entry.size:
                    message = (
                        f"{origin}: the parts of {entry.name} are {total} bytes, not {entry.size}."
                    )
                    raise UserError(message)
