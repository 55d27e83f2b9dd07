"""What a model does before anybody asks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.asking import MIDDLE, ONE_MODEL, SMALL, TWO_MODELS, Aside, Listening
from fakes.clock import FakeClock
from mirador_lsp.core.dialogue import ModelCard, Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.engine import Engine
from mirador_lsp.settings import Settings, review_policy

_CODE = "".join(
    f"def {name}(values):\n    total = 0\n    total += sum(values)\n    return {number}\n\n\n"
    for number, name in enumerate(("first", "second"), 1)
)
_FILE = Snapshot("file:///a.py", "a.py", "python", _CODE)


class Loading(Listening):
    """A backend that loads models, as its cards say."""

    def __init__(self, script: Path, backend: str, tags: frozenset[str]) -> None:
        super().__init__(script)
        self._said = {"backend": backend, "tags": tags}

    async def cards(self) -> Sequence[ModelCard]:
        return [replace(card, **self._said) for card in await super().cards()]  # type: ignore[arg-type]


class Room:
    """An engine over models of some backend."""

    def __init__(
        self,
        folder: Path,
        script: str = TWO_MODELS,
        *,
        backend: str = "embedded",
        tags: frozenset[str] = frozenset(),
    ) -> None:
        path = folder / "script.toml"
        path.write_text(script)
        self.backend = Loading(path, backend, tags)
        self.parser = Aside()
        self.engine = Engine(
            backend=self.backend,
            outliner=self.parser,
            syntax=self.parser,
            analyzers=[],
            clock=FakeClock(),
        )
        self.policy = review_policy(Settings())

    async def read(self, cursor: int, snapshot: Snapshot = _FILE) -> bool:
        """Read the code around a place."""
        outline = await self.parser.outline(snapshot)
        return await self.engine.warmer.read(snapshot, outline, cursor, self.policy)


async def test_the_model_of_the_quick_stage_is_loaded(tmp_path: Path) -> None:
    """With one token, at the lowest priority, after the instructions that reviews begin with."""
    room = Room(tmp_path)
    assert await room.engine.warmer.load(room.policy) == SMALL
    events: list[Event] = []
    policy = replace(room.policy, stages=("quick",))
    await room.engine.review(ReviewRequest(_FILE, policy, Trigger.SAVE), events.append)

    limits, prompts = room.backend.limits, room.backend.prompts
    assert (limits[0].max_tokens, limits[0].priority) == (1, Priority.SPECULATION)
    assert prompts[0].system == prompts[1].system
    assert prompts[0].material == prompts[0].question == ""


async def test_another_model_can_be_named(tmp_path: Path) -> None:
    """One that is expected to be wanted; one that is not there is no error."""
    room = Room(tmp_path)
    assert await room.engine.warmer.load(room.policy, MIDDLE) == MIDDLE
    assert await room.engine.warmer.load(room.policy, "gone") == ""
    assert len(room.backend.prompts) == 1


async def test_the_code_around_the_cursor_is_read_as_reviews_begin(tmp_path: Path) -> None:
    """To the letter, so that a kept prefix is met again."""
    room = Room(tmp_path)
    assert await room.read(_CODE.index("return 2"))
    (warmed,) = room.backend.prompts
    assert "second" in warmed.material
    assert "return 1" not in warmed.material

    events: list[Event] = []
    policy = replace(room.policy, stages=("quick",))
    await room.engine.review(ReviewRequest(_FILE, policy, Trigger.SAVE), events.append)
    reviewed = {(p.system, p.material) for p in room.backend.prompts[1:]}
    assert (warmed.system, warmed.material) in reviewed


async def test_what_was_read_last_is_not_read_again(tmp_path: Path) -> None:
    """Elsewhere in the unit nothing happens; another unit is read, and then the first anew."""
    room = Room(tmp_path)
    first, second = _CODE.index("def first"), _CODE.index("def second")
    done = [await room.read(at) for at in (first, first + 20, second, first)]
    assert done == [True, False, True, True]
    assert len(room.backend.prompts) == 3


@pytest.mark.parametrize(
    ("backend", "tags"), [("openai", frozenset[str]()), ("ollama", frozenset({"cloud"}))]
)
async def test_nothing_is_sent_to_others_before_anybody_asks(
    tmp_path: Path, backend: str, tags: frozenset[str]
) -> None:
    """Servers that load nothing, or run elsewhere, see code only when somebody asks."""
    room = Room(tmp_path, backend=backend, tags=tags)
    assert not await room.engine.warmer.load(room.policy)
    assert not await room.read(0)
    assert room.backend.prompts == []


async def test_a_file_that_no_model_may_read_is_not_read(tmp_path: Path) -> None:
    """Minified code stays away from models here, too."""
    room = Room(tmp_path)
    long = Snapshot("file:///b.py", "b.py", "python", f"x = {'1 + ' * 3000}1\n")
    assert not await room.read(0, long)
    assert room.backend.prompts == []


async def test_without_models_or_model_stages_nothing_is_done(tmp_path: Path) -> None:
    """It is no error, either."""
    room = Room(tmp_path, "")
    assert not await room.engine.warmer.load(room.policy)
    some = Room(tmp_path, ONE_MODEL)
    only: ReviewPolicy = replace(some.policy, stages=("instant",))
    assert not await some.engine.warmer.load(only)


async def test_a_model_that_fails_is_tried_again_later(tmp_path: Path) -> None:
    """Nobody asked, so nobody is told."""
    fails = f'[[reply]]\nmodel = "{SMALL}"\ntimes = 1\nerror = "unavailable"\n'
    room = Room(tmp_path, ONE_MODEL + fails)
    assert not await room.read(0)
    assert await room.read(0)
