"""The languages Mirador parses, and how a file's language is told."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language: how it is recognised and where its grammar is."""

    id: str
    """"python", "typescript"…: the id used in every other room."""
    title: str
    """What users call it: "Python", "C#"."""
    extensions: tuple[str, ...]
    """Lower case, with the dot."""
    grammar: tuple[str, str]
    """Module of the grammar's wheel and the name of its language function."""
    file_names: tuple[str, ...] = ()
    """Whole file names, lower case."""
    interpreters: tuple[str, ...] = ()
    """Programs in a `#!` line, without version numbers."""
    outline: str = ""
    """Name of the query files in `outlines/` that find its definitions; "" for data and markup."""
    data: bool = False
    """Whether files of it are data, which analyzers read and models do not."""
    lenient: bool = False
    """Whether sound files often fail to parse (macros, templates), so that a parse error is weak
    evidence."""


_TABLE = (
    Language(
        id="python",
        title="Python",
        extensions=(".py", ".pyi", ".pyw"),
        grammar=("tree_sitter_python", "language"),
        file_names=("sconstruct", "sconscript", "wscript"),
        interpreters=("python", "pypy"),
        outline="python",
    ),
    Language(
        id="javascript",
        title="JavaScript",
        extensions=(".js", ".mjs", ".cjs", ".jsx", ".es6"),
        grammar=("tree_sitter_javascript", "language"),
        file_names=("jakefile",),
        interpreters=("node", "nodejs", "bun", "qjs"),
        outline="javascript",
    ),
    Language(
        id="typescript",
        title="TypeScript",
        extensions=(".ts", ".mts", ".cts"),
        grammar=("tree_sitter_typescript", "language_typescript"),
        interpreters=("deno", "ts-node", "tsx"),
        outline="typescript",
    ),
    Language(
        id="tsx",
        title="TSX",
        extensions=(".tsx",),
        grammar=("tree_sitter_typescript", "language_tsx"),
        outline="typescript",
    ),
    Language(
        id="go",
        title="Go",
        extensions=(".go",),
        grammar=("tree_sitter_go", "language"),
        outline="go",
    ),
    Language(
        id="rust",
        title="Rust",
        extensions=(".rs",),
        grammar=("tree_sitter_rust", "language"),
        interpreters=("rust-script",),
        outline="rust",
    ),
    Language(
        id="java",
        title="Java",
        extensions=(".java",),
        grammar=("tree_sitter_java", "language"),
        outline="java",
    ),
    Language(
        id="c",
        title="C",
        extensions=(".c",),
        grammar=("tree_sitter_c", "language"),
        interpreters=("tcc",),
        outline="c",
        lenient=True,
    ),
    Language(
        id="cpp",
        title="C++",
        # A `.h` may be either; the C++ grammar reads nearly all C, the C grammar no C++.
        extensions=(".cpp", ".cc", ".cxx", ".c++", ".h", ".hpp", ".hh", ".hxx", ".h++", ".ipp"),
        grammar=("tree_sitter_cpp", "language"),
        outline="cpp",
        lenient=True,
    ),
    Language(
        id="csharp",
        title="C#",
        extensions=(".cs", ".csx"),
        grammar=("tree_sitter_c_sharp", "language"),
        interpreters=("dotnet-script",),
        outline="csharp",
    ),
    Language(
        id="ruby",
        title="Ruby",
        extensions=(".rb", ".rake", ".gemspec", ".ru"),
        grammar=("tree_sitter_ruby", "language"),
        file_names=("rakefile", "gemfile", "vagrantfile", "podfile", "guardfile"),
        interpreters=("ruby", "jruby", "rake"),
        outline="ruby",
    ),
    Language(
        id="php",
        title="PHP",
        extensions=(".php", ".phtml", ".phps", ".inc"),
        grammar=("tree_sitter_php", "language_php"),
        interpreters=("php",),
        outline="php",
    ),
    Language(
        id="bash",
        title="Bash",
        extensions=(".sh", ".bash", ".bats", ".ksh"),
        grammar=("tree_sitter_bash", "language"),
        file_names=(".bashrc", ".bash_profile", ".bash_aliases", ".profile", "pkgbuild"),
        interpreters=("bash", "sh", "dash", "ksh", "ash"),
        outline="bash",
        lenient=True,
    ),
    Language(
        id="json",
        title="JSON",
        extensions=(".json", ".jsonc", ".geojson", ".webmanifest", ".code-workspace"),
        grammar=("tree_sitter_json", "language"),
        file_names=(".babelrc", ".eslintrc", ".prettierrc", ".jshintrc", "composer.lock"),
        data=True,
    ),
    Language(
        id="yaml",
        title="YAML",
        extensions=(".yaml", ".yml"),
        grammar=("tree_sitter_yaml", "language"),
        file_names=(".clang-format", ".clang-tidy", ".clangd"),
        data=True,
        lenient=True,
    ),
    Language(
        id="html",
        title="HTML",
        extensions=(".html", ".htm", ".xhtml"),
        grammar=("tree_sitter_html", "language"),
        lenient=True,
    ),
    Language(
        id="css",
        title="CSS",
        extensions=(".css",),
        grammar=("tree_sitter_css", "language"),
        lenient=True,
    ),
)


def _by(keys: Iterable[tuple[str, Language]]) -> Mapping[str, str]:
    return MappingProxyType({key: language.id for key, language in keys})


LANGUAGES: Mapping[str, Language] = MappingProxyType({each.id: each for each in _TABLE})
"""Every language with a parser, by id."""

_EXTENSIONS = _by((key, each) for each in _TABLE for key in each.extensions)
_FILE_NAMES = _by((key, each) for each in _TABLE for key in each.file_names)
_INTERPRETERS = _by((key, each) for each in _TABLE for key in each.interpreters)

_LAUNCHERS = frozenset({"env", "sudo", "nice"})
_VERSION = re.compile(r"[\d.]+$")


def language_of(path: str, first_line: str = "") -> str:
    """Id of the language of the file at `path`, or "" when there is no parser for it.

    The file name decides, then its extension, then a `#!` or `<?php` in `first_line`. Only the last
    part of the path is looked at; both separators count, whatever the machine.
    """
    name = re.split(r"[/\\]", path)[-1].lower()
    if name in _FILE_NAMES:
        return _FILE_NAMES[name]
    stem, dot, extension = name.rpartition(".")
    if dot and stem and extension:
        # `.h.in` and `.py.txt` are not what the inner extension says: only the last one counts.
        return _EXTENSIONS.get("." + extension, "") or _of_first_line(first_line)
    return _of_first_line(first_line)


def _of_first_line(line: str) -> str:
    line = line.removeprefix("\ufeff")[:200]
    if line.startswith("<?php"):
        return "php"
    if not line.startswith("#!"):
        return ""
    for word in line[2:].split():
        program = re.split(r"[/\\]", word)[-1]
        if word.startswith("-") or "=" in word or program in _LAUNCHERS:
            continue
        return _INTERPRETERS.get(_VERSION.sub("", program), "")
    return ""
