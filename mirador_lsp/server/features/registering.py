"""What is registered with the client: what it lets us, as settings and the models there are say."""

from lsprotocol import types

from mirador_lsp.core.errors import MiradorError
from mirador_lsp.server.client import Client
from mirador_lsp.server.features import diagnostics, pages
from mirador_lsp.server.offers import KINDS, REWRITE
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.settings import Settings
from mirador_lsp.settings.load import WORKSPACE_FILE
from mirador_lsp.syntax.languages import LANGUAGES

SECTION = "mirador"
_PROSE = (".md", ".markdown", ".rst", ".adoc", ".txt", ".toml", ".ini", ".cfg")


async def follow(ls: MiradorServer) -> None:
    """Register what can be had now and was not, take back what cannot any more."""
    try:
        models = await (await ls.apps.get()).has_models()
    except MiradorError:
        models = False
    await ls.registrations.follow(wishes(ls.session.client, ls.settings, models=models))


def wishes(client: Client, settings: Settings, *, models: bool) -> list[types.Registration]:
    """Everything that should hold."""
    found = [pages.registration(client), diagnostics.registration(client)]
    if client.registers_configuration:
        found.append(
            types.Registration(
                id="mirador-configuration",
                method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
            )
        )
    if client.registers_watched_files:
        watched = [f"**/{WORKSPACE_FILE}"]
        if settings.index.enabled:
            watched.append(_indexed())
        found.append(
            types.Registration(
                id="mirador-watched-files",
                method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                register_options=types.DidChangeWatchedFilesRegistrationOptions(
                    [types.FileSystemWatcher(glob_pattern=pattern) for pattern in watched]
                ),
            )
        )
    if client.registers_lenses and settings.server.code_lens:
        found.append(
            types.Registration(
                id="mirador-code-lens",
                method=types.TEXT_DOCUMENT_CODE_LENS,
                register_options=types.CodeLensRegistrationOptions(resolve_provider=False),
            )
        )
    if client.registers_actions:
        # Nothing is rewritten without a model that writes.
        kinds = [kind for kind in KINDS if models or kind != REWRITE]
        found.append(
            types.Registration(
                id="mirador-code-action",
                method=types.TEXT_DOCUMENT_CODE_ACTION,
                register_options=types.CodeActionRegistrationOptions(
                    code_action_kinds=list(kinds), resolve_provider=client.lazy_edits
                ),
            )
        )
    return [each for each in found if each is not None]


def _indexed() -> str:
    """A pattern for the files that an index holds."""
    endings = {ending for language in LANGUAGES.values() for ending in language.extensions}
    return f"**/*{{{','.join(sorted(endings | set(_PROSE)))}}}"
