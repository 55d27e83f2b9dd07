"""A long prompt is read one batch at a time, so that a stop waits for one batch at most."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import FakeClock
from mirador_lsp.models import wire
from mirador_lsp.models.slots import SlotFiles
from mirador_lsp.models.templates import Assembled
from mirador_lsp.models.worker_main import Worker

_BATCH = 64
_QUESTION = wire.Question("s", "m", "q", "1", "", 4, 0.0, 0)


class Batches:
    """An engine that reads a batch for each asking, and one more than it was told where it is not
    stopped in time.
    """

    def __init__(self, clock: FakeClock, known: int = 0, seconds: float = 0.4) -> None:
        self.context_tokens = 4096
        self.known = known
        self.asked: list[int] = []
        """What was known at each asking."""
        self.settled = 0
        self.on_settled: Callable[[], None] = lambda: None
        self.assemble: Callable[[wire.Question], Assembled]
        self.clock = clock
        self._seconds = seconds

    def complete(
        self,
        prompt: Assembled,
        question: wire.Question,
        on_event: Callable[[dict[str, Any]], bool],
    ) -> None:
        """Read from what is known, a word before each batch, and answer after the last."""
        assert question == _QUESTION
        total, cached = len(prompt.tokens), self.known
        self.asked.append(cached)
        stop = on_event(_progress(total, cached, cached))
        while self.known < total:
            self.known = min(self.known + _BATCH, total)
            if stop:
                return
            stop = on_event(_progress(total, cached, self.known))
        on_event({"choices": [{"text": "ok", "finish_reason": None}]})
        usage = {"prompt_tokens": total, "completion_tokens": 1}
        done = {"choices": [{"text": "", "finish_reason": "stop"}], "usage": usage}
        on_event(done | {"timings": {"cache_n": cached}})

    def settle(self) -> None:
        """The batch is over."""
        self.settled += 1
        self.clock.advance(self._seconds)
        self.on_settled()


def _progress(total: int, cache: int, processed: int) -> dict[str, Any]:
    progress = {"total": total, "cache": cache, "processed": processed}
    return {"choices": [{"text": "", "finish_reason": None}], "prompt_progress": progress}


class Line:
    """A channel to a host that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[wire.FromWorker] = []
        self.gone = False

    def send(self, message: wire.FromWorker) -> None:
        """Keep it."""
        self.sent.append(message)

    def aborted(self, number: int) -> bool:
        """Whether the host has told so."""
        return self.gone


@pytest.fixture
def line() -> Line:
    """The line to the host."""
    return Line()


@pytest.fixture
def clock() -> FakeClock:
    """The worker's time."""
    return FakeClock()


def _answer(line: Line, engine: Batches, folder: Path, tokens: int) -> wire.Done:
    """Have a worker answer one request with a prompt of so many tokens."""
    prompt = Assembled(tuple(range(tokens)), 1, tokens - 1)
    engine.assemble = lambda _question: prompt
    slots = SlotFiles(folder, 0, "")
    worker = Worker(line, engine, slots, _BATCH, engine.clock.monotonic)  # type: ignore[arg-type]
    worker._serve(wire.Generate(1, _QUESTION))
    done = line.sent[-1]
    assert isinstance(done, wire.Done)
    return done


def test_a_long_prompt_is_asked_for_batch_by_batch(
    line: Line, clock: FakeClock, tmp_path: Path
) -> None:
    """Each asking reads one batch; the last one answers. Every token is read once."""
    engine = Batches(clock, known=10)
    done = _answer(line, engine, tmp_path, 250)

    assert engine.asked == [10, 74, 138, 202]
    assert engine.settled == 3
    assert [piece.text for piece in line.sent if isinstance(piece, wire.Piece)] == ["ok"]
    assert [word.done for word in line.sent if isinstance(word, wire.Reading)] == sorted(
        word.done for word in line.sent if isinstance(word, wire.Reading)
    )
    assert (done.prompt_tokens, done.cached_tokens) == (250, 10)


def test_what_is_nearly_known_is_asked_for_once(
    line: Line, clock: FakeClock, tmp_path: Path
) -> None:
    """A warm question costs nothing more than before."""
    engine = Batches(clock, known=200)
    done = _answer(line, engine, tmp_path, 200 + _BATCH)

    assert engine.asked == [200]
    assert engine.settled == 0
    assert done.cached_tokens == 200


def test_a_stop_between_two_batches_reads_no_more(
    line: Line, clock: FakeClock, tmp_path: Path
) -> None:
    """What comes while a batch is read takes effect at its end."""
    engine = Batches(clock)

    def stop() -> None:
        line.gone = engine.settled == 2

    engine.on_settled = stop
    done = _answer(line, engine, tmp_path, 1000)

    assert done.aborted
    assert engine.known == 2 * _BATCH


def test_where_a_batch_takes_no_time_the_rest_is_read_at_once(
    line: Line, clock: FakeClock, tmp_path: Path
) -> None:
    """A fast engine stops soon enough as it is."""
    engine = Batches(clock, seconds=0.01)
    done = _answer(line, engine, tmp_path, 1000)

    assert engine.asked == [0, _BATCH]
    assert done.cached_tokens == 0
