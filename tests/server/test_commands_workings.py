"""The commands about Mirador itself, and the status that says why nothing came."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.app import FakeApp, endless, finding, finished
from fakes.commands import command, result
from fakes.editor import URI, eventually, load_defaults, ready
from mirador_lsp.core.events import Emit, Hush, Hushed, Notice, NoticeKind, ReviewStarted
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.settings import Loaded

STATUS = {"experimental": {"mirador": {"status": True}}}


async def test_cancel_stops_one_document_or_all() -> None:
    """It counts what it stopped; what is not running is nothing."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("a = 1\n")
        editor.open("b = 1\n", uri="file:///work/b.py")
        await eventually(lambda: len(app.requests) == 2)

        assert await result(editor, "cancel", URI) == {"cancelled": 1}
        assert await result(editor, "cancel", {"uri": URI}) == {"cancelled": 0}
        assert await result(editor, "cancel") == {"cancelled": 1}
        assert (await command(editor, "cancel", 7))["error"]["code"] == -32602


async def test_the_doctor_answers_and_shows_its_checks() -> None:
    """A client without a view for pages gets the text in its log."""
    async with ready(FakeApp()) as editor:
        answer = await result(editor, "doctor")

        assert answer["checks"][0]["name"] == "models"
        logged = " ".join(m["params"]["message"] for m in editor.of("window/logMessage"))
        assert "one is installed" in logged


async def test_restarting_the_models_stops_what_runs_and_begins_it_anew() -> None:
    """Nobody is told of a failure that the user asked for."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("a = 1\n")
        await eventually(lambda: app.requests)

        assert await result(editor, "restartModels") == {"restarted": True}
        await eventually(lambda: len(app.requests) == 2)
        assert (app.restarts, len(app.cancelled)) == (1, 1)
        assert editor.of("window/showMessage") == []


async def test_debug_information_has_figures_and_no_text_and_no_secret() -> None:
    """Settings come with who set them; code, instructions and secrets do not come."""

    def load(**said: Any) -> Loaded:
        loaded = load_defaults(**said)
        deep = replace(loaded.settings.stages.deep, instructions="SECRET PROSE")
        stages = replace(loaded.settings.stages, deep=deep)
        host = ModelServer(
            name="gpu", kind="openai", url="http://me:SECRET@gpu:80/v1?key=SECRET", key_env="KEY"
        )
        settings = replace(loaded.settings, stages=stages, servers=(host,))
        return replace(loaded, settings=settings, origins={"review.gate": "the editor"})

    async with ready(FakeApp(), load=load) as editor:
        editor.open("password = 'SECRET CODE'\n")
        facts = await result(editor, "printDebugInformation")

        assert facts["settings"]["review.gate"] == {"value": 0.35, "from": "the editor"}
        assert facts["settings"]["review.lenses"]["from"] == "the defaults"
        assert facts["settings"]["servers"]["value"][0]["url"] == "http://…gpu:80/v1…"
        assert facts["documents"][0]["lines"] == 2
        assert facts["checks"][0]["health"] == "ok"
        assert {"version", "client", "jobs", "registered", "folders"} <= facts.keys()
        assert "SECRET" not in json.dumps(facts)


def _ending(**parts: Any) -> Any:
    async def script(_request: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted("cart.py", ("instant",), ""))
        await asyncio.sleep(0)
        emit(replace(finished(), **parts))

    return script


LARGE = Notice(NoticeKind.SKIPPED, "cart.py: no model reads it, it is larger than 9 bytes.")
UNSEEN = (
    "cart.py: nothing to show; 2 withheld as too unsure, 1 suppressed by comments, 1 dismissed."
)
UNKNOWN = Notice(NoticeKind.TRUNCATED, "cart.py: no parser for this language")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "cart.py: nothing found."),
        ({"findings": (finding(),)}, "cart.py: 1 finding."),
        (
            {
                "withheld": (finding("a"), finding("b")),
                "hushed": (
                    Hushed(finding("c"), Hush.COMMENT, ""),
                    Hushed(finding("d"), Hush.DISMISSED, ""),
                ),
            },
            UNSEEN,
        ),
        (
            {"notices": (LARGE,)},
            "cart.py: nothing found; no model reads it, it is larger than 9 bytes.",
        ),
        (
            {"notices": (UNKNOWN,), "reviewed": False},
            "cart.py was not reviewed: no parser for this language.",
        ),
    ],
)
async def test_the_status_says_what_came_or_why_nothing_did(
    parts: dict[str, Any], message: str
) -> None:
    """After a review, in one plain sentence."""
    async with ready(FakeApp(_ending(**parts)), STATUS) as editor:
        editor.open("x")
        said = await editor.until(
            lambda m: m.get("method") == "mirador/status" and not m["params"]["busy"]
        )

        assert said["params"] | {"message": message, "busy": False} == said["params"]
