"""What every forge does, whichever interface it has."""

from collections.abc import AsyncIterator

import pytest

from fakes.forges.opened import Opened, opened
from fakes.forges.serving import File
from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.pulls import ForgeKind, Marks, PulledFile, Remark, Standing
from mirador_lsp.forges.diffs import read_hunks
from mirador_lsp.forges.marks import remark_mark, summary_mark
from mirador_lsp.forges.posting import mended_body

BEFORE = "".join(f"line {number}\n" for number in range(1, 21))
AFTER = BEFORE.replace("line 10\n", "line ten\nand more\n")
FILES = [
    File("src/cart.py", BEFORE, AFTER),
    File("src/new.py", None, "fresh = 1\n"),
    File("src/gone.py", "old = 1\n", None),
    File("src/moved.py", BEFORE, BEFORE + "tail = 1\n", old_name="src/was.py"),
    File("src/ein Käfer.py", "a = 1\n", "a = 2\n"),
    File("logo.png", None, b"\x89PNG\0\0"),
]
MARKS = Marks("a" * 16, "b" * 16, "c" * 16, Lens.BUG, by_model=False)


@pytest.fixture(params=list(ForgeKind))
async def forge(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    """Each forge over its stand-in, which looks at every request."""
    async with opened(request.param, list(FILES)) as each:
        yield each


def remark(line: int, last: int | None = None, name: str = "src/cart.py") -> Remark:
    """A remark; lines 10 and 11 of the cart are new."""
    old = {10: None, 11: None}.get(line, line if line < 10 else line - 1)
    body = f"at {line}\n\n{remark_mark(MARKS)}"
    return Remark(name, name, line, last or line, old, MARKS, body)


async def test_a_pull_request_says_what_it_is(forge: Opened) -> None:
    """Its commits, its title, and whether it waits."""
    pull = await forge.forge.pull()
    assert (pull.title, pull.open) == ("Mend the cart", True)
    assert pull.head == forge.stand_in.head
    assert len(pull.base) == 40
    forge.stand_in.open = False
    assert not (await forge.forge.pull()).open


async def test_its_files_come_with_their_hunks(forge: Opened) -> None:
    """Of every page, with names in every spelling."""
    forge.stand_in.page = 2
    pull = await forge.forge.pull()
    listed = await forge.forge.files(pull)
    files = {file.name: file for file in listed.files}
    assert list(files) == [file.name for file in FILES]
    assert listed.notices == ()
    assert [file.kind for file in listed.files] == [
        ChangeKind.MODIFIED,
        ChangeKind.ADDED,
        ChangeKind.DELETED,
        ChangeKind.RENAMED,
        ChangeKind.MODIFIED,
        ChangeKind.ADDED,
    ]
    assert files["src/moved.py"].old_name == "src/was.py"
    assert files["src/gone.py"].why_not == "deleted"
    for file in FILES[:5]:
        diff = read_hunks(files[file.name].patch or "")
        assert diff.exact, file.name
        assert set(diff.places) == file.lines, file.name
    assert not files["logo.png"].patch


async def test_the_text_after_the_change_is_read(forge: Opened) -> None:
    """To the byte, and not beyond the limit."""
    pull = await forge.forge.pull()
    files = {file.name: file for file in (await forge.forge.files(pull)).files}
    for file in FILES:
        if file.after is not None:
            assert await forge.forge.content(files[file.name], pull, 1 << 20) == file.data
    told = await forge.forge.content(files["src/cart.py"], pull, 10)
    assert isinstance(told, str)
    assert told.startswith("larger than")
    assert isinstance(
        await forge.forge.content(PulledFile("no.py", ChangeKind.ADDED, key="0" * 40), pull, 99),
        str,
    )


async def test_a_remark_is_known_again(forge: Opened) -> None:
    """With its words, its marks and what became of it."""
    pull = await forge.forge.pull()
    assert not await forge.forge.remark(pull, [remark(10)])
    (thread,) = (await forge.forge.conversation()).threads
    assert thread.marks == MARKS
    assert thread.name == "src/cart.py"
    assert thread.body == remark(10).body
    assert thread.standing is Standing.OPEN


async def test_remarks_stand_on_new_and_on_unchanged_lines(forge: Opened) -> None:
    """One line or several, wherever the diff shows them."""
    pull = await forge.forge.pull()
    said = [remark(10), remark(11), remark(8), remark(13), remark(10, 11), remark(7, 9)]
    assert not await forge.forge.remark(pull, said)
    assert sorted(forge.stand_in.bodies) == sorted(each.body for each in said)


async def test_a_line_that_the_forge_does_not_know_spoils_no_other(forge: Opened) -> None:
    """What cannot be placed is given back; the rest is said."""
    pull = await forge.forge.pull()
    odd = remark(19)
    assert list(await forge.forge.remark(pull, [remark(10), odd, remark(11)])) == [odd]
    assert sorted(forge.stand_in.bodies) == sorted([remark(10).body, remark(11).body])


@pytest.mark.parametrize("how", ["resolve", "dislike", "answer"])
async def test_people_can_decline_a_remark(forge: Opened, how: str) -> None:
    """By closing it, by their thumbs, and in words."""
    pull = await forge.forge.pull()
    await forge.forge.remark(pull, [remark(10)])
    match how:
        case "resolve":
            forge.stand_in.resolve(0)
        case "dislike":
            forge.stand_in.dislike(0)
        case _:
            forge.stand_in.answer_with(0, "Thanks, but won't fix.")
    (thread,) = (await forge.forge.conversation()).threads
    assert thread.standing is Standing.DECLINED


async def test_an_answer_alone_declines_nothing(forge: Opened) -> None:
    """People may talk."""
    pull = await forge.forge.pull()
    await forge.forge.remark(pull, [remark(10)])
    forge.stand_in.answer_with(0, "Good catch, will do.")
    (thread,) = (await forge.forge.conversation()).threads
    assert thread.standing is Standing.OPEN


async def test_a_mended_remark_is_closed_and_can_be_opened_again(forge: Opened) -> None:
    """Its words say which."""
    pull = await forge.forge.pull()
    await forge.forge.remark(pull, [remark(10)])
    (thread,) = (await forge.forge.conversation()).threads
    await forge.forge.settle(thread, mended_body(thread))
    assert forge.stand_in.is_closed(0)
    (thread,) = (await forge.forge.conversation()).threads
    assert thread.standing is Standing.MENDED
    await forge.forge.reopen(thread, remark(10).body)
    assert not forge.stand_in.is_closed(0)
    (thread,) = (await forge.forge.conversation()).threads
    assert (thread.standing, thread.body) == (Standing.OPEN, remark(10).body)


async def test_a_remark_that_was_deleted_meanwhile_cannot_be_closed(forge: Opened) -> None:
    """Which is no failure."""
    pull = await forge.forge.pull()
    await forge.forge.remark(pull, [remark(10)])
    (thread,) = (await forge.forge.conversation()).threads
    forge.stand_in.delete(0)
    await forge.forge.settle(thread, mended_body(thread))
    assert (await forge.forge.conversation()).threads == ()


async def test_the_summary_is_written_once_and_replaced(forge: Opened) -> None:
    """There is one of it."""
    first, second = f"one\n\n{summary_mark([])}", f"two\n\n{summary_mark(['a' * 16])}"
    await forge.forge.summarise(first, None)
    known = (await forge.forge.conversation()).summary
    assert known is not None
    await forge.forge.summarise(second, known)
    assert forge.stand_in.summaries == [second]


async def test_the_marks_of_others_are_not_ours(forge: Opened) -> None:
    """Anybody can write a mark, to have a finding taken for said."""
    forge.stand_in.forge_mark(0, remark(10).body)
    conversation = await forge.forge.conversation()
    assert conversation.threads == ()
    assert conversation.summary is None


async def test_what_was_said_is_read_from_every_page(forge: Opened) -> None:
    """Otherwise it would be said twice."""
    pull = await forge.forge.pull()
    for _ in range(3):
        await forge.forge.remark(pull, [remark(10), remark(11)])
    await forge.forge.summarise(f"one\n\n{summary_mark([])}", None)
    forge.stand_in.page = 2
    conversation = await forge.forge.conversation()
    assert len(conversation.threads) == 6
    assert conversation.summary is not None
