"""Which file an import means, by its path alone."""

import posixpath
from pathlib import PurePosixPath

_ENTRY = frozenset(("__init__", "index", "mod"))
"""Files that go by the name of their folder."""
_ROOTS = frozenset(("src", "lib", "main", "java", "python", "app"))
"""Folders that imports leave out."""


def leads_to(module: str, importer: str, file: str) -> bool:
    """Whether `module`, as an import of the file `importer` spells it, is `file`.

    Both are paths relative to one folder, with "/". Wrong only where two files could be meant.
    """
    target = _target(file)
    if module.startswith("."):
        return _relative(module, importer) == target
    parts = _parts(module, file)
    if file.endswith(".go"):
        shared = min(len(parts), len(target))
        return bool(shared) and parts[-shared:] == target[-shared:]
    if not parts or len(parts) > len(target) or target[-len(parts) :] != parts:
        return False
    left_out = target[: -len(parts)]
    while left_out and left_out[-1] in _ROOTS:
        left_out.pop()
    return list(PurePosixPath(importer).parts[: len(left_out)]) == left_out


def _target(file: str) -> list[str]:
    """The parts of the path by which a file is imported."""
    path = PurePosixPath(file)
    if path.suffix == ".go":
        return list(path.parts[:-1])
    stem = path.name.partition(".")[0]
    return list(path.parts[:-1]) if stem in _ENTRY else [*path.parts[:-1], stem]


def _relative(module: str, importer: str) -> list[str]:
    folder = posixpath.dirname(importer)
    if module.startswith(("./", "../")) or module in (".", ".."):
        path = posixpath.normpath(posixpath.join(folder, module))
        return _target(path) if path != "." else []
    name = module.lstrip(".")
    for _ in range(len(module) - len(name) - 1):
        folder = posixpath.dirname(folder)
    above = [part for part in folder.split("/") if part]
    return [*above, *(part for part in name.split(".") if part)]


def _parts(module: str, file: str) -> list[str]:
    plain = module.strip("\"'<>")
    suffix = PurePosixPath(file).suffix
    if suffix and plain.endswith(suffix):
        plain = plain.removesuffix(suffix)
    for mark in ("::", "/", "\\"):
        plain = plain.replace(mark, ".")
    return [part for part in plain.split(".") if part and part not in ("crate", "self", "super")]
