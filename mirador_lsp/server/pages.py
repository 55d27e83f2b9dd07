"""Texts for the user of a client that has no view for them: a document that fills as it goes.

Where the client shows documents whose text the server holds, the page is such a document; else it
is a file in the cache folder; else, or where the client declines, a message once it is whole.
"""

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server import markdown
from mirador_lsp.server.page_files import PageFiles
from mirador_lsp.server.session import Session

SCHEME = "mirador"
REWRITE_SECONDS = 0.3
"""A page that fills is shown anew at most once in this time."""
_ANSWER_SECONDS = 10.0
_CLOSE_SECONDS = 0.3
_MOST_PAGES = 32
_LONGEST = 400_000
_LONGEST_POP_UP = 500
_GONE = "This page is not kept any more. Ask again.\n"
_log = logging.getLogger(__name__)


class Wire(Protocol):
    """What pages need of the connection."""

    async def window_show_document_async(
        self, params: types.ShowDocumentParams
    ) -> types.ShowDocumentResult:
        """Ask the client to open a document."""
        ...

    async def workspace_text_document_content_refresh_async(
        self, params: types.TextDocumentContentRefreshParams
    ) -> None:
        """Tell the client that a text of ours changed."""
        ...

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        """Pop a line up."""
        ...

    def window_log_message(self, params: types.LogMessageParams) -> None:
        """Add a line to the client's log."""
        ...


class Pages:
    """The pages of one session; the oldest go when there are too many."""

    def __init__(
        self, wire: Wire, session: Session, supervisor: Supervisor, congested: Callable[[], bool]
    ) -> None:
        self.wire = wire
        self.session = session
        self.supervisor = supervisor
        self.congested = congested
        self.files: PageFiles | None = None
        """None until the cache folder is known."""
        self.disk = asyncio.Lock()
        """Held while a thread works on `files`."""
        self._pages: OrderedDict[str, Page] = OrderedDict()

    async def keep_in(self, folder: Path) -> None:
        """Use a folder for files, and remove what servers that were killed left in it."""
        if self.files is None:
            files = self.files = PageFiles(folder)
            async with self.disk:
                await asyncio.to_thread(files.sweep)

    def page(self, kind: str, title: str, about: str = "") -> "Page":
        """A page to be filled. One of the same kind and title about the same document is replaced.

        `kind` is one lower-case word, `about` a document's URI.
        """
        key = hashlib.sha256(f"{kind}\0{about}\0{title}".encode("utf-8", "replace")).hexdigest()
        slug = re.sub(r"[^A-Za-z0-9._]+", "-", title).strip("-.")[:60]
        page = Page(self, f"{slug or kind}-{key[:8]}", kind, title)
        self._pages.pop(page.uri, None)
        self._pages[page.uri] = page
        while len(self._pages) > _MOST_PAGES:
            _, oldest = self._pages.popitem(last=False)
            self.supervisor.start(self._discard(oldest.name), "old page")
        return page

    async def show(self, kind: str, title: str, text: str, about: str = "") -> None:
        """Show a text that is whole already."""
        await self.page(kind, title, about).finish(text)

    def text_of(self, uri: str) -> str:
        """What `workspace/textDocumentContent` answers: at once, whatever is written by now."""
        page = self._pages.get(uri)
        return page.text if page is not None else _GONE

    def holds(self, page: "Page") -> bool:
        """Whether `page` is still the one of its URI."""
        return self._pages.get(page.uri) is page

    async def close(self) -> None:
        """Remove all files. Pages that are still being filled stay as they are."""
        self._pages.clear()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS), self.disk:
                files, self.files = self.files, None
                if files is not None:
                    await asyncio.to_thread(files.close)
        except TimeoutError:
            _log.warning("the files of pages stay until the next start: the disk is slow")

    async def _discard(self, name: str) -> None:
        async with self.disk:
            if self.files is not None:
                await asyncio.to_thread(self.files.remove, name)


class Page:
    """One text that the user sees while it is written. Markdown."""

    def __init__(self, pages: Pages, name: str, kind: str, title: str) -> None:
        self.name = name
        self.uri = f"{SCHEME}:/{kind}/{name}.md"
        self.text = ""
        self._pages = pages
        self._title = title
        self._told = ("", False)
        """What the client was last told of, and whether as the last word."""
        self._shown = False
        self._whole = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        client = pages.session.client
        self._virtual = client.text_content and client.shows_documents
        self._filed = client.shows_documents

    def write(self, text: str) -> None:
        """The whole text as it is by now; returns at once."""
        self.text = text[:_LONGEST]
        if self._task is None or self._task.done():
            self._task = self._pages.supervisor.start(self._spread(), f"page {self.uri}")

    async def finish(self, text: str) -> None:
        """The last word; returns when the client was told of it."""
        self._whole.set()
        if self._task is not None:
            await asyncio.wait({self._task})
        self.text = text[:_LONGEST]
        await self._spread()

    async def _spread(self) -> None:
        """Tell the client of the text until it has the latest, not more often than it can bear."""
        whole = self._whole.is_set()
        while (self.text, whole) != self._told and self._pages.holds(self):
            if whole or not self._pages.congested():
                text = self.text
                await self._tell(text, whole=whole)
                self._told = (text, whole)
            if whole:
                return
            try:
                async with asyncio.timeout(REWRITE_SECONDS):
                    await self._whole.wait()
            except TimeoutError:
                continue
            return

    async def _tell(self, text: str, *, whole: bool) -> None:
        """Show the text in the best way that works; one that fails is not tried again."""
        if self._virtual:
            self._virtual = await self._tell_virtual()
        if self._filed and not self._virtual:
            self._filed = await self._tell_file(text, whole=whole)
        if whole and not self._virtual and not self._filed:
            self._say(text)

    async def _tell_virtual(self) -> bool:
        if not self._shown:
            self._shown = await self._open(self.uri)
            return self._shown
        params = types.TextDocumentContentRefreshParams(self.uri)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._pages.wire.workspace_text_document_content_refresh_async(params)
        except (TimeoutError, JsonRpcException):
            _log.info("the client did not refresh a page")
            return False
        return True

    async def _tell_file(self, text: str, *, whole: bool) -> bool:
        """Not every editor notices that a file changed, so the last word shows it anew."""
        files = self._pages.files
        if files is None:
            return False
        try:
            async with self._pages.disk:
                path = await asyncio.to_thread(files.write, self.name, text)
        except ServiceError as error:
            _log.log(error.level, "%s", error)
            return False
        if whole or not self._shown:
            self._shown = await self._open(path.as_uri())
        return self._shown

    async def _open(self, uri: str) -> bool:
        params = types.ShowDocumentParams(uri, external=False, take_focus=False)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                result = await self._pages.wire.window_show_document_async(params)
        except (TimeoutError, JsonRpcException):
            _log.info("the client did not show a page")
            return False
        return result.success

    def _say(self, text: str) -> None:
        wire, kind = self._pages.wire, types.MessageType.Info
        text = markdown.bare(text)
        wire.window_log_message(types.LogMessageParams(kind, text))
        beginning = plain(text, _LONGEST_POP_UP)
        if beginning != plain(text, _LONGEST):
            beginning += " (All of it is in the log.)"
        wire.window_show_message(types.ShowMessageParams(kind, beginning))
