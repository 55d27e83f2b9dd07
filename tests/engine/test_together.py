"""Several models at the same work."""

import asyncio
from dataclasses import replace
from pathlib import Path

from fakes.asking import MIDDLE, SMALL, TWO_MODELS, Asker, said
from fakes.clock import FakeClock
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.events import Notice, StageFailed, StageFinished, StageStarted
from mirador_lsp.core.routing import Circumstances
from mirador_lsp.engine.stages.job import Tally
from mirador_lsp.engine.together import Panel, on_all, seat

CODE = "def total(values):\n    return sum(values)\n"
FILE = Snapshot("file:///work/shop.py", "shop.py", "python", CODE)
SECONDS = 30.0


def card(name: str, backend: str = "openai") -> ModelCard:
    """A model of a server or, without a slash in its name, of the embedded engine."""
    return ModelCard(name, backend, "", 4096, 1)


def on(request: AnswerRequest, models: tuple[str, ...]) -> AnswerRequest:
    """The same question to several models."""
    return replace(request, policy=replace(request.policy, panel=models))


class Bench:
    """Runs a stage on several models that end when a test says so."""

    def __init__(self, *names: str) -> None:
        cards = tuple(card(name) for name in names)
        self.panel = seat(names, cards)
        self.events: list[Notice | StageStarted | StageFinished | StageFailed] = []
        self.begun = {name: asyncio.Event() for name in names}
        self.may_end = {name: asyncio.Event() for name in names}
        self.fails: set[str] = set()

    async def work(self, model: ModelCard, _tally: Tally) -> str:
        """What each model does."""
        self.begun[model.name].set()
        await self.may_end[model.name].wait()
        if model.name in self.fails:
            message = f"{model.name} is gone."
            raise ModelUnavailable(message)
        return model.name

    async def run(self) -> list[str]:
        """The whole stage."""
        return await on_all(
            "deep",
            self.panel,
            1,
            FakeClock(),
            self.events.append,
            self.work,
            Circumstances(),
        )


async def test_models_of_different_servers_work_at_the_same_time() -> None:
    """Each server has slots of its own, so nobody has to wait."""
    bench = Bench("one/small", "other/large")

    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        stage = group.create_task(bench.run())
        for begun in bench.begun.values():
            await begun.wait()
        for end in bench.may_end.values():
            end.set()

    assert sorted(stage.result()) == ["one/small", "other/large"]


async def test_models_of_one_server_work_one_after_the_other() -> None:
    """Two at once would only take what they have read from each other."""
    bench = Bench("one/small", "one/large")

    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        stage = group.create_task(bench.run())
        await bench.begun["one/small"].wait()
        second_waited = not bench.begun["one/large"].is_set()
        bench.may_end["one/small"].set()
        await bench.begun["one/large"].wait()
        bench.may_end["one/large"].set()

    assert second_waited
    assert stage.result() == ["one/small", "one/large"]


async def test_it_is_one_stage_to_whoever_listens() -> None:
    """One beginning with all names, and one end."""
    bench = Bench("one/small", "other/large")
    for end in bench.may_end.values():
        end.set()

    await bench.run()

    assert [type(event) for event in bench.events] == [StageStarted, StageFinished]
    assert bench.events[0] == StageStarted(
        "deep", "one/small + other/large", "2 models, as asked", 1
    )


async def test_the_stage_fails_only_when_every_model_does() -> None:
    """And then in the words of the first."""
    bench = Bench("one/small", "other/large")
    bench.fails = {"one/small", "other/large"}
    for end in bench.may_end.values():
        end.set()

    assert await bench.run() == []

    last = bench.events[-1]
    assert isinstance(last, StageFailed)
    assert last.message == "one/small is gone."


async def test_where_no_model_is_there_the_stage_says_so() -> None:
    """A panel may have been named before its server went away."""
    bench = Bench("one/small")
    bench.panel = Panel(("one/small",), ())

    assert await bench.run() == []

    last = bench.events[-1]
    assert isinstance(last, StageFailed)
    assert last.message == "Not one of the models is there."


async def test_cancelling_stops_every_model(tmp_path: Path) -> None:
    """Each reply reaches its close, none is left at work."""
    script = TWO_MODELS.replace(f'name = "{MIDDLE}"', f'name = "other/{MIDDLE}"')
    script += said(SMALL, "It", endless=True, delay_ms=5)
    script += said(f"other/{MIDDLE}", "That", endless=True, delay_ms=5)
    asker = await asyncio.to_thread(Asker, tmp_path, script)
    request = asker.request(FILE, "total|", topic=Topic.ASK, question="Why?", stages=("deep",))
    panel = (SMALL, f"other/{MIDDLE}")

    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(asker.ask(on(request, panel)))
        while asker.backend.heard.count("started") < 2:  # noqa: ASYNC110 — a script tells nobody
            await asyncio.sleep(0)
        task.cancel()

    assert sorted(asker.backend.heard) == ["cancelled", "cancelled", "started", "started"]
    await asker.backend.close()


async def test_answers_stand_below_one_another_the_best_first(tmp_path: Path) -> None:
    """Confidence times trust decides, whoever was asked or answered first."""
    script = TWO_MODELS + said(SMALL, "It adds.") + said(MIDDLE, "It sums the values.")
    asker = await asyncio.to_thread(Asker, tmp_path, script)
    request = asker.request(FILE, "total|", stages=("instant", "quick", "deep"))

    end = await asker.ask(on(request, (SMALL, MIDDLE)))
    await asker.backend.close()

    assert end.answer is not None
    assert end.answer.model == f"{MIDDLE} + {SMALL}"
    assert end.answer.text.split("\n\n") == [
        f"`{MIDDLE}`, 76 %:",
        "It sums the values.",
        f"`{SMALL}`, 54 %:",
        "It adds.",
    ]


async def test_only_the_words_of_the_first_model_are_streamed(tmp_path: Path) -> None:
    """Two at once would mix on the user's page; the other's answer comes when it is whole."""
    script = TWO_MODELS + said(SMALL, "It adds.") + said(MIDDLE, "It sums the values.")
    asker = await asyncio.to_thread(Asker, tmp_path, script)
    request = asker.request(FILE, "total|", stages=("deep",))

    await asker.ask(on(request, (MIDDLE, SMALL)))
    await asker.backend.close()

    assert asker.streamed.strip() == "It sums the values."
