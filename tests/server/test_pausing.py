"""No work that nobody has asked for, until the user resumes it."""

from fakes.app import FakeApp, endless
from fakes.commands import result
from fakes.editor import URI, eventually, ready
from mirador_lsp.core.requests import Trigger

STATUS = {"experimental": {"mirador": {"status": True}}}
OTHER = "file:///work/b.py"


async def test_what_was_opened_and_stopped_meanwhile_is_reviewed_when_it_is_resumed() -> None:
    """A pause stops the review that began by itself; what is opened then waits as well."""
    app = FakeApp(endless)
    async with ready(app, STATUS) as editor:
        editor.open("a = 1\n")
        await eventually(lambda: app.requests)

        assert await result(editor, "pause") == {"paused": True, "waiting": 1}
        await eventually(lambda: app.cancelled)
        editor.open("b = 1\n", uri=OTHER)
        await eventually(lambda: OTHER in editor.server.session.wanted)
        status = editor.of("mirador/status")[-1]["params"]
        assert (status["paused"], status["busy"]) == (True, False)
        assert status["message"] == "Reviewing is paused: nothing is reviewed by itself."
        assert len(app.requests) == 1

        assert await result(editor, "resume") == {"paused": False, "reviewing": 2}
        await eventually(lambda: len(app.requests) == 3)
        assert {request.snapshot.uri for request in app.requests[1:]} == {URI, OTHER}
        await eventually(lambda: editor.of("mirador/status")[-1]["params"]["busy"])
        assert editor.of("mirador/status")[-1]["params"]["paused"] is False


async def test_what_the_user_asks_for_is_done_in_a_pause() -> None:
    """A review by command runs, and a pause does not stop one that runs."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        await result(editor, "pause")
        editor.open("a = 1\n")
        asked = editor.request(
            "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [URI]}
        )
        await eventually(lambda: app.requests)
        assert app.requests[0].trigger is Trigger.COMMAND

        assert await result(editor, "pause") == {"paused": True, "waiting": 0}
        assert app.cancelled == []
        assert await result(editor, "cancel") == {"cancelled": 1}
        await editor.answer(asked)


async def test_the_status_names_the_profile() -> None:
    """Editors show it; it is the one that the settings name."""
    async with ready(FakeApp(), STATUS) as editor:
        await result(editor, "pause")
        assert editor.of("mirador/status")[-1]["params"]["profile"] == "auto"
