"""A question with several readings: begun at once, and all but the right one stopped."""

import asyncio
from pathlib import Path

from fakes.asking import MIDDLE, Asker, said
from fakes.clock import FakeClock
from mirador_lsp.core.answers import AnswerFinished, AnswerRequest, AnswerStarted, Topic
from mirador_lsp.core.document import Snapshot
from mirador_lsp.engine.engine import Engine

CODE = "def total(values):\n    return sum(values)\n\n\ndef mean(values):\n    return 1\n"
FILE = Snapshot("file:///work/shop.py", "shop.py", "python", CODE)
MODEL = f"""
[[model]]
name = "{MIDDLE}"
parameters = 1.5
can_judge = true
digest = "{"b" * 64}"
"""
JUDGE = "Is the question about"
OF_SYMBOL = "function `total`"
YES = said(MIDDLE, "yes", question=JUDGE, hold="decide")
NO = said(MIDDLE, "no", question=JUDGE, hold="decide")
PATIENCE = 60.0


class Bench:
    """An engine with room for some requests, and a question that can be read in two ways."""

    def __init__(self, folder: Path, script: str, room: int) -> None:
        self.asker = Asker(folder, MODEL + script)
        self.folder = folder
        self.told: list[object] = []

        async def rooms(_model: str) -> int:
            return room

        parser = self.asker.parser
        self.asker.engine = Engine(
            backend=self.asker.backend,
            outliner=parser,
            syntax=parser,
            analyzers=[],
            clock=FakeClock(),
            room=rooms,
        )

    def request(self, at: str | None = "return sum|") -> AnswerRequest:
        """Where is it rounded? — of the function, or of the file?"""
        return self.asker.request(
            FILE, at, topic=Topic.ASK, question="Where are values rounded?", stages=("deep",)
        )

    async def ask(self, request: AnswerRequest, begun: int = 0) -> AnswerFinished:
        """Ask; the judge says what it thinks once `begun` requests are at the backend."""
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            asking = group.create_task(self.asker.ask(request))
            while self.asker.backend.heard.count("started") < begun:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await asyncio.to_thread((self.folder / "decide").touch)
        return asking.result()

    @property
    def heard(self) -> list[str]:
        """How each request at the backend began and ended."""
        return self.asker.backend.heard


async def bench(folder: Path, *replies: str, room: int) -> Bench:
    """A bench, made where waiting for the disk hurts nobody."""
    return await asyncio.to_thread(Bench, folder, "".join(replies), room)


def with_alternatives(script: str) -> str:
    """A judge's word with what it might have said instead."""
    return script.replace("[[reply]]", "[[reply]]\nalternatives = { yes = 0.03, no = 0.03 }")


SURE_YES, SURE_NO = with_alternatives(YES), with_alternatives(NO)


async def test_the_reading_that_proves_wrong_is_stopped_at_the_engine(tmp_path: Path) -> None:
    """It would have talked for ever; its request reaches its close, and nobody has heard of it."""
    endless = said(MIDDLE, "Well,", question=OF_SYMBOL, endless=True, delay_ms=1)
    it = await bench(tmp_path, SURE_NO, endless, said(MIDDLE, "Nowhere in it."), room=3)

    end = await it.ask(it.request(), begun=3)
    await it.asker.backend.close()

    assert end.answer is not None
    assert end.answer.text == "Nowhere in it."
    assert sorted(it.heard) == ["cancelled", "finished", "finished", *["started"] * 3]
    assert [event.title for event in it.asker.of(AnswerStarted)] == ["shop.py"]


async def test_the_answer_is_that_of_a_question_without_any_doubt(tmp_path: Path) -> None:
    """Event by event what is told is the same, whoever was stopped meanwhile."""
    answers = (said(MIDDLE, "In total.", question=OF_SYMBOL), said(MIDDLE, "In the file."))
    for name, judge, at in (("yes", SURE_YES, "return sum|"), ("no", SURE_NO, None)):
        folder = tmp_path / name
        await asyncio.to_thread(folder.mkdir)
        guessed = await bench(folder, judge, *answers, room=3)
        plain = await bench(folder, judge, *answers, room=0)

        with_guess = await guessed.ask(guessed.request(), begun=3)
        without = await plain.ask(plain.request(at))
        await guessed.asker.backend.close()
        await plain.asker.backend.close()

        assert with_guess.answer == without.answer
        assert guessed.asker.told == plain.asker.told
        assert guessed.asker.streamed == plain.asker.streamed


async def test_without_room_nothing_is_begun_on_a_guess(tmp_path: Path) -> None:
    """One request, for the likeliest reading; the judge is not asked either."""
    it = await bench(tmp_path, SURE_NO, said(MIDDLE, "In total.", question=OF_SYMBOL), room=1)

    end = await it.ask(it.request())
    await it.asker.backend.close()

    assert end.answer is not None
    assert end.answer.text == "In total."
    assert it.heard == ["started", "finished"]


async def test_no_more_is_begun_than_there_is_room_for(tmp_path: Path) -> None:
    """With room for two only the likeliest is begun beside the judge; the other comes after."""
    endless = said(MIDDLE, "Well,", question=OF_SYMBOL, endless=True, delay_ms=1)
    it = await bench(tmp_path, SURE_NO, endless, said(MIDDLE, "Nowhere in it."), room=2)

    end = await it.ask(it.request(), begun=2)
    await it.asker.backend.close()

    assert end.answer is not None
    assert end.answer.text == "Nowhere in it."
    assert it.heard.index("cancelled") < len(it.heard) - 2
    assert sorted(it.heard) == ["cancelled", "finished", "finished", *["started"] * 3]


async def test_a_judge_that_cannot_say_leaves_it_to_the_rules(tmp_path: Path) -> None:
    """Be it that it fails."""
    fails = said(MIDDLE, "", question=JUDGE, hold="decide", error="bad")
    it = await bench(tmp_path, fails, said(MIDDLE, "In total.", question=OF_SYMBOL), room=3)

    end = await it.ask(it.request(), begun=3)
    await it.asker.backend.close()

    assert end.answer is not None
    assert end.answer.text == "In total."


async def test_cancelling_stops_every_reading_and_the_judge(tmp_path: Path) -> None:
    """Whoever asked wants none of them any more."""
    talks = said(MIDDLE, "Well,", endless=True, delay_ms=1)
    it = await bench(tmp_path, SURE_NO, talks, room=3)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        asking = group.create_task(it.asker.ask(it.request()))
        while it.heard.count("started") < 3:  # noqa: ASYNC110 — a script tells nobody
            await asyncio.sleep(0)
        asking.cancel()
    await it.asker.backend.close()

    assert sorted(it.heard) == [*["cancelled"] * 3, *["started"] * 3]
