"""Workspace edits: what an editor makes of them is what was meant."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygls.protocol import default_converter

from fakes.applying import applied
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply, smallest
from mirador_lsp.core.text import Encoding, Span
from mirador_lsp.server.client import Client
from mirador_lsp.server.edits import EditBuilder, applicable

URI = "file:///work/cart.py"
TEXTS = st.text(st.sampled_from("ab \n\r\x0c\u2028é𝄞\ud800"), max_size=40)
ENCODINGS = st.sampled_from(Encoding)
CONVERTER = default_converter()


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text, and edits of it that do not overlap; some touch, some change nothing."""
    text = draw(TEXTS)
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    spans = [Span(*pair) for pair in zip(cuts[::2], cuts[1::2], strict=False)]
    return text, [Edit(span, draw(TEXTS)) for span in spans]


def built(client: Client, text: str, edits: list[Edit] | tuple[Edit, ...]) -> dict[str, Any]:
    """The edit as it goes over the wire."""
    builder = EditBuilder(client, "Fix it")
    builder.change(Snapshot(URI, "cart.py", "python", text, version=7), edits)
    wire: dict[str, Any] = CONVERTER.unstructure(builder.build())
    return wire


@given(texts_and_edits(), ENCODINGS, st.booleans())
def test_the_client_gets_the_text_that_was_meant(
    case: tuple[str, list[Edit]], encoding: Encoding, versioned: bool
) -> None:
    """Whatever the text, the edits and the units of positions: applied, they give the new text."""
    text, edits = case
    wire = built(Client(encoding=encoding, document_changes=versioned), text, edits)

    assert applied(wire, {URI: text}, encoding) == {URI: apply(text, edits)}


@given(TEXTS, TEXTS, ENCODINGS)
def test_the_smallest_edits_lead_to_the_new_text_in_the_client(
    old: str, new: str, encoding: Encoding
) -> None:
    """A patch is kept as the smallest edits; in the client they make the whole new text."""
    wire = built(Client(encoding=encoding, document_changes=True), old, smallest(old, new))

    assert applied(wire, {URI: old}, encoding) == {URI: new}


@given(texts_and_edits())
def test_edits_are_in_order_and_apart(case: tuple[str, list[Edit]]) -> None:
    """Clients differ in what they do with edits that touch; there are none."""
    text, edits = case
    made = applicable(text, edits)

    assert apply(text, made) == apply(text, edits)
    assert all(a.span.end < b.span.start for a, b in pairwise(made))
    assert all(text[e.span.start : e.span.end] != e.text for e in made)


def test_an_edit_that_lies_outside_is_refused() -> None:
    """Text and edits do not belong together then."""
    with pytest.raises(ValueError, match="overlaps or lies outside"):
        built(Client(), "abc", [Edit(Span(2, 9), "x")])


def test_a_modern_client_gets_a_version_and_an_annotation() -> None:
    """It refuses the edit once its text has moved on, and says what the edit is."""
    wire = built(Client(document_changes=True, annotates=True), "abc", [Edit(Span(0, 1), "x")])

    assert "changes" not in wire
    (change,) = wire["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 7}
    assert [edit["annotationId"] for edit in change["edits"]] == ["mirador"]
    assert wire["changeAnnotations"] == {"mirador": {"label": "Fix it", "needsConfirmation": False}}


def test_an_old_client_gets_plain_changes() -> None:
    """Nothing of the wire's newer parts goes to a client that did not declare them."""
    wire = built(Client(annotates=True), "abc", [Edit(Span(0, 1), "x")])

    assert list(wire) == ["changes"]
    assert [sorted(edit) for edit in wire["changes"][URI]] == [["newText", "range"]]


def test_a_new_file_is_created_with_its_text_and_never_over_another() -> None:
    """The file comes first, then its text; the client is told not to overwrite."""
    client = Client(document_changes=True, creates_files=True, annotates=True)
    builder = EditBuilder(client, "Write tests", confirm=True)
    builder.create("file:///work/test_cart.py", "import cart\n")
    wire = CONVERTER.unstructure(builder.build())

    creation, text = wire["documentChanges"]
    assert (creation["kind"], creation["uri"]) == ("create", "file:///work/test_cart.py")
    assert creation["options"] == {"overwrite": False, "ignoreIfExists": False}
    assert text["textDocument"]["version"] is None
    assert wire["changeAnnotations"]["mirador"]["needsConfirmation"] is True
    assert applied(wire, {}, Encoding.UTF16) == {"file:///work/test_cart.py": "import cart\n"}


def test_a_label_is_one_plain_line() -> None:
    """A label comes from a model; editors show it."""
    client = Client(document_changes=True, annotates=True)
    builder = EditBuilder(client, "Fix\x1b[31m it\nnow")
    builder.change(Snapshot(URI, "cart.py", "python", "abc"), [Edit(Span(0, 1), "x")])
    wire = CONVERTER.unstructure(builder.build())

    assert wire["changeAnnotations"]["mirador"]["label"] == "Fix[31m it now"
