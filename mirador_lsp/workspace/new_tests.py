"""Where a new test file for a source file goes, as the project around it does it.

Looks at names in a few folders and at the small files that name a project's tools; follows no link
out of the project, writes nothing, and names only what does not exist.
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mirador_lsp.core.changes import NewTests

_MARKERS: Final = (
    *("pyproject.toml", "setup.py", "setup.cfg", "package.json", "go.mod", "Cargo.toml"),
    *("pom.xml", "build.gradle", "build.gradle.kts", "composer.json", "Gemfile"),
    *("CMakeLists.txt", ".git", ".hg"),
)
_MOST_LEVELS: Final = 24
_MOST_NAMES: Final = 50
_MOST_READ: Final = 256 * 1024
_MOST_LISTED: Final = 2000
_PYTHON_TOOLS: Final = (
    *("pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "requirements.txt"),
    *("requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt"),
    *("requirements/dev.txt", "requirements/test.txt", "requirements-test.txt"),
)
_JS_TESTS: Final = re.compile(r"\.(test|spec)\.[cm]?[jt]sx?$")


@dataclass(frozen=True)
class _Choice:
    """A folder, a file name whose number is still open, and what the file will need."""

    folder: Path
    stem: str
    suffix: str
    framework: str
    module: Callable[[Path], str]
    """From the folder of the test file."""


def new_tests(source: Path, language: str) -> NewTests | None:
    """A place for the tests of `source`; None for a language without tests, or where every name in
    reach is taken. Reads the disk.
    """
    chooser = _CHOOSERS.get(language)
    if chooser is None or not source.is_absolute():
        return None
    root = _root(source)
    choice = chooser(source, root)
    for number in range(1, _MOST_NAMES):
        # The number goes before what a test tool looks for: `cart_2_test.go`, `cart_2.test.ts`.
        more = "" if number == 1 else f"_{number}"
        path = choice.folder / f"{choice.stem}{more}{choice.suffix}"
        if not os.path.lexists(path):
            name = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
            return NewTests(
                uri=path.as_uri(),
                path=str(path),
                name=name.as_posix(),
                framework=choice.framework,
                module=choice.module(choice.folder),
            )
    return None


def _root(source: Path) -> Path:
    """The innermost folder around `source` that is a project; else the folder it is in."""
    for folder in list(source.parents)[:_MOST_LEVELS]:
        if any(os.path.lexists(folder / marker) for marker in _MARKERS):
            return folder
    return source.parent


def _folder(root: Path, *names: str) -> Path | None:
    """The first of these folders of the project that exists and is no link."""
    for name in names:
        folder = root / name
        if folder.is_dir() and not folder.is_symlink():
            return folder
    return None


def _text(path: Path) -> str:
    """The beginning of a small file of the project; "" for what cannot be read."""
    try:
        if not path.is_file() or path.is_symlink():
            return ""
        with path.open("rb") as file:
            return file.read(_MOST_READ).decode("utf-8", "replace")
    except OSError:
        return ""


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name for entry, _ in zip(entries, range(_MOST_LISTED), strict=False)
            )
    except OSError:
        return []


def _from(source: Path) -> Callable[[Path], str]:
    """The path from the test's folder to the source."""

    def module(folder: Path) -> str:
        path = Path(os.path.relpath(source, folder)).as_posix()
        return path if path.startswith(".") else f"./{path}"

    return module


def _python(source: Path, root: Path) -> _Choice:
    folder = _folder(root, "tests", "test") or source.parent
    stem = source.parent.name if source.stem == "__init__" else source.stem
    module = _dotted(source, root)
    return _Choice(
        folder, f"test_{stem.strip('_')}", ".py", _python_tool(root, folder), lambda _: module
    )


def _python_tool(root: Path, folder: Path) -> str:
    named = any("pytest" in _text(root / name) for name in _PYTHON_TOOLS)
    if named or os.path.lexists(root / "conftest.py") or os.path.lexists(folder / "conftest.py"):
        return "pytest"
    tests = [name for name in _names(folder) if name.startswith("test_") and name.endswith(".py")]
    if any(
        re.search(r"^(?:import|from) pytest\b", _text(folder / n), re.MULTILINE) for n in tests[:8]
    ):
        return "pytest"
    return "unittest"


