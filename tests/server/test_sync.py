"""Documents as the editor opens, changes, saves and closes them."""

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.app import FakeApp, clean, endless, finding, staged
from fakes.editor import URI, Editor, eventually, insert, ready
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.events import Emit, StageFinished
from mirador_lsp.core.requests import ReviewRequest, Trigger


async def test_open_reviews_the_text_as_opened() -> None:
    """Opening starts a review of that version, language and name."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open("x = 1\n", version=7)
        await editor.diagnostics(lambda p: True)
        snapshot = app.requests[0].snapshot
        assert (snapshot.version, snapshot.text, snapshot.language) == (7, "x = 1\n", "python")
        assert snapshot.path == "/work/cart.py"
        assert app.requests[0].trigger is Trigger.OPEN


async def test_what_is_opened_before_the_settings_are_known_is_reviewed_after() -> None:
    """A client may open files at once after `initialized`; nothing is lost."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.put(
            {
                "method": "textDocument/didOpen",
                "params": {
                    "textDocument": {"uri": URI, "languageId": "go", "version": 1, "text": "x"}
                },
            }
        )
        await editor.diagnostics(lambda p: True)
        assert [r.snapshot.language for r in app.requests] == ["go"]


async def test_a_change_is_kept_and_reviews_nothing() -> None:
    """Typing starts no review; the next save reviews what was typed."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: True)
        editor.change(insert(0, 5, "2"), version=2)
        await editor.settle()
        assert len(app.requests) == 1
        editor.save()
        await editor.diagnostics(lambda p: p["version"] == 2)
        assert app.requests[1].snapshot.text == "x = 12\n"
        assert app.requests[1].trigger is Trigger.SAVE


async def test_six_changes_in_one_piece_are_six_versions() -> None:
    """Saves between changes in a single piece of the stream each see their own text."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("")
        messages: list[Any] = []
        for version in range(2, 8):
            document = {"uri": URI, "version": version}
            messages += [
                {
                    "method": "textDocument/didChange",
                    "params": {"textDocument": document, "contentChanges": [insert(0, 0, "x")]},
                },
                {"method": "textDocument/didSave", "params": {"textDocument": {"uri": URI}}},
            ]
        editor.put(*messages)
        await editor.settle()
        run = editor.server.session.run_of(URI)
        assert run is not None
        assert (run.snapshot.version, run.snapshot.text) == (7, "xxxxxx")


async def test_a_save_supersedes_the_running_review() -> None:
    """The review of the older text is cancelled, and that reaches whatever it waits for."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: len(app.requests) == 1)
        app.script = clean
        editor.change(insert(0, 0, "y = 2\n"), version=2)
        editor.save()
        await editor.diagnostics(lambda p: p["version"] == 2)
        assert [r.snapshot.version for r in app.cancelled] == [1]


async def test_close_cancels_and_clears() -> None:
    """Closing stops the review and takes all diagnostics back."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: bool(app.requests))
        editor.close()
        cleared = await editor.diagnostics(lambda p: p["diagnostics"] == [])
        assert cleared["uri"] == URI
        await eventually(lambda: len(app.cancelled) == 1)


async def test_many_documents_opened_at_once_begin_a_few_at_a_time() -> None:
    """An editor that restores fifty files starts four analyses at a time; model stages of earlier
    files do not hold up the instant findings of later ones.
    """
    beginning = most = begun = 0
    step = asyncio.Event()

    async def script(request: ReviewRequest, emit: Emit) -> None:
        nonlocal beginning, most, begun
        beginning += 1
        begun += 1
        most = max(most, beginning)
        await step.wait()
        beginning -= 1
        emit(StageFinished("instant", "", 0.0, Usage()))
        await asyncio.Event().wait()

    async with ready(FakeApp(script)) as editor:
        for number in range(50):
            editor.open("x = 1\n", uri=f"file:///work/{number}.py")
        await editor.settle()
        await eventually(lambda: begun == 4)
        step.set()
        await eventually(lambda: begun == 50)
        assert most == 4


async def test_reviews_without_analyzers_hold_nobody_up() -> None:
    """Four reviews that begin with a model leave the way to the fifth one's analyzers free."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        for number in range(5):
            editor.open("x = 1\n", uri=f"file:///work/{number}.py")
        await eventually(lambda: len(app.requests) == 5)


async def test_a_save_looks_first_at_what_was_edited() -> None:
    """A save says which lines were edited since the text was last reviewed to the end."""
    app = FakeApp()
    text = "".join(f"line {number}\n" for number in range(9))

    async def save(version: int) -> str | None:
        """Save, wait for the review, and return the lines it looks at first."""
        editor.save()
        await editor.diagnostics(lambda p: p["version"] == version)
        request = app.requests[-1]
        focus = request.focus
        return None if focus is None else request.snapshot.text[focus.start : focus.end]

    async with ready(app) as editor:
        editor.open(text)
        await editor.diagnostics(lambda p: True)
        assert app.requests[0].focus is None
        editor.change(insert(2, 0, "a "), insert(4, 6, "!"), version=2)
        assert await save(2) == "a line 2\nline 3\nline 4!\n"
        editor.change(insert(6, 0, "b "), version=3)
        assert await save(3) == "b line 6\n"


async def test_edits_of_reviews_that_did_not_end_stay_first() -> None:
    """What a superseded review did not get to is still looked at first by the next."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("a\nb\nc\nd\n")
        await eventually(lambda: app.requests)
        for version, line in ((2, 1), (3, 2)):
            editor.change(insert(line, 0, "x"), version=version)
            editor.save()
            await eventually(lambda version=version: len(app.requests) >= version)
        request = app.requests[-1]
        assert request.focus is not None
        assert request.snapshot.text[request.focus.start : request.focus.end] == "xb\nxc\n"


