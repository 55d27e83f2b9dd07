"""Which language a file is in."""

import pytest

from mirador_lsp.syntax.languages import LANGUAGES, language_of
from mirador_lsp.syntax.parser import grammar, parse


@pytest.mark.parametrize(
    ("path", "first_line", "language"),
    [
        ("a/b.py", "", "python"),
        ("B.PYI", "", "python"),
        ("a.jsx", "", "javascript"),
        ("a.mts", "", "typescript"),
        ("a.tsx", "", "tsx"),
        ("x.h", "", "cpp"),
        ("x.c", "", "c"),
        ("Program.cs", "", "csharp"),
        ("dir.py/Makefile", "", ""),
        ("C:\\code\\main.go", "", "go"),
        ("Rakefile", "", "ruby"),
        (".bashrc", "", "bash"),
        ("Dockerfile", "", ""),
        ("notes.txt", "", ""),
        (".py", "", ""),
        ("py", "", ""),
        ("", "", ""),
        ("tool", "#!/usr/bin/env python3.12", "python"),
        ("tool", "#!/usr/bin/env -S LANG=C node --flag", "javascript"),
        ("tool", "\ufeff#!/bin/sh -e", "bash"),
        ("tool", "#!", ""),
        ("tool", "#!/usr/bin/perl", ""),
        ("page", "<?php echo 1;", "php"),
        ("a.py", "#!/bin/sh", "python"),
        ("a.unknown", "#!/bin/bash", "bash"),
    ],
)
def test_language_of(path: str, first_line: str, language: str) -> None:
    """The name decides, then the extension, then the first line."""
    assert language_of(path, first_line) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_grammar(language: str) -> None:
    """The grammar of every language in the table is installed and loads."""
    assert grammar(language).abi_version >= 13
    assert parse("", language).tree is not None


def test_extensions_and_names_belong_to_one_language() -> None:
    """No extension, file name or interpreter is claimed twice."""
    for kind in ("extensions", "file_names", "interpreters"):
        claimed = [key for each in LANGUAGES.values() for key in getattr(each, kind)]
        assert len(claimed) == len(set(claimed))
