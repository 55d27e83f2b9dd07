"""Documents as an editor edits them, over the wire, against the editor's own text at every step."""

import asyncio
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fakes.app import FakeApp
from fakes.editor import Editor, MemoryLink, load_defaults
from fakes.text_document import TextDocument
from mirador_lsp.server.documents import OpenDocument
from mirador_lsp.server.run import talk
from mirador_lsp.server.wiring import create_server

SEPARATORS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
LETTERS = ["a", "x = 1", "\t", "é", "漢", "😀", "e\u0301", "👩\u200d💻", "\x00", "\ufeff", "\ud800"]
"""One of each length in each encoding; the last is half a character, which JSON can carry."""
ENCODINGS = ("utf-8", "utf-16", "utf-32")
URIS = ("file:///work/a.py", "file:///work/b.py", "untitled:c")

texts = st.lists(st.sampled_from(SEPARATORS + LETTERS), max_size=10).map("".join)
numbers = st.integers(0, 7) | st.sampled_from([50, 2**31 - 1])
places = st.fixed_dictionaries({"line": numbers, "character": numbers})
edits = st.fixed_dictionaries(
    {"range": st.fixed_dictionaries({"start": places, "end": places}), "text": texts}
)
full = st.fixed_dictionaries({"text": texts})
uris = st.sampled_from(URIS)


class Sync(RuleBasedStateMachine):
    """An editor and a server, and whether they hold the same texts."""

    def __init__(self, runner: asyncio.Runner, editors: dict[str, Editor]) -> None:
        super().__init__()
        self.held: dict[str, TextDocument] = {}
        """By URI, what the editor holds."""
        self.runner = runner
        self.editors = editors
        self.encoding = "utf-16"
        self.editor = editors[self.encoding]

    @initialize(encoding=st.sampled_from(ENCODINGS))
    def begin(self, encoding: str) -> None:
        """Work in the session whose positions are in `encoding`."""
        self.encoding = encoding
        self.editor = self.editors[encoding]

    @rule(uri=uris, text=texts)
    def open(self, uri: str, text: str) -> None:
        """Open a document, perhaps one that is open already."""
        self.held[uri] = TextDocument.of(text, 1, self.encoding)
        self.editor.open(text, uri)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), changes=st.lists(edits | full, min_size=1, max_size=4))
    def change(self, data: st.DataObject, changes: list[dict[str, Any]]) -> None:
        """Edit a document in several places with one message, whole texts among them."""
        self._change(data.draw(st.sampled_from(sorted(self.held))), changes)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), messages=st.lists(st.lists(edits, max_size=2), min_size=2, max_size=5))
    def type_fast(self, data: st.DataObject, messages: list[list[dict[str, Any]]]) -> None:
        """Several messages that arrive in one piece."""
        uri = data.draw(st.sampled_from(sorted(self.held)))
        for changes in messages:
            self._change(uri, changes)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), includes_text=st.booleans())
    def save(self, data: st.DataObject, includes_text: bool) -> None:
        """Save a document, with its text along or without."""
        uri = data.draw(st.sampled_from(sorted(self.held)))
        self.editor.save(self.held[uri].text if includes_text else None, uri)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """Close a document."""
        uri = data.draw(st.sampled_from(sorted(self.held)))
        del self.held[uri]
        self.editor.close(uri)

    @rule(uri=uris, change=edits)
    def change_what_is_closed(self, uri: str, change: dict[str, Any]) -> None:
        """A client that edits before it opens changes nothing."""
        if uri not in self.held:
            self.editor.change(change, version=9, uri=uri)

    @invariant()
    def same(self) -> None:
        """Both hold the same texts and versions, and the server has no doubt about any of them."""
        self.runner.run(self.editor.settle())
        session = self.editor.server.session
        assert set(session.uris()) == set(self.held)
        for uri, mine in self.held.items():
            document = session.document(uri)
            assert document is not None
            assert (document.text, document.version) == (mine.text, mine.version)
            assert not document.doubt
            again = OpenDocument(uri, "python", 1, mine.text)
            assert document._lines == again._lines, "the next edit would go elsewhere"
            assert len(document._lines) == len(mine.line_starts())

    def teardown(self) -> None:
        """Leave the session as it was found."""
        for uri in self.held:
            self.editor.close(uri)
        self.runner.run(self.editor.settle())
        self.editor.link.sent.clear()

    def _change(self, uri: str, changes: list[dict[str, Any]]) -> None:
        document = self.held[uri]
        document.update(changes, document.version + 1)
        self.editor.change(*changes, version=document.version, uri=uri)


async def _connect(encoding: str) -> tuple[Editor, asyncio.Task[None]]:
    link = MemoryLink()
    server = create_server(FakeApp().open, load_defaults)
    talking = asyncio.get_running_loop().create_task(talk(server, link))
    editor = Editor(link, server)
    await editor.initialize({"general": {"positionEncodings": [encoding]}})
    await editor.settled()
    return editor, talking


async def _leave(editor: Editor, talking: asyncio.Task[None]) -> None:
    editor.server.leave(1)
    await talking


def test_the_server_holds_the_text_of_the_editor() -> None:
    """Whatever is opened, edited, saved and closed, in whatever units, over whatever separators."""
    # Shrinking a session takes minutes; the steps that failed are short enough to read.
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    how = settings(max_examples=40, stateful_step_count=15, deadline=None, phases=phases)
    with asyncio.Runner() as runner:
        sessions = {encoding: runner.run(_connect(encoding)) for encoding in ENCODINGS}
        editors = {encoding: editor for encoding, (editor, _) in sessions.items()}
        run_state_machine_as_test(lambda: Sync(runner, editors), settings=how)
        for session in sessions.values():
            runner.run(_leave(*session))
