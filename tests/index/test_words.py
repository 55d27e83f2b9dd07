"""The words that texts and questions are compared by."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.index.words import LONGEST, stem, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("parse_header", ["pars", "header", "parseheader"]),
        ("parseHeader", ["pars", "header", "parseheader"]),
        ("HTTPServer2", ["http", "server", "2", "httpserver2"]),
        ("sha256", ["sha", "256", "sha256"]),
        ("__init__", ["init"]),
        ("Stop words, stopping!", ["stop", "word", "stop"]),
        ("queries boxes classes status", ["query", "box", "class", "status"]),
        ("größeÄndern", ["größe".casefold(), "ändern", "grösseändern"]),
        ("数据库", ["数据", "据库"]),
        ("読む file", ["読む", "fil"]),
        ("", []),
        ("-- ++ __", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Identifiers are split and kept whole; endings go; other scripts are understood."""
    assert words_of(text) == words


@pytest.mark.parametrize(
    "family",
    [
        ("parse", "parses", "parsed", "parsing"),
        ("stop", "stops", "stopped", "stopping"),
        ("call", "calls", "called", "calling"),
        ("query", "queries"),
        ("index", "indexes", "indexed", "indexing"),
        ("pass", "passes", "passed", "passing"),
        ("file", "files"),
    ],
)
def test_one_stem(family: tuple[str, ...]) -> None:
    """Forms of one word become the same word."""
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize(
    "pair", [("string", "str"), ("bus", "bu"), ("class", "clas"), ("red", "r")]
)
def test_short_words_stay(pair: tuple[str, str]) -> None:
    """What only looks like an ending stays where too little would be left."""
    assert stem(pair[0]) != stem(pair[1])


def test_data_is_no_word() -> None:
    """A run of machine length is left out, and what stands beside it is not."""
    blob = "a1B2" * (LONGEST // 4 + 1)
    assert words_of(f"key {blob} value") == ["key", "valu"]


@given(st.text())
def test_every_word_is_one_for_sqlite(text: str) -> None:
    """Words hold letters and digits only, and none is empty."""
    for word in words_of(text):
        assert word
        assert all(char.isalnum() for char in word)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_sqlite_finds_every_word(text: str) -> None:
    """A text whose words are kept is found by each of its words."""
    words = [word for word in words_of(text) if word.isascii()]
    with_words = sqlite3.connect(":memory:")
    try:
        with_words.execute(
            "create virtual table t using fts5(w, tokenize='unicode61 remove_diacritics 0')"
        )
        with_words.execute("insert into t values (?)", (" ".join(words_of(text)),))
        for word in set(words):
            found = with_words.execute("select count(*) from t where t match ?", (f'"{word}"',))
            assert found.fetchone() == (1,)
    finally:
        with_words.close()


@pytest.mark.parametrize("text", ["a" * 2_000_000, "aB" * 1_000_000, "a_" * 1_000_000])
def test_a_megabyte_without_a_space_is_no_word(text: str) -> None:
    """However such a run is made up, it is data."""
    assert words_of(text) == []


def test_foreign_letters_without_a_space_end() -> None:
    """The same holds for letters that are read one by one."""
    assert words_of("é" * 1_000_000) == []
    assert len(words_of("中" * 100_000)) == 99_999
