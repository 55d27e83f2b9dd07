"""The one argument of a command: an object of the client's, hostile until read.

Every function raises `JsonRpcInvalidParams` for what cannot be meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.text import Encoding, Span
from mirador_lsp.server import from_lsp

_LONGEST_ID = 64
_LONGEST_URI = 8192

Argument = Mapping[str, Any]


def an_object(arguments: Sequence[Any]) -> Argument:
    """The argument of a command that needs none: what it says, if anything."""
    said = arguments[0] if arguments else {}
    if not isinstance(said, Mapping):
        message = "The argument is an object."
        raise JsonRpcInvalidParams(message)
    return said


def about_document(arguments: Sequence[Any]) -> Argument:
    """The argument of a command that is about a document: an object with a `uri`, or a URI."""
    first = arguments[0] if arguments else None
    said = {"uri": first} if isinstance(first, str) else first
    if not isinstance(said, Mapping) or not isinstance(said.get("uri"), str):
        message = "The argument is a document's URI, or an object with a uri."
        raise JsonRpcInvalidParams(message)
    if len(said["uri"]) > _LONGEST_URI:
        message = "The URI is too long."
        raise JsonRpcInvalidParams(message)
    return said


def about_finding(arguments: Sequence[Any]) -> tuple[Argument, str]:
    """The argument of a command that is about a finding, and the finding's id."""
    said = about_document(arguments)
    finding_id = said.get("findingId")
    if not isinstance(finding_id, str) or not 0 < len(finding_id) <= _LONGEST_ID:
        message = "The argument needs a findingId."
        raise JsonRpcInvalidParams(message)
    return said, finding_id


def names(said: Argument, key: str) -> Sequence[str] | None:
    """A list of names; None where the argument has none."""
    value = said.get(key)
    if value is not None and not (
        isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
    ):
        message = f"{key} is a list of names."
        raise JsonRpcInvalidParams(message)
    return value


def text(said: Argument, key: str, most: int) -> str:
    """A text of the user's as one plain line, cut at `most` characters; "" where there is none."""
    value = said.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        message = f"{key} is a text."
        raise JsonRpcInvalidParams(message)
    return plain(value, most)


def place(said: Argument, snapshot: Snapshot, encoding: Encoding) -> Span | None:
    """The `range` or, as an empty span, the `position` of the argument; None without either."""
    try:
        return from_lsp.place(said, snapshot, encoding)
    except (TypeError, ValueError) as error:
        message = "The range or position cannot be read."
        raise JsonRpcInvalidParams(message) from error


def must_be_open(uri: str) -> UserError:
    """What is said when a document is not open, or its text is in doubt."""
    name = plain(uri.rpartition("/")[2] or uri, 100)
    message = f"{name} is not open in this editor, or its text is in doubt."
    return UserError(message, remedy="Open and save it.")
