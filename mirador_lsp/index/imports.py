"""Whether the module that an import names is a certain file, judged by the two names alone.

Languages differ in what an import means; most of them name the path of a file or of its folder in
some way, which is enough to prefer one of several definitions to another.
"""

import posixpath
import re

_SEPARATORS = re.compile(r"::|[/.\\:]")
_ENDINGS = re.compile(r"\.(?:d\.ts|[A-Za-z0-9]{1,5})$")
_ENDINGS_OF_PATHS = re.compile(r"(?<=\w)\.(?:jsx?|tsx?|mjs|cjs|h|hh|hpp|php|rb|css|vue|json)$")
_ROOTS = frozenset({"crate", "self", "super", "@", "~"})
"""What a module begins with that means where the sources lie."""
_FOLDER_FILES = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Files that stand for their folder."""


def names_file(module: str, importer: str, file: str) -> bool:
    """Whether `module`, as it is written in `importer`, is likely `file`."""
    wanted = _parts_of_module(module, importer)
    if not wanted:
        return False
    folder, _, last = file.rpartition("/")
    parts = [part for part in folder.split("/") if part]
    stem = _ENDINGS.sub("", last)
    if stem not in _FOLDER_FILES:
        parts.append(stem)
        # A language whose modules are folders names the folder only, with what is above it.
        above = parts[:-1]
        if above and wanted[-len(above) :] == above:
            return True
    return bool(parts) and (parts[-len(wanted) :] == wanted or wanted[-len(parts) :] == parts)


def _parts_of_module(module: str, importer: str) -> list[str]:
    text = module.strip("\"'`<>; ")
    folder = posixpath.dirname(importer)
    if text.startswith(("./", "../")):
        return [part for part in _path(posixpath.normpath(posixpath.join(folder, text))) if part]
    dots = len(text) - len(text.lstrip("."))
    if dots:
        above = folder.split("/") if folder else []
        kept = above[: len(above) - dots + 1] if dots > 1 else above
        return [*kept, *(part for part in _SEPARATORS.split(text[dots:]) if part)]
    parts = [part for part in _SEPARATORS.split(_ENDINGS_OF_PATHS.sub("", text)) if part]
    return parts[1:] if parts and parts[0] in _ROOTS else parts


def _path(path: str) -> list[str]:
    return _ENDINGS_OF_PATHS.sub("", path).split("/")
