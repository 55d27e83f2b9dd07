"""What a command of the client's is about: a document as it is now, a place and a finding in it."""

from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.document import Snapshot, folder_around
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server import arguments
from mirador_lsp.server.arguments import Argument
from mirador_lsp.server.server import MiradorServer


@dataclass(frozen=True)
class Asked:
    """What is asked about."""

    said: Argument
    """The whole object the client sent."""
    snapshot: Snapshot
    span: Span | None
    """The selection; empty for a cursor; the finding's place; None where no place was named."""
    finding: Finding | None
    """The one that was named, where it now is."""
    token: str | int | None
    """Where the client wants to see progress."""


def asked(ls: MiradorServer, said: Argument) -> Asked:
    """Read `{uri, range? | position?, findingId?, workDoneToken?}`.

    Raises `JsonRpcInvalidParams` for another shape, `UserError` for a document that is not open or
    whose text is in doubt, and for a finding that is no longer shown.
    """
    snapshot = current(ls, said["uri"])
    if snapshot is None:
        raise arguments.must_be_open(said["uri"])
    span = arguments.place(said, snapshot, ls.session.client.encoding)
    finding = None
    if said.get("findingId") is not None:
        _, finding_id = arguments.about_finding([said])
        finding = finding_of(ls, snapshot, finding_id)
        span = finding.span
    return Asked(said, snapshot, span, finding, token_of(said))


def token_of(said: Argument) -> str | int | None:
    """Where the client wants to see progress; None where it does not say."""
    token = said.get("workDoneToken")
    if isinstance(token, bool) or not isinstance(token, str | int):
        return None
    return token


def current(ls: MiradorServer, uri: str) -> Snapshot | None:
    """An open document as it is now; None when it is not open or its text is in doubt."""
    return ls.snapshot(uri)


def finding_of(ls: MiradorServer, snapshot: Snapshot, finding_id: str) -> Finding:
    """A finding that is shown, at its place in `snapshot`. Raises `UserError` when it is not."""
    for finding in ls.publisher.shown(snapshot):
        if finding.id == finding_id:
            return finding
    message = "This finding is not shown any more, or its code was edited since it was found."
    raise UserError(message, remedy="Save the document to have it reviewed again.")


def folder_of(ls: MiradorServer, snapshot: Snapshot) -> Path | None:
    """The innermost workspace folder that holds a document; None for one that lies elsewhere."""
    if snapshot.path is None:
        return None
    return folder_around(Path(snapshot.path), ls.session.folders)
