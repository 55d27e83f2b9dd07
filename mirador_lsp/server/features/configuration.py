"""Settings from the editor and the workspace, when the session begins and whenever they change."""

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.server import own_files, reviewing
from mirador_lsp.server.features import registering
from mirador_lsp.server.features.registering import SECTION
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Stage
from mirador_lsp.settings import Loaded, paths
from mirador_lsp.settings.flow_files import FOLDER as FLOWS
from mirador_lsp.settings.reviewer_files import FOLDER as REVIEWERS

BESIDE_SETTINGS = ("capabilities.yaml", "models.toml")
"""What else the user may have written; it is read when the application opens."""
_ANSWER_SECONDS = 3.0
"""How long a client may take to answer a question; after it we go on without."""
_log = logging.getLogger(__name__)


def remember(ls: MiradorServer, sent: Any) -> None:
    """Keep what the editor sent, under the one key "mirador" or without it."""
    if isinstance(sent, Mapping):
        # An editor that speaks Lua sends its empty table as a list.
        inner = sent.get(SECTION, sent) or {}
        ls.editor_settings = dict(inner if isinstance(inner, Mapping) else sent)


async def begin(ls: MiradorServer) -> None:
    """The first settings: ask the client, open the application, review what is open by now."""
    await _pull(ls)
    await apply(ls)
    ls.on_review_end = lambda: _look_again(ls)
    own = (await asyncio.to_thread(paths, os.environ)).config_file
    watched = [own, own.with_name(REVIEWERS), own.with_name(FLOWS)]
    ls.supervisor.start(own_files.follow(watched, lambda: apply(ls)), "settings file")
    beside = [own.with_name(name) for name in BESIDE_SETTINGS]
    ls.supervisor.start(own_files.follow(beside, lambda: apply(ls, anew=True)), "own files")


def _look_again(ls: MiradorServer) -> None:
    """A model may have come or gone."""
    if ls.protocol.stage is Stage.RUNNING and not ls.exited.done():
        ls.supervisor.start(registering.follow(ls), "registrations")


def did_change(ls: MiradorServer, params: types.DidChangeConfigurationParams) -> None:
    """The editor's settings changed; some clients say how, others want to be asked."""
    if params.settings:
        remember(ls, params.settings)
        ls.supervisor.start(apply(ls), "settings")
    else:
        ls.supervisor.start(_refresh(ls), "settings")


async def _refresh(ls: MiradorServer) -> None:
    await _pull(ls)
    await apply(ls)


async def apply(ls: MiradorServer, *, anew: bool = False) -> None:
    """Resolve all sources. Under new settings, or `anew` in any case, the reviews that run begin
    again.
    """
    async with ls.settling:
        folders = ls.session.folders
        # In a thread: a home folder on a slow network must not freeze the editor.
        loaded: Loaded = await asyncio.to_thread(
            ls.load,
            workspace=folders[0] if folders else None,
            editor=ls.editor_settings or None,
            editor_vouches=ls.session.client.vouches,
            env=os.environ,
            flags={"stages": {s: {"models": [m]} for s, m in ls.chosen_models.items()}},
        )
        _report(ls, loaded)
        if ls.settled.is_set() and loaded.settings == ls.settings and not anew:
            return
        if ls.settled.is_set():
            # A review that began now would run on the closing application: it waits for the next.
            ls.settled.clear()
            ls.jobs.cancel()
            await ls.ahead.stop()
            await ls.session.suspend()
            await ls.jobs.cancel_all()
            await ls.apps.close()
            ls.outlines.clear()
            ls.streams.recover()
        if ls.protocol.stage is Stage.SHUT_DOWN:
            return
        ls.settings = loaded.settings
        ls.streams.name_profile(loaded.settings.profile)
        ls.origins = loaded.origins
        ls.set_log_level(loaded.settings.server.log_level)
        ls.apps.open(loaded)
        ls.supervisor.start(ls.pages.keep_in(loaded.paths.cache / "pages"), "pages")
        ls.settled.set()
        ls.indexing.follow(folders)
        ls.ahead.allow(ls.settings)
        ls.lenses.refresh()
        ls.look_inside.soon()
        reviewing.start_wanted(ls)
    await registering.follow(ls)


def _report(ls: MiradorServer, loaded: Loaded) -> None:
    """Every problem is in the log; one pop-up a session says that there are some, and another
    what the workspace would rather have nobody look at.
    """
    for problem in loaded.problems:
        ls.messages.note(types.MessageType.Warning, f"settings: {problem.sentence()}")
        if problem.used:
            ls.messages.once("narrowed", types.MessageType.Warning, problem.sentence())
    unused = [problem for problem in loaded.problems if not problem.used]
    if unused:
        count = len(unused)
        settings = "setting was" if count == 1 else "settings were"
        ls.messages.once(
            "settings",
            types.MessageType.Warning,
            f"{count} {settings} not used. Mirador's log in the editor says which and why.",
        )


async def _pull(ls: MiradorServer) -> None:
    if not ls.session.client.pulls_configuration:
        return
    question = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await ls.workspace_configuration_async(question)
    except (TimeoutError, JsonRpcException):
        _log.warning("the client did not tell its settings")
        return
    if answer and isinstance(answer[0], Mapping):
        remember(ls, answer[0])