async def test_documents_nobody_opened_are_ignored() -> None:
    """Change before open, change after close, save and close of the unknown: logged, no pop-up."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.change(insert(0, 0, "x"), version=2)
        editor.save()
        editor.close()
        editor.open("x\n")
        editor.close()
        editor.change(insert(0, 0, "x"), version=3)
        editor.save("text")
        await editor.settle()
        assert editor.server.session.uris() == ()
        assert editor.of("window/showMessage") == []


async def test_an_unreadable_change_puts_the_text_in_doubt_until_saved() -> None:
    """What may not be the editor's text is not reviewed; the saved text heals it."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: True)
        editor.change({"range": {"start": {"line": 2**40}}, "text": 7}, version=2)
        editor.save()
        await editor.settle()
        assert len(app.requests) == 1
        assert editor.of("window/showMessage") == []
        editor.save("x = 2\n")
        await eventually(lambda: len(app.requests) == 2)
        assert app.requests[1].snapshot.text == "x = 2\n"


async def test_opened_twice_the_later_text_holds() -> None:
    """A client that opens a document twice gets the later one reviewed."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open("x = 1\n")
        editor.open("y = 1\n", version=9)
        await editor.diagnostics(lambda p: p["version"] == 9)
        assert app.requests[-1].snapshot.text == "y = 1\n"


async def test_a_position_is_written_in_the_negotiated_units() -> None:
    """The same finding behind an astral character has other columns in other encodings."""
    text = "a = '😀é'  # note\n"
    start = text.index("#")
    columns = {}
    for encoding in ("utf-8", "utf-16", "utf-32"):
        app = FakeApp(staged(("instant", (finding(start=start, end=start + 1),))))
        async with ready(app, {"general": {"positionEncodings": [encoding]}}) as editor:
            editor.open(text)
            found = await editor.diagnostics(lambda p: bool(p["diagnostics"]))
            columns[encoding] = found["diagnostics"][0]["range"]["start"]["character"]
    prefix = text[:start]
    assert columns == {
        "utf-8": len(prefix.encode()),
        "utf-16": len(prefix.encode("utf-16-le")) // 2,
        "utf-32": len(prefix),
    }


async def test_an_encoding_nobody_knows_falls_back() -> None:
    """Of the client's offers the first that we know is taken; without one it is UTF-16."""
    async with ready(FakeApp(), {"general": {"positionEncodings": ["x", "utf-8"]}}) as editor:
        answer = editor.sent[0]["result"]["capabilities"]["positionEncoding"]
        assert answer == "utf-8"
    async with ready(FakeApp(), {"general": {"positionEncodings": ["x"]}}) as editor:
        assert editor.sent[0]["result"]["capabilities"]["positionEncoding"] == "utf-16"


async def test_a_save_reviews_only_if_the_settings_say_so() -> None:
    """`server.review_on_save = false` leaves reviewing to the command."""
    app = FakeApp()
    async with ready(app) as editor:
        quiet = type(editor.server.settings.server)(review_on_open=False, review_on_save=False)
        editor.server.settings = type(editor.server.settings)(server=quiet)
        editor.open("x = 1\n")
        editor.save("x = 1\n")
        await editor.settle()
        assert app.requests == []
        await editor.ask(
            "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [URI]}
        )
        assert [r.trigger for r in app.requests] == [Trigger.COMMAND]


numbers = st.one_of(st.integers(-5, 40), st.sampled_from([2**31 - 1, 2**31, 2**40, None, "x", 1.5]))
places = st.fixed_dictionaries({"line": numbers, "character": numbers})
ranges = st.fixed_dictionaries({"start": places, "end": places})
hostile = st.one_of(
    st.fixed_dictionaries({"range": ranges, "text": st.text(max_size=4)}),
    st.fixed_dictionaries({"text": st.one_of(st.text(max_size=4), st.none())}),
    st.none(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(-3, 9), st.lists(hostile, max_size=3)), max_size=6))
async def test_no_change_stops_the_server(steps: list[tuple[int, list[Any]]]) -> None:
    """Whatever a client sends as a change, the session answers what comes next, without pop-ups."""
    async with ready(FakeApp()) as editor:
        editor.open("one\r\ntwo 😀\f\n")
        for version, changes in steps:
            editor.change(*changes, version=version)
        await editor.settle()
        _check_alive(editor)


def _check_alive(editor: Editor) -> None:
    assert editor.of("window/showMessage") == []
    assert editor.server.session.document(URI) is not None
    json.dumps(editor.sent)


async def test_a_hostile_name_is_shown_as_one_visible_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Control and bidi characters of a file's name reach neither messages nor the log."""
    app = FakeApp()
    caplog.set_level(logging.INFO)
    uri = "file:///work/a%0Ab%1B%5B31m%E2%80%AE.py"
    async with ready(app) as editor:
        editor.open("x = 1\n", uri=uri)
        await editor.diagnostics(lambda p: True, uri=uri)
        assert app.requests[0].snapshot.name == "a b[31m.py"
        assert app.requests[0].snapshot.path == "/work/a\nb\x1b[31m\u202e.py"
        editor.save(uri="file:///work/\u202eb\x1b.py")
        await editor.settle()
    assert "saved but not open: file:///work/b.py" in caplog.text
    assert not set(caplog.text) & {"\u202e", "\x1b"}
