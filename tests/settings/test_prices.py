"""Prices come from the user's table, or from the one that Mirador brings."""

import re
from pathlib import Path

import pytest

from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.metrics import Price, StageCosts
from mirador_lsp.settings.prices import FILE_NAME, read_prices, write_prices


def test_the_table_that_comes_along_says_where_and_when_it_was_read(tmp_path: Path) -> None:
    """A price without its day is worth nothing."""
    prices = read_prices(tmp_path)

    assert not prices.own
    assert len(prices.table) >= 3
    for each in prices.table:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", each.seen), each.name
        assert each.source.startswith("https://"), each.name
        assert 0 <= each.cached <= each.prompt < each.completion, each.name


def test_what_is_written_can_be_changed_and_counts(tmp_path: Path) -> None:
    """The file is the same table; the user's change is read the next time."""
    file = write_prices(tmp_path / "config")
    assert read_prices(file.parent).table == read_prices(tmp_path).table
    file.write_text('[[model]]\nname = "mine"\nprompt = 1\ncompletion = 2\n')

    prices = read_prices(file.parent)

    assert prices.own
    assert prices.table == (Price("mine", 1.0, 1.0, 2.0, "", ""),)


def test_a_table_of_the_users_is_never_overwritten(tmp_path: Path) -> None:
    """It says what to do instead."""
    write_prices(tmp_path)

    with pytest.raises(UserError, match="is there already"):
        write_prices(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """As a sentence."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ServiceError, match="cannot be written"):
        write_prices(tmp_path / "file")


@pytest.mark.parametrize(
    "text",
    [
        "[[model]]\nname = 1",
        '[[model]]\nname = "a"\nprompt = -1\ncompletion = 1',
        '[[model]]\nname = "a"\nprompt = nan\ncompletion = 1',
        '[[model]]\nname = "a"\nprompt = 1\ncompletion = 1\nextra = 1',
        "[[model",
        "model = 3",
        "\xff",
    ],
)
def test_a_table_that_cannot_be_used_is_told_with_its_name(tmp_path: Path, text: str) -> None:
    """One sentence that names the file; no figure is made of half a table."""
    (tmp_path / FILE_NAME).write_bytes(text.encode("latin-1"))

    with pytest.raises(UserError, match=FILE_NAME):
        read_prices(tmp_path)


def test_what_tokens_cost_knows_what_was_read_before() -> None:
    """Tokens that were reused have a price of their own."""
    price = Price("m", prompt=2.0, cached=0.5, completion=8.0, source="", seen="")
    costs = StageCosts(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=100_000)

    assert price.of(costs) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
