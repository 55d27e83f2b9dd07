"""The process that cuts texts, real, and one that dies of them."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.catalogued import reading_of
from mirador_lsp.index.cutter import Cutter
from mirador_lsp.index.cutting import Cut, CutThis, TooMuch

_CODE = "def weigh(wares):\n    return total(wares)\n"


def _asked(text: str = _CODE, name: str = "shop.py", language: str = "python") -> CutThis:
    return CutThis(text, language, name, 1_000_000)


@pytest.fixture
async def cutter() -> AsyncIterator[Cutter]:
    """A cutter whose process is ended afterwards."""
    made = Cutter()
    yield made
    await made.end()


async def test_a_text_comes_back_in_pieces(cutter: Cutter) -> None:
    """Chunks and the names in them come back as they were made, over and over."""
    for _ in range(3):
        cut = await cutter.cut(_asked())
        assert isinstance(cut, Cut)
        assert [(chunk.symbol, chunk.text) for chunk in cut.chunks] == [("weigh", _CODE.rstrip())]
        assert {mention.name for mention in cut.mentions} >= {"weigh", "total"}


async def test_any_text_is_survived(cutter: Cutter) -> None:
    """Whatever a text holds, there is an answer, and the next text is cut."""
    hostile = ("(" * 100_000, "\0" * 1000, "a." * 50_000, "\ud800".encode("utf-8", "replace"))
    for text in hostile:
        shown = text if isinstance(text, str) else text.decode()
        assert await cutter.cut(_asked(shown)) is not None
    assert isinstance(await cutter.cut(_asked()), Cut)


async def test_an_ended_process_is_started_again(cutter: Cutter) -> None:
    """After `end` the next text starts another process."""
    assert isinstance(await cutter.cut(_asked()), Cut)
    await cutter.end()
    assert isinstance(await cutter.cut(_asked()), Cut)


async def test_a_process_that_dies_is_told_and_replaced(tmp_path: Path) -> None:
    """A text that ends the process gives None; the next one is cut by another process."""
    program = tmp_path / "dies.py"
    program.write_text(
        "import os, signal\n"
        "from mirador_lsp.index import cutter_main\n"
        "cut = cutter_main.cut\n"
        "def deadly(asked):\n"
        "    if 'poison' in asked.text:\n"
        "        os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    return cut(asked)\n"
        "cutter_main.cut = deadly\n"
        "cutter_main.main()\n"
    )
    cutter = Cutter(command=(sys.executable, str(program)))
    try:
        assert await cutter.cut(_asked("poison")) is None
        assert isinstance(await cutter.cut(_asked()), Cut)
        assert await cutter.cut(_asked("poison")) is None
    finally:
        await cutter.end()


def test_a_file_that_is_deadly_twice_is_skipped_until_it_changes(tmp_path: Path) -> None:
    """Once may be chance; after the second death the file is counted and left alone."""
    with reading_of(tmp_path) as (reading, work):
        (work / "bad.py").write_text("poison = 1\n")
        (work / "good.py").write_text(_CODE)
        for _ in reading.look(None, 100):
            pass
        deaths = 0
        while (job := reading.next_job()) is not None:
            deaths += job.entry.name == "bad.py"
            reading.put(job, None if job.entry.name == "bad.py" else Cut((), ()))
        assert deaths == 2
        assert dict(reading.skipped()) == {"ended its reader twice": 1}
        for _ in reading.look(None, 100):
            pass
        assert reading.waiting == 1, "good.py was written a moment ago, bad.py is known"
        (work / "bad.py").write_text("harmless = 1\n")
        for _ in reading.look(["bad.py"], 100):
            pass
        job = reading.next_job()
        assert job is not None
        assert job.entry.name == "bad.py"


def test_a_text_that_takes_too_much_is_skipped(tmp_path: Path) -> None:
    """What does not fit into memory is counted, and its older content is found no longer."""
    with reading_of(tmp_path) as (reading, work):
        (work / "huge.py").write_text(_CODE)
        for _ in reading.look(None, 100):
            pass
        job = reading.next_job()
        assert job is not None
        reading.put(job, TooMuch())
        assert dict(reading.skipped()) == {"takes too much memory": 1}


def test_what_is_found_in_part_only_is_counted(tmp_path: Path) -> None:
    """A file of which not all is indexed is counted, also where it need not be cut again, until
    it is cut as a whole.
    """
    with reading_of(tmp_path) as (reading, work):
        (work / "huge.py").write_text(_CODE)
        for partial in (True, False):
            for _ in reading.look(["huge.py"], 100):
                pass
            job = reading.next_job()
            assert job is not None
            reading.put(job, Cut((), (), partial=partial))
            for _ in reading.look(None, 100):
                pass
            assert reading.next_job() is None
            assert len(reading.skipped()) == partial
            (work / "huge.py").write_text(f"{_CODE}\n{_CODE}")


async def test_a_text_that_is_too_long_is_said_to_be_partial(cutter: Cutter) -> None:
    """Data beyond the limit and lines of machine length are not all there."""
    for text, name in (("[1],\n" * 100_000, "a.jsonl"), ("var a=1;" * 10_000, "a.min.js")):
        cut = await cutter.cut(_asked(text, name, ""))
        assert isinstance(cut, Cut)
        assert cut.partial
