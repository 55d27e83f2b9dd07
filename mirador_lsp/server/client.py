"""What the client can do, worked out once from its `initialize` request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lsprotocol import types

from mirador_lsp.core.text import Encoding


@dataclass(frozen=True)
class Client:
    """A client's abilities, as plain yes and no."""

    name: str = ""
    encoding: Encoding = Encoding.UTF16
    """The units of every position on the wire; chosen from what the client offers."""
    progress: bool = False
    """It shows progress that the server begins."""
    pulls_configuration: bool = False
    """It answers `workspace/configuration`."""
    registers_configuration: bool = False
    """It lets the server ask for `workspace/didChangeConfiguration`."""
    registers_watched_files: bool = False
    diagnostic_tags: frozenset[types.DiagnosticTag] = field(default_factory=frozenset)
    related_information: bool = False
    """It shows the places that a diagnostic tells beside its own."""
    wants_status: bool = False
    """It declared `experimental.mirador.status`."""
    wants_stream: bool = False
    """It declared `experimental.mirador.stream`."""
    wants_reviews: bool = False
    """It declared `experimental.mirador.review`."""
    markdown_hover: bool = False
    """It shows Markdown in hovers; else plain text."""
    html_hover: bool = False
    """It shows HTML elements for spans within Markdown."""
    command_links: bool = False
    """It declared `experimental.mirador.commandLinks`: links in its hovers run our commands."""
    literal_actions: bool = False
    """It takes code actions, not only commands."""
    lazy_edits: bool = False
    """It resolves the `edit` of a code action, and keeps its `data` until then."""
    disabled_actions: bool = False
    """It shows code actions that cannot be chosen, with the reason."""
    preferred_actions: bool = False
    llm_tag: bool = False
    """It understands `CodeActionTag.LLMGenerated`."""
    applies_edits: bool = False
    """It answers `workspace/applyEdit`."""
    document_changes: bool = False
    """It takes versioned `documentChanges`."""
    creates_files: bool = False
    """It takes `CreateFile` among them."""
    annotates: bool = False
    """It shows change annotations."""
    pulls_diagnostics: bool = False
    """It asks for diagnostics and can be told to ask again; without the second, model findings
    would come too late for the first, so diagnostics are pushed."""
    registers_diagnostics: bool = False
    refreshes_lenses: bool = False
    shows_documents: bool = False
    """It answers `window/showDocument`."""
    text_content: bool = False
    """It shows documents whose text the server holds (`workspace/textDocumentContent`)."""
    registers_text_content: bool = False
    registers_lenses: bool = False
    registers_actions: bool = False
    checks_diagnostics: bool = False
    """It declared `experimental.mirador.checkDiagnostics`: it answers that request."""
    wants_answers: bool = False
    """It declared `experimental.mirador.answers`: it shows streamed answers itself."""
    vouches: bool = False
    """It declared `experimental.mirador.vouchesForSettings`: the settings it sends are the user's
    own, or of a workspace the user trusts in the editor."""


def resolve_client(params: types.InitializeParams) -> Client:
    """The abilities declared in `params`; what is absent is "no"."""
    capabilities = params.capabilities
    workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
    window = capabilities.window or types.WindowClientCapabilities()
    text = capabilities.text_document or types.TextDocumentClientCapabilities()
    mirador = _mirador(capabilities.experimental)
    return Client(
        name=params.client_info.name if params.client_info else "",
        encoding=_encoding(capabilities.general),
        progress=bool(window.work_done_progress),
        pulls_configuration=bool(workspace.configuration),
        registers_configuration=_dynamic(workspace.did_change_configuration),
        registers_watched_files=_dynamic(workspace.did_change_watched_files),
        diagnostic_tags=_tags(capabilities.text_document),
        related_information=_related(text),
        markdown_hover=_markdown(text.hover),
        html_hover=_spans(capabilities.general),
        command_links=mirador.get("commandLinks") is True,
        **_actions(text.code_action),
        **_edits(workspace),
        pulls_diagnostics=text.diagnostic is not None
        and bool(workspace.diagnostics and workspace.diagnostics.refresh_support),
        registers_diagnostics=_dynamic(text.diagnostic),
        refreshes_lenses=bool(workspace.code_lens and workspace.code_lens.refresh_support),
        shows_documents=bool(window.show_document and window.show_document.support),
        text_content=workspace.text_document_content is not None,
        registers_text_content=_dynamic(workspace.text_document_content),
        registers_lenses=_dynamic(text.code_lens),
        registers_actions=_dynamic(text.code_action),
        checks_diagnostics=mirador.get("checkDiagnostics") is True,
        wants_answers=mirador.get("answers") is True,
        wants_status=bool(mirador.get("status")),
        wants_stream=bool(mirador.get("stream")),
        wants_reviews=mirador.get("review") is True,
        vouches=mirador.get("vouchesForSettings") is True,
    )


def _encoding(general: types.GeneralClientCapabilities | None) -> Encoding:
    """The first encoding of the client's list that we know; UTF-16 is what LSP falls back to."""
    for offered in (general and general.position_encodings) or ():
        if offered in tuple(Encoding):
            return Encoding(offered)
    return Encoding.UTF16


class _Registers(Protocol):
    """A capability with the one flag that all of them have."""

    dynamic_registration: bool | None


def _dynamic(ability: _Registers | None) -> bool:
    return bool(ability and ability.dynamic_registration)


def _markdown(hover: types.HoverClientCapabilities | None) -> bool:
    return hover is not None and types.MarkupKind.Markdown in (hover.content_format or ())


def _spans(general: types.GeneralClientCapabilities | None) -> bool:
    markdown = general.markdown if general is not None else None
    return markdown is not None and "span" in (markdown.allowed_tags or ())


def _actions(action: types.CodeActionClientCapabilities | None) -> dict[str, Any]:
    if action is None:
        return {}
    resolves = action.resolve_support.properties if action.resolve_support else ()
    tags = action.tag_support.value_set if action.tag_support else ()
    return {
        "literal_actions": action.code_action_literal_support is not None,
        "lazy_edits": "edit" in resolves and bool(action.data_support),
        "disabled_actions": bool(action.disabled_support),
        "preferred_actions": bool(action.is_preferred_support),
        "llm_tag": types.CodeActionTag.LlmGenerated in tags,
    }


def _edits(workspace: types.WorkspaceClientCapabilities) -> dict[str, Any]:
    edit = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
    return {
        "applies_edits": bool(workspace.apply_edit),
        # Resource operations exist among document changes only; a client that takes the one takes
        # the other, and some forget to say so.
        "document_changes": bool(edit.document_changes or edit.resource_operations),
        "creates_files": types.ResourceOperationKind.Create in (edit.resource_operations or ()),
        "annotates": edit.change_annotation_support is not None,
    }


def _tags(text: types.TextDocumentClientCapabilities | None) -> frozenset[types.DiagnosticTag]:
    publish = text.publish_diagnostics if text else None
    if publish is None or publish.tag_support is None:
        return frozenset()
    return frozenset(publish.tag_support.value_set)


def _related(text: types.TextDocumentClientCapabilities) -> bool:
    """Pushed and asked diagnostics have a capability each; what is shown for one is for both."""
    published, asked = text.publish_diagnostics, text.diagnostic
    return bool(
        (published and published.related_information) or (asked and asked.related_information)
    )


def _mirador(experimental: Any) -> Mapping[str, Any]:
    if isinstance(experimental, Mapping):
        mirador = experimental.get("mirador")
        if isinstance(mirador, Mapping):
            return mirador
    return {}
