"""The documented protocol and the code cannot drift apart unnoticed."""

import hashlib
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from mirador_lsp.server import extensions
from mirador_lsp.server.features.commands import COMMANDS
from mirador_lsp.server.protocol import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    SERVER_NOT_INITIALIZED,
)

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "protocol.md"


def test_the_document_names_the_checksum_of_the_extensions() -> None:
    """A change of the messages is a change of the document: the checksum makes one remember."""
    source = Path(extensions.__file__).read_bytes()
    found = re.search(
        r"^extensions\.py sha256: ([0-9a-f]{64})$", DOCUMENT.read_text(), re.MULTILINE
    )
    assert found is not None
    assert found[1] == hashlib.sha256(source).hexdigest()


def test_the_document_names_every_field_command_and_code() -> None:
    """What the server can say is in the document."""
    text = DOCUMENT.read_text()
    shapes = (
        *(extensions.Status, extensions.Stream, extensions.Answered),
        *(extensions.SearchHit, extensions.SearchResult),
        *get_args(extensions.Part),
    )
    names = [f.name for kind in shapes for f in fields(kind)]
    names += [extensions.STATUS, extensions.STREAM, extensions.EXPLAIN, extensions.ASK]
    names += [extensions.SEARCH]
    names += [extensions.CHECK_DIAGNOSTICS, *COMMANDS]
    assert [name for name in names if f"`{name}`" not in text] == []
    codes = (PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, SERVER_NOT_INITIALIZED)
    assert [code for code in codes if f"| {code} |" not in text] == []
