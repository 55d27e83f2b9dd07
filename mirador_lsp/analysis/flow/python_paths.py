"""Which file of a workspace an import of Python means."""

from collections.abc import Callable, Iterator

_SOURCES = "src"
_LONGEST = 16
"""Parts of a dotted name."""


class PythonPaths:
    """Finds modules and packages. Names of files are relative to the workspace, with "/"."""

    def __init__(self, is_file: Callable[[str], bool], holds_python: Callable[[str], bool]) -> None:
        """`holds_python` says whether a folder has files of Python in it."""
        self._is_file = is_file
        self._holds_python = holds_python

    def find(self, module: str, importer: str) -> str | None:
        """The file that an import in `importer` means; of a package its `__init__.py`, even where
        it has none. None for what is not in the workspace.
        """
        name = module.lstrip(".")
        parts = name.split(".") if name else []
        if len(parts) > _LONGEST or not all(part.isidentifier() for part in parts):
            return None
        around = importer.split("/")[:-1]
        level = len(module) - len(name)
        if level:
            if level - 1 > len(around):
                return None
            base = around[: len(around) - (level - 1)]
            return self._at([*base, *parts])
        found = (self._at([*base, *parts]) for base in self._bases(around))
        return next((each for each in found if each is not None), None)

    def _at(self, parts: list[str]) -> str | None:
        path = "/".join(parts)
        package = f"{path}/__init__.py".removeprefix("/")
        if self._is_file(package):
            return package
        if path and self._is_file(f"{path}.py"):
            return f"{path}.py"
        return package if path and self._holds_python(path) else None

    def _bases(self, around: list[str]) -> Iterator[list[str]]:
        """Where absolute names begin: around the package of the importer, and the folders above."""
        base = list(around)
        while base and self._is_file("/".join([*base, "__init__.py"])):
            base.pop()
        while base:
            yield list(base)
            base.pop()
        yield []
        yield [_SOURCES]
