"""Replies that would never end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.errors import BadReply
from mirador_lsp.models.guard import MAX_BYTES, REPEATS, ReplyGuard


def _feed(text: str, step: int = 5) -> None:
    guard = ReplyGuard()
    for start in range(0, len(text), step):
        guard.watch(text[start : start + step])


@pytest.mark.parametrize(
    "text",
    [
        "12 bug the same\n" * (REPEATS + 1),
        "a b " * 100,
        "x" * 400,
        "the end is near. " * 20,
        "".join(f"{n} " for n in range(100_000)),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_circles_are_seen(text: str, step: int) -> None:
    """A line again and again, a phrase again and again, a line without end: all are stopped."""
    with pytest.raises(BadReply, match="repeated"):
        _feed(text, step)


def test_bytes_are_limited() -> None:
    """However varied, a reply has a size beyond which it is none."""
    with pytest.raises(BadReply, match="KiB"):
        _feed("".join(f"line {n} says é\n" for n in range(MAX_BYTES // 10)), 1000)


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"])), max_size=20, unique=True))
def test_honest_text_passes(lines: list[str]) -> None:
    """Lines that differ are let through."""
    _feed("\n".join(f"{n} {line}"[:60] for n, line in enumerate(lines)))


def test_a_few_repeats_are_honest() -> None:
    """Code repeats itself a little; that is no circle."""
    _feed("}\n" * (REPEATS - 1) + "end\n" + "}\n" * (REPEATS - 1))
    _feed("-" * 80 + "\n")
