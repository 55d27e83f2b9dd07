"""What VS Code's panel reads of the news of a review is what the server sends."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from mirador_lsp.server.extensions import ReviewNews

_WIRE = Path(__file__).parents[2] / "editors/vscode/src/panel/wire.ts"
_KIND = re.compile(r"^  (\w+): \{(.*?)\},$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"(\w+): (?!\{)")


def read_by_the_panel() -> dict[str, set[str]]:
    """By kind of news, the fields that the panel reads."""
    text = _WIRE.read_text("utf-8")
    block = text[text.index("reviewNews = tagged({") : text.index("export type ReviewNews")]
    return {kind: set(_FIELD.findall(shape)) for kind, shape in _KIND.findall(block)}


def test_the_panel_knows_every_kind_of_news() -> None:
    """None more, none less: what one side does not know is lost."""
    sent = {vars(news)["kind"] for news in get_args(ReviewNews)}
    assert set(read_by_the_panel()) == sent


@pytest.mark.parametrize("news", get_args(ReviewNews), ids=lambda news: news.__name__)
def test_the_panel_reads_nothing_that_is_not_sent(news: type) -> None:
    """A field that is missing makes the whole message unreadable."""
    sent = {field.name for field in fields(news)} - {"kind"}
    read = read_by_the_panel()[vars(news)["kind"]]
    assert read
    assert read <= sent
