"""Progress bars: only where the client shows them, never backwards, always ended."""

import asyncio
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from fakes.app import FakeApp, endless, finding, staged
from fakes.editor import Editor, eventually, ready
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.events import (
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
)
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.progress import ProgressBars

SHOWS = {"window": {"workDoneProgress": True}}
MODEL = staged(("instant", ()), ("deep", (finding("d", stage="deep"),)))


class Client:
    """The other end of a progress bar."""

    def __init__(self) -> None:
        self.agreed = asyncio.Event()
        self.declines = False
        self.tokens: list[str] = []
        self.sent: list[Any] = []

    async def create_progress(self, token: str) -> None:
        self.tokens.append(token)
        await self.agreed.wait()
        if self.declines:
            raise JsonRpcException

    def send_progress(self, token: str, value: Any) -> None:
        assert token in self.tokens
        self.sent.append(value)


def started(stage: str, units: int = 4, model: str = "big") -> StageStarted:
    """A model stage begins."""
    return StageStarted(stage, model, "a test", units)


async def create(editor: Editor) -> str:
    """Answer the server's wish for a bar; returns its token."""
    wish = await editor.until(lambda m: m.get("method") == "window/workDoneProgress/create")
    editor.put({"id": wish["id"], "result": None})
    token: str = wish["params"]["token"]
    return token


def values(editor: Editor) -> list[dict[str, Any]]:
    """The progress sent so far."""
    return [m["params"]["value"] for m in editor.of("$/progress")]


async def test_a_bar_is_created_begun_and_ended() -> None:
    """The client agrees first; then begin, and an end whatever happens to the review."""
    app = FakeApp(endless)
    async with ready(app, SHOWS) as editor:
        editor.open("x = 1\n")
        token = await create(editor)
        await editor.until(lambda m: m.get("method") == "$/progress")
        begin = values(editor)[0]
        assert begin["kind"] == "begin"
        assert begin["cancellable"] is True
        assert "cart.py" in begin["title"]
        assert "deep" in begin["message"]
        editor.close()
        await editor.until(lambda m: m.get("params", {}).get("value", {}).get("kind") == "end")
        assert {m["params"]["token"] for m in editor.of("$/progress")} == {token}


async def test_the_cancel_button_reaches_the_review() -> None:
    """`window/workDoneProgress/cancel` cancels the review that the bar shows."""
    app = FakeApp(endless)
    async with ready(app, SHOWS) as editor:
        editor.open("x = 1\n")
        token = await create(editor)
        await editor.until(lambda m: m.get("method") == "$/progress")
        editor.notify("window/workDoneProgress/cancel", {"token": "unknown"})
        editor.notify("window/workDoneProgress/cancel", {"token": token})
        await editor.until(lambda m: m.get("params", {}).get("value", {}).get("kind") == "end")
        assert len(app.cancelled) == 1


async def test_clients_without_progress_are_not_asked() -> None:
    """Without `window.workDoneProgress` nothing is created or sent."""
    async with ready(FakeApp(MODEL)) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        assert editor.of("window/workDoneProgress/create") == []
        assert editor.of("$/progress") == []


async def test_a_review_without_a_model_shows_no_bar() -> None:
    """The instant stage is over before a bar could be read."""
    async with ready(FakeApp(), SHOWS) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: True)
        assert editor.of("window/workDoneProgress/create") == []


@pytest.mark.parametrize("declines", [True, False])
async def test_an_answer_after_the_end_begins_nothing(declines: bool) -> None:
    """A client that agrees or declines only after the review is over is sent nothing."""
    client = Client()
    client.declines = declines
    supervisor = Supervisor()
    bar = ProgressBars(client, supervisor).bar("x.py", lambda: None, supported=True)
    bar.hear(ReviewStarted("x.py", ("deep",), ""))
    bar.hear(started("deep"))
    await asyncio.sleep(0)
    bar.close()
    client.agreed.set()
    await supervisor.close()
    assert client.sent == []


async def test_the_percentage_never_decreases_and_names_the_unit() -> None:
    """Stages and units move the bar forward only; the message says where it is."""
    client = Client()
    client.agreed.set()
    supervisor = Supervisor()
    bar = ProgressBars(client, supervisor).bar("x.py", lambda: None, supported=True)
    bar.hear(ReviewStarted("x.py", ("instant", "quick", "deep"), ""))
    bar.hear(started("quick"))
    await eventually(lambda: client.sent)
    steps = [
        StageProgressed("quick", 2, 4, "Cart.total", "bug"),
        StageProgressed("quick", 1, 4, "Cart.add"),
        StageFinished("quick", "big", 0.1, Usage()),
        StageProgressed("quick", 0, 4, "late"),
        StageProgressed("deep", 0, 4, "Cart.total", prefill=0.5),
        StageFailed("deep", "big", 0.1, "no", ""),
    ]
    for step in steps:
        bar.hear(step)
        await eventually(lambda: not bar._timer is not None)
    bar.close()
    bar.close()
    shares = [value.percentage for value in client.sent[:-1]]
    assert shares == sorted(shares)
    assert client.sent[-1].kind == "end"
    assert [value.kind for value in client.sent].count("end") == 1
    assert "quick: 2/4 Cart.total (bug)" in [value.message for value in client.sent]
    await supervisor.close()


async def test_a_superseded_bar_ends_before_the_next_runs_out() -> None:
    """Each review has its own token; a save ends the bar of the review it supersedes."""
    app = FakeApp(endless)
    async with ready(app, SHOWS) as editor:
        editor.open("x = 1\n")
        first = await create(editor)
        await editor.until(lambda m: m.get("method") == "$/progress")
        editor.save()
        await editor.until(
            lambda m: (
                m.get("method") == "$/progress"
                and m["params"]["token"] == first
                and m["params"]["value"]["kind"] == "end"
            )
        )
        wish = await editor.until(
            lambda m: m.get("method") == "window/workDoneProgress/create", skip=1
        )
        assert wish["params"]["token"] != first
