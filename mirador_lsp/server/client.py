"""What the client can do, worked out once from its `initialize` request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    wants_status: bool = False
    """It declared `experimental.mirador.status`."""
    wants_stream: bool = False
    """It declared `experimental.mirador.stream`."""
    vouches: bool = False
    """It declared `experimental.mirador.vouchesForSettings`: the settings it sends are the user's
    own, or of a workspace the user trusts in the editor."""


def resolve_client(params: types.InitializeParams) -> Client:
    """The abilities declared in `params`; what is absent is "no"."""
    capabilities = params.capabilities
    workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
    window = capabilities.window or types.WindowClientCapabilities()
    mirador = _mirador(capabilities.experimental)
    return Client(
        name=params.client_info.name if params.client_info else "",
        encoding=_encoding(capabilities.general),
        progress=bool(window.work_done_progress),
        pulls_configuration=bool(workspace.configuration),
        registers_configuration=_dynamic(workspace.did_change_configuration),
        registers_watched_files=_dynamic(workspace.did_change_watched_files),
        diagnostic_tags=_tags(capabilities.text_document),
        wants_status=bool(mirador.get("status")),
        wants_stream=bool(mirador.get("stream")),
        vouches=mirador.get("vouchesForSettings") is True,
    )


def _encoding(general: types.GeneralClientCapabilities | None) -> Encoding:
    """The first encoding of the client's list that we know; UTF-16 is what LSP falls back to."""
    for offered in (general and general.position_encodings) or ():
        if offered in tuple(Encoding):
            return Encoding(offered)
    return Encoding.UTF16


def _dynamic(
    ability: types.DidChangeConfigurationClientCapabilities
    | types.DidChangeWatchedFilesClientCapabilities
    | None,
) -> bool:
    return bool(ability and ability.dynamic_registration)


def _tags(text: types.TextDocumentClientCapabilities | None) -> frozenset[types.DiagnosticTag]:
    publish = text.publish_diagnostics if text else None
    if publish is None or publish.tag_support is None:
        return frozenset()
    return frozenset(publish.tag_support.value_set)


def _mirador(experimental: Any) -> Mapping[str, Any]:
    if isinstance(experimental, Mapping):
        mirador = experimental.get("mirador")
        if isinstance(mirador, Mapping):
            return mirador
    return {}
