"""Workspace edits: changes of a text in the one form that the client at hand can apply safely."""

from collections.abc import Iterable
from dataclasses import dataclass

from lsprotocol import types

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply, smallest
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.server import to_lsp
from mirador_lsp.server.client import Client

_ANNOTATION = "mirador"
_LONGEST_LABEL = 200


@dataclass(frozen=True)
class _Part:
    uri: str
    version: int | None
    edits: tuple[types.TextEdit, ...]
    creates: bool = False


class EditBuilder:
    """Puts one workspace edit together.

    Where the client takes `documentChanges`, the edit names the version it was made for, so that a
    client whose text has moved on refuses it instead of spoiling the text.
    """

    def __init__(self, client: Client, label: str, *, confirm: bool = False) -> None:
        """`label` says what the edit does; `confirm` asks the client to show it first."""
        self._client = client
        self._annotates = client.annotates and client.document_changes
        self._note = types.ChangeAnnotation(
            label=plain(label, _LONGEST_LABEL), needs_confirmation=confirm
        )
        self._parts: list[_Part] = []

    def change(self, snapshot: Snapshot, edits: Iterable[Edit]) -> None:
        """Make `edits` in an open document.

        Raises ValueError when two overlap or one lies outside the text.
        """
        made = self._rendered(applicable(snapshot.text, edits), snapshot.lines)
        self._parts.append(_Part(snapshot.uri, snapshot.version, made))

    def create(self, uri: str, text: str) -> None:
        """Create a file that holds `text`; the client refuses it where there is one already. Only
        for clients with `creates_files`.
        """
        made = self._rendered((Edit(Span(0, 0), text),), LineIndex(""))
        self._parts.append(_Part(uri, None, made, creates=True))

    def build(self) -> types.WorkspaceEdit:
        """The edit. A client without `documentChanges` gets plain `changes`, without a version."""
        if not self._client.document_changes:
            return types.WorkspaceEdit(changes={part.uri: part.edits for part in self._parts})
        changes: list[types.CreateFile | types.TextDocumentEdit] = []
        for part in self._parts:
            if part.creates:
                changes.append(self._creation(part.uri))
            changes.append(self._text_document_edit(part))
        return types.WorkspaceEdit(
            document_changes=changes,
            change_annotations={_ANNOTATION: self._note} if self._annotates else None,
        )

    def _rendered(self, edits: Iterable[Edit], lines: LineIndex) -> tuple[types.TextEdit, ...]:
        encoding = self._client.encoding
        return tuple(
            types.TextEdit(to_lsp.lsp_range(e.span, lines, encoding), e.text) for e in edits
        )

    def _creation(self, uri: str) -> types.CreateFile:
        options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        note = _ANNOTATION if self._annotates else None
        return types.CreateFile(uri=uri, options=options, annotation_id=note)

    def _text_document_edit(self, part: _Part) -> types.TextDocumentEdit:
        document = types.OptionalVersionedTextDocumentIdentifier(uri=part.uri, version=part.version)
        if not self._annotates:
            return types.TextDocumentEdit(document, part.edits)
        noted = [types.AnnotatedTextEdit(_ANNOTATION, e.range, e.new_text) for e in part.edits]
        return types.TextDocumentEdit(document, noted)


def applicable(text: str, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    r"""`edits` as every client can apply them: in order, none beside another, none without effect.

    A position cannot name the place inside of a `\r\n`; edits that begin or end there are made anew
    around it. Raises ValueError when two overlap or one lies outside the text.
    """
    joined: list[Edit] = []
    for edit in sorted(edits):
        last = joined[-1] if joined else None
        if last is not None and edit.span.start == last.span.end:
            # Clients do not agree on the order of edits at the same place.
            joined[-1] = Edit(Span(last.span.start, edit.span.end), last.text + edit.text)
        else:
            joined.append(edit)
    after = apply(text, joined)
    ends = (offset for edit in joined for offset in (edit.span.start, edit.span.end))
    if any(offset > 0 and text[offset - 1 : offset + 1] == "\r\n" for offset in ends):
        return smallest(text, after)
    return tuple(edit for edit in joined if text[edit.span.start : edit.span.end] != edit.text)
