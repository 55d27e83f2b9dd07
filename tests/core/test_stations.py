"""The way of data: where its places are, and what becomes of them when the text is edited."""

from dataclasses import replace
from pathlib import PurePath

from fakes import events as told
from fakes import ways
from mirador_lsp.core.stations import moved, path_of
from mirador_lsp.core.text import Span


def test_places_move_with_the_text_and_those_in_other_files_stay() -> None:
    """Lines added above move what is below; nothing moves in another file."""
    stations = ways.led(told.shop()).stations
    later = moved(stations, lambda span: Span(span.start + 7, span.end + 7))
    assert [new.span.start - old.span.start for old, new in zip(stations, later, strict=True)] == [
        7,
        0,
        7,
    ]


def test_a_way_with_an_edited_place_is_not_told_any_more() -> None:
    """Where one place was edited nobody knows whether data still goes that way."""
    stations = ways.led(told.shop()).stations
    gone = stations[-1].span
    assert moved(stations, lambda span: None if span == gone else span) == ()


def test_files_are_found_from_the_workspace_and_nowhere_else() -> None:
    """A name that leads out of the workspace, or a document without a path, gives no path."""
    shop = replace(told.shop("app/shop.py"), path="/work/app/shop.py")
    assert path_of("lib/db.py", shop) == PurePath("/work/lib/db.py")
    assert path_of("../secret.py", shop) is None
    assert path_of("/etc/passwd", shop) is None
    assert path_of("lib/db.py", told.shop()) is None
