"""How hard a change is to review, and what is spared because of it."""

import asyncio
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ReviewFinished, ReviewStarted, StageStarted
from mirador_lsp.core.policy import DEEP, SYNTHESIS
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.difficulty import (
    FEW_LINES,
    LONG_FUNCTION,
    MANY_LINES,
    TINY_FILE,
    Level,
    judge,
)
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

FILLER = "".join(f"VALUE_{n} = {n}\n" for n in range(TINY_FILE))


def python(text: str) -> Snapshot:
    """A Python document."""
    return Snapshot("file:///work/cart.py", "cart.py", "python", text)


def lines(text: str, first: int, count: int) -> Span:
    """The whole lines from `first` on."""
    index = python(text).lines
    return Span(index.line_span(first).start, index.full_line_span(first + count - 1).end)


async def level(text: str, focus: Span) -> tuple[Level, str]:
    """How hard the change at `focus` is."""
    parser = InlineParser(budget_seconds=5)
    outline = await asyncio.to_thread(asyncio.run, parser.outline(python(text)))
    found = judge(python(text), focus, outline)
    return found.level, found.why


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, Level.TRIVIAL),
        (FEW_LINES, Level.TRIVIAL),
        (FEW_LINES + 1, Level.MEDIUM),
        (MANY_LINES, Level.MEDIUM),
        (MANY_LINES + 1, Level.HARD),
    ],
)
async def test_the_more_lines_the_harder(count: int, expected: Level) -> None:
    """And the reason counts them."""
    text = FILLER * 5

    found, why = await level(text, lines(text, 2, count))

    assert found is expected
    assert why == f"{count} changed line{'s' * (count > 1)}"


async def test_a_tiny_file_is_trivial_as_a_whole() -> None:
    """However much of it was changed."""
    text = "".join(f"a{n} = {n}\n" for n in range(TINY_FILE - 1))

    assert (await level(text, lines(text, 0, TINY_FILE - 1)))[0] is Level.TRIVIAL


@pytest.mark.parametrize(
    "code",
    [
        "    check_password(user)\n",
        "    subprocess.run(command)\n",
        "    rows = db.execute('select a from b')\n",
        "    api_key = read()\n",
        "    element.innerHTML = x\n",
    ],
)
async def test_code_about_security_is_hard_however_small(code: str) -> None:
    """One changed line is enough, also where the word stands elsewhere in the function."""
    text = f"{FILLER}def run(user):\n    a = 1\n{code}    return a\n"
    at = TINY_FILE + 1

    found, why = await level(text, lines(text, at, 1))

    assert found is Level.HARD
    assert "security" in why


async def test_a_word_of_security_elsewhere_in_the_file_is_none() -> None:
    """What was not touched was looked at before."""
    text = f"{FILLER}def login(user):\n    check_password(user)\n\n\ndef run():\n    return 1\n"

    found, _ = await level(text, lines(text, TINY_FILE + 5, 1))

    assert found is Level.TRIVIAL


async def test_a_long_function_is_hard() -> None:
    """What one line does in it depends on much."""
    body = "".join(f"    a{n} = {n}\n" for n in range(LONG_FUNCTION))
    text = f"{FILLER}def run():\n{body}"

    found, why = await level(text, lines(text, TINY_FILE + 3, 1))

    assert found is Level.HARD
    assert why == f"run has {LONG_FUNCTION + 1} lines"


BEFORE = f"""{FILLER}

def total(values):
    return sum(values) / len(values)


def first(values):
    return values[0]
"""
AFTER = BEFORE.replace("values[0]", "values[1]")
SCRIPT = """
[[model]]
name = "qwen2.5-coder-0.5b"
parameters = 0.5
[[model]]
name = "qwen2.5-coder-1.5b"
parameters = 1.5
[[reply]]
model = "qwen2.5-coder-1.5b"
question = "Which bugs"
material = "len"
text = "- bug: An empty list divides by zero here. Code: `return sum(values) / len(values)`"
"""


class Desk:
    """An engine over a script, and what it tells."""

    def __init__(self, folder: Path) -> None:
        (folder / "script.toml").write_text(SCRIPT)
        self.backend = ScriptedBackend(folder / "script.toml")
        parser = InlineParser(budget_seconds=5)
        asyncio.run(parser.outline(python(BEFORE)))
        self.engine = Engine(
            backend=self.backend, outliner=parser, syntax=parser, analyzers=[], clock=FakeClock()
        )

    async def save(
        self,
        text: str,
        *,
        known: bool = True,
        trigger: Trigger = Trigger.SAVE,
        stages: tuple[str, ...] | None = None,
    ) -> list[Event]:
        """Review after a save that changed the last line."""
        policy = review_policy(Settings(), stages=stages, lenses=["bug"])
        focus = Span(text.rindex("    return"), len(text))
        request = ReviewRequest(python(text), policy, trigger, focus=focus, known=known)
        events: list[Event] = []
        await self.engine.review(request, events.append)
        return events


async def desk(folder: Path) -> Desk:
    """A desk, made where waiting for the disk hurts nobody."""
    return await asyncio.to_thread(Desk, folder)


def started(events: list[Event]) -> ReviewStarted:
    """How the review began."""
    assert isinstance(events[0], ReviewStarted)
    return events[0]


def found(events: list[Event]) -> list[str]:
    """What holds at the end."""
    assert isinstance(events[-1], ReviewFinished)
    return [finding.message for finding in events[-1].findings]


async def test_a_small_change_spares_the_large_stages_and_loses_none_of_their_findings(
    tmp_path: Path,
) -> None:
    """They are not asked about the change, and what they said of the rest still stands."""
    it = await desk(tmp_path)

    whole = await it.save(BEFORE, known=False)
    small = await it.save(AFTER)
    await it.backend.close()

    assert started(whole).spared == ()
    assert found(whole) == ["An empty list divides by zero here."]
    assert started(small).stages == ("instant", "quick")
    assert started(small).spared == (DEEP, SYNTHESIS)
    assert started(small).reason == "because the file was saved, trivial: 1 changed line"
    assert found(small) == found(whole)
    repeats = [e.reason for e in small if isinstance(e, StageStarted) and e.stage == DEEP]
    assert repeats == ["repeats what it said of code that is as it was"]


@pytest.mark.parametrize("trigger", [Trigger.CLI, Trigger.COMMAND, Trigger.OPEN])
async def test_only_saves_are_narrowed(tmp_path: Path, trigger: Trigger) -> None:
    """The command line, CI, commands and opened files are looked at by every stage."""
    it = await desk(tmp_path)
    await it.save(BEFORE, known=False)

    asked = await it.save(AFTER, trigger=trigger)
    await it.backend.close()

    assert started(asked).stages == ("instant", "quick", "deep", "synthesis")


async def test_named_stages_run_whatever_changed(tmp_path: Path) -> None:
    """Who names stages gets them."""
    it = await desk(tmp_path)
    await it.save(BEFORE, known=False)

    asked = await it.save(AFTER, stages=("instant", "deep"))
    await it.backend.close()

    assert started(asked).stages == ("instant", "deep")


async def test_nothing_is_spared_before_everything_was_looked_at(tmp_path: Path) -> None:
    """Not while the file is not known, and not where the stages have said nothing yet."""
    it = await desk(tmp_path)

    never = await it.save(AFTER, known=True)
    unknown = await it.save(BEFORE, known=False)
    await it.backend.close()

    assert started(never).spared == ()
    assert started(unknown).spared == ()
