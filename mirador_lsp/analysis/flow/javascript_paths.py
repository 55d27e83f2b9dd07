"""Which file of a workspace an import of JavaScript or TypeScript means."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_EXTENSIONS: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_WRITTEN_AS: Final = {
    ".js": (".ts", ".tsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
"""TypeScript names files as they will be called."""
_CONFIGURATIONS: Final = ("tsconfig.json", "jsconfig.json")
_LARGEST: Final = 64_000
_MOST_PATTERNS: Final = 100
_ASIDE: Final = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
"""Texts, and what JSON does not have: comments and commas at the end."""


@dataclass(frozen=True)
class _Aliases:
    """What a configuration says of names."""

    folder: tuple[str, ...]
    """That its paths are relative to."""
    from_folder: bool
    """Names may be paths from there."""
    patterns: tuple[tuple[str, tuple[str, ...]], ...]


class JavaScriptPaths:
    """Finds modules. Names of files are relative to the workspace, with "/"."""

    def __init__(
        self, is_file: Callable[[str], bool], content: Callable[[str, int], bytes | None]
    ) -> None:
        """`content` gives what is in a file that is not larger than so many bytes."""
        self._is_file = is_file
        self._content = content
        self._known: dict[tuple[str, ...], _Aliases | None] = {}

    def find(self, module: str, importer: str) -> str | None:
        """The file that an import in `importer` means; None for a library and what is not there."""
        around = tuple(importer.split("/")[:-1])
        if module.startswith(("./", "../")) or module in (".", ".."):
            return self._at(around, module)
        if not module or module.startswith(("/", "node:")) or "\\" in module:
            return None
        aliases = self._aliases(around)
        if aliases is None:
            return None
        found = (self._at(aliases.folder, path) for path in _meant(aliases, module))
        return next((each for each in found if each is not None), None)

    def _at(self, folder: tuple[str, ...], path: str) -> str | None:
        """The file at a path from a folder, as programs write it: without its extension."""
        parts = list(folder)
        for part in path.split("/"):
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return next((each for each in _candidates("/".join(parts)) if self._is_file(each)), None)

    def _aliases(self, folder: tuple[str, ...]) -> _Aliases | None:
        """What the nearest configuration says."""
        if folder not in self._known:
            found = None
            for name in _CONFIGURATIONS:
                content = self._content("/".join((*folder, name)), _LARGEST)
                if content is not None and found is None:
                    found = _read(content, folder)
            if found is None and folder:
                found = self._aliases(folder[:-1])
            self._known[folder] = found
        return self._known[folder]


def _candidates(path: str) -> Iterator[str]:
    end = next((each for each in _EXTENSIONS if path.endswith(each)), "")
    if end:
        yield path
        yield from (path.removesuffix(end) + other for other in _WRITTEN_AS.get(end, ()))
    yield from (path + each for each in _EXTENSIONS)
    yield from (f"{path}/index{each}".removeprefix("/") for each in _EXTENSIONS)


def _meant(aliases: _Aliases, module: str) -> Iterator[str]:
    """The paths that a name may stand for, the most special pattern first."""
    for pattern, paths in aliases.patterns:
        before, star, after = pattern.partition("*")
        if not star and pattern == module:
            yield from paths
        elif star and module.startswith(before) and module.endswith(after):
            middle = module[len(before) : len(module) - len(after)]
            if len(before) + len(after) <= len(module):
                yield from (path.replace("*", middle, 1) for path in paths)
    if aliases.from_folder:
        yield module


def _read(content: bytes, folder: tuple[str, ...]) -> _Aliases | None:
    """`baseUrl` and `paths`; None for a file that says neither, or nothing that can be read."""
    try:
        plain = _ASIDE.sub(lambda m: m.group(1) or " ", content.decode("utf-8-sig"))
        said = json.loads(plain)
    except (ValueError, RecursionError):
        return None
    options = said.get("compilerOptions") if isinstance(said, dict) else None
    if not isinstance(options, dict):
        return None
    base, paths = options.get("baseUrl"), options.get("paths")
    patterns: list[tuple[str, tuple[str, ...]]] = []
    for pattern, targets in paths.items() if isinstance(paths, dict) else ():
        if isinstance(targets, list) and len(patterns) < _MOST_PATTERNS:
            patterns.append((pattern, tuple(t for t in targets[:8] if isinstance(t, str))))
    patterns.sort(key=lambda each: (-len(each[0].partition("*")[0]), each[0]))
    if not patterns and not isinstance(base, str):
        return None
    inner = _below(folder, base) if isinstance(base, str) else folder
    return _Aliases(inner, isinstance(base, str), tuple(patterns)) if inner is not None else None


def _below(folder: tuple[str, ...], path: str) -> tuple[str, ...] | None:
    parts = list(folder)
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)
