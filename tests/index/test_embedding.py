"""The embedders of an index: made when needed, let go of when not, and left alone when broken."""

from collections.abc import Sequence

import pytest

from fakes.embedder import HashEmbedder
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Embedder
from mirador_lsp.index.embedding import Embedding
from mirador_lsp.index.wire import Wishes


def _wishes(embedder: str) -> Wishes:
    return Wishes(embedder=embedder, models="", max_file_kib=1, max_disk_mib=1)


class Maker:
    """Makes embedders, or fails, and remembers them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made: list[HashEmbedder] = []
        self.absent = False
        self.embedding = Embedding(self.make, lambda: self.now)

    async def make(self, wishes: Wishes) -> Sequence[Embedder]:
        if self.absent:
            message = "It is not installed."
            raise ModelUnavailable(message, remedy="Fetch it.")
        if wishes.embedder == "none":
            return ()
        self.made.append(HashEmbedder(name=wishes.embedder))
        return (self.made[-1],)


@pytest.fixture
def maker() -> Maker:
    """An embedding over embedders of its own."""
    return Maker()


async def test_wishes_are_followed(maker: Maker) -> None:
    """Other wishes make other embedders, and only those; the same ones make nothing."""
    assert await maker.embedding.want(_wishes("a"))
    assert not await maker.embedding.want(_wishes("a"))
    assert await maker.embedding.want(_wishes("b"))
    assert [card.name for card in maker.embedding.cards] == ["b"]
    assert [each.closed for each in maker.made] == [True, False]
    assert await maker.embedding.want(_wishes("none"))
    assert maker.embedding.cards == ()


async def test_one_that_is_absent_is_a_note_and_is_tried_with_new_wishes(maker: Maker) -> None:
    """Nothing raises; the note has the remedy; whoever comes next has it looked for again."""
    maker.absent = True
    assert not await maker.embedding.want(_wishes("a"))
    assert "Fetch it." in maker.embedding.note
    assert await maker.embedding.queries("x") == {}
    assert maker.embedding.resting == 0
    maker.absent = False
    assert await maker.embedding.want(_wishes("a"))
    assert maker.embedding.note == ""


async def test_a_failure_leaves_it_alone_for_longer_and_longer(maker: Maker) -> None:
    """A broken embedder is asked less and less often, and works again when it works again."""
    await maker.embedding.want(_wishes("a"))
    card = maker.embedding.cards[0]
    maker.made[0].broken = True
    pauses = []
    for _ in range(3):
        assert await maker.embedding.documents(card, ["x"]) is None
        pauses.append(maker.embedding.resting)
        assert await maker.embedding.documents(card, ["x"]) is None
        maker.now += maker.embedding.resting
    assert pauses == [5, 10, 20]
    assert len(maker.made[0].asked) == 3
    assert "away" in maker.embedding.note
    maker.made[0].broken = False
    assert await maker.embedding.documents(card, ["x"])
    assert (maker.embedding.note, maker.embedding.resting) == ("", 0)


async def test_unused_it_leaves_the_memory_and_comes_back(maker: Maker) -> None:
    """After a while without a question it is closed; the next question makes it anew."""
    await maker.embedding.want(_wishes("a"))
    card = maker.embedding.cards[0]
    await maker.embedding.documents(card, ["x"])
    await maker.embedding.rest_if_unused()
    assert not maker.made[0].closed
    maker.now += 1000
    await maker.embedding.rest_if_unused()
    assert maker.made[0].closed
    assert set(await maker.embedding.queries("x")) == {card.digest}
    assert len(maker.made) == 2
