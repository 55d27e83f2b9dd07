"""An editor with one document, whose edits it makes as it is told, in a session with a server."""

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter

from fakes.applying import applied
from fakes.session import RecordingClient

LATE_SECONDS = 0.15
"""How long a client such as Neovim gathers what is typed before it tells a server."""


class Author:
    """Belongs to one document; the latest one answers `workspace/applyEdit` of its client.

    An edit that names another version than the document's is refused, as real editors do.
    """

    def __init__(self, client: RecordingClient, uri: str, text: str) -> None:
        self.client = client
        self.uri = uri
        self.text = text
        self.version = 1
        self.edits: list[types.ApplyWorkspaceEditParams] = []

        self.refused = 0
        """Edits that were for another version."""
        self._untold = False

        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            if self._stale(params.edit):
                self.refused += 1
                asyncio.get_running_loop().call_later(LATE_SECONDS, self.tell)
                why = "the text was edited meanwhile"
                return types.ApplyWorkspaceEditResult(applied=False, failure_reason=why)
            self.edits.append(params)
            self.make(params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        client.protocol.fm.features.pop(types.WORKSPACE_APPLY_EDIT, None)
        client.feature(types.WORKSPACE_APPLY_EDIT)(apply)
        item = types.TextDocumentItem(uri, "python", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def make(self, edit: types.WorkspaceEdit) -> None:
        wire = default_converter().unstructure(edit)
        self.change(applied(wire, {self.uri: self.text})[self.uri])

    def change(self, text: str, *, late: bool = False) -> None:
        """The text becomes another one; `late` keeps that from the server for now."""
        self.text = text
        self.version += 1
        self._untold = True
        if not late:
            self.tell()

    def tell(self) -> None:
        """The server hears what it was not told yet."""
        if not self._untold:
            return
        self._untold = False
        identifier = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(self.text)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(identifier, [change])
        )

    def _stale(self, edit: types.WorkspaceEdit) -> bool:
        """Whether it was made for another version of the document."""
        parts = [
            part for part in edit.document_changes or () if isinstance(part, types.TextDocumentEdit)
        ]
        documents = [part.text_document for part in parts]
        return any(d.uri == self.uri and d.version not in (None, self.version) for d in documents)

    def save(self) -> None:
        identifier = types.TextDocumentIdentifier(self.uri)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier, self.text))

    def shows(self, rule: str) -> list[types.Diagnostic]:
        return [d for d in self.client.diagnostics.get(self.uri, ()) if d.code == rule]

    async def actions(
        self, diagnostics: Sequence[types.Diagnostic], only: Sequence[Any] | None = None
    ) -> list[types.CodeAction]:
        """What is offered for the first of `diagnostics`."""
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri),
                diagnostics[0].range,
                types.CodeActionContext(diagnostics=diagnostics, only=only),
            )
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    async def run(self, command: types.Command | None) -> Any:
        """Run the command of an action; what it is answered."""
        assert command is not None
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )
