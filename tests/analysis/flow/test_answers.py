"""Texts that a web framework sends as pages because a handler returned them."""

import pytest

from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.syntax.parser import parse

_HEAD = """\
import html, json
from flask import Flask, jsonify, redirect, render_template, request, url_for
app = Flask(__name__)
@app.route("/<name>")
def show(name):
"""


def rules(body: str, head: str = _HEAD) -> list[str]:
    """What is found in a handler with this body."""
    return [finding.rule for finding in look(parse(f"{head}    {body}\n", "python")).findings]


@pytest.mark.parametrize(
    "body",
    [
        'return "<b>" + name',
        'return f"<b>{name}</b>", 404',
        'return request.args["x"]',
        'text = "<b>%s</b>" % name\n    return text',
    ],
)
def test_data_in_a_returned_text_is_shown_as_html(body: str) -> None:
    """With a status beside it, or without."""
    assert rules(body) == ["flow/xss"]


@pytest.mark.parametrize(
    "body",
    [
        'return "<b>" + html.escape(name)',
        'return {"name": name}',
        "return jsonify(name=name)",
        'return render_template("page.html", name=name)',
        'return redirect(url_for("page", name=name))',
        "return service.answer(name)",
        'return "number %d" % int(name)',
        'return "fixed"',
    ],
)
def test_what_is_escaped_or_no_page_is_not(body: str) -> None:
    """Templates escape, objects become JSON, and what an unknown call makes is unknown."""
    assert rules(body) == []


def test_a_function_that_nobody_from_outside_calls_returns_to_its_caller() -> None:
    """Without a route there is no page."""
    assert rules('return "<b>" + name', "def show(name):\n") == []