def _dotted(source: Path, root: Path) -> str:
    """How Python imports the file: by its packages, else by its folders below the project."""
    top = source.parent
    while top != root and (top / "__init__.py").is_file():
        top = top.parent
    if top == source.parent:
        top = root / "src" if source.is_relative_to(root / "src") else root
    parts = list(source.relative_to(top).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts) if all(part.isidentifier() for part in parts) else source.stem


def _script(source: Path, root: Path) -> _Choice:
    beside = _folder(source.parent, "__tests__") or source.parent
    infix = next((m[1] for n in _names(beside) if (m := _JS_TESTS.search(n))), "test")
    tool = _script_tool(root)
    path = _from(source if tool in {"node:test", "mocha"} else source.with_suffix(""))
    return _Choice(beside, source.stem, f".{infix}{source.suffix}", tool, path)


def _script_tool(root: Path) -> str:
    try:
        package = json.loads(_text(root / "package.json") or "{}")
    except ValueError:
        package = {}
    package = package if isinstance(package, dict) else {}
    known = [package.get(key) for key in ("devDependencies", "dependencies", "scripts")]
    words = " ".join(
        f"{name} {value}"
        for each in known
        if isinstance(each, dict)
        for name, value in each.items()
    )
    return next(
        (t for t in ("vitest", "jest", "mocha") if re.search(rf"\b{t}\b", words)), "node:test"
    )


def _go(source: Path, _root: Path) -> _Choice:
    return _Choice(source.parent, source.stem, "_test.go", "go test", lambda _: "")


def _java(source: Path, _root: Path) -> _Choice:
    folder = Path(re.sub(r"/src/main/java(?=/|$)", "/src/test/java", source.parent.as_posix()))
    return _Choice(folder, source.stem, "Test.java", "JUnit 5", lambda _: "")


def _csharp(source: Path, _root: Path) -> _Choice:
    return _Choice(source.parent, source.stem, "Tests.cs", "xUnit", lambda _: "")


def _ruby(source: Path, root: Path) -> _Choice:
    stem = source.stem
    if (folder := _folder(root, "spec")) is not None:
        return _Choice(folder, stem, "_spec.rb", "RSpec", _from(source.with_suffix("")))
    folder = _folder(root, "test") or source.parent
    return _Choice(folder, stem, "_test.rb", "Minitest", _from(source.with_suffix("")))


def _php(source: Path, root: Path) -> _Choice:
    folder = _folder(root, "tests", "test") or source.parent
    return _Choice(folder, source.stem, "Test.php", "PHPUnit", _from(source))


def _rust(source: Path, root: Path) -> _Choice:
    try:
        package = tomllib.loads(_text(root / "Cargo.toml")).get("package", {})
    except tomllib.TOMLDecodeError:
        package = {}
    name = package.get("name") if isinstance(package, dict) else None
    crate = name.replace("-", "_") if isinstance(name, str) else "crate"
    below = source.relative_to(root / "src") if source.is_relative_to(root / "src") else None
    parts = list(below.with_suffix("").parts) if below is not None else []
    if parts and parts[-1] in {"lib", "main", "mod"}:
        parts.pop()
    module = "::".join([crate, *parts])
    return _Choice(root / "tests", f"{source.stem}_tests", ".rs", "cargo test", lambda _: module)


def _c(source: Path, root: Path) -> _Choice:
    folder = _folder(root, "tests", "test") or source.parent
    header = next(
        (h for e in (".h", ".hpp", ".hh") if (h := source.with_suffix(e)).is_file()), source
    )
    return _Choice(folder, f"test_{source.stem}", source.suffix, "assert", _from(header))


_CHOOSERS: Mapping[str, Callable[[Path, Path], _Choice]] = MappingProxyType(
    {
        "python": _python,
        "javascript": _script,
        "typescript": _script,
        "tsx": _script,
        "go": _go,
        "java": _java,
        "csharp": _csharp,
        "ruby": _ruby,
        "php": _php,
        "rust": _rust,
        "c": _c,
        "cpp": _c,
    }
)
