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


SENT = {
    "an answer": "app.get('/', (req, res) => { res.send('<b>' + req.query.q) })",
    "with a status": "app.get('/', (req, res) => res.status(404).send('<b>' + req.query.q))",
    "under another name": "app.get('/', (i, o) => { o.write('<b>' + i.query.q) })",
    "after an error": "app.use((err, i, o, next) => { o.send('<b>' + i.query.q) })",
    "to a function": "const show = (to, t) => to.end('<b>' + t);\n"
    "app.get('/', (req, res) => { show(res, req.query.q) })",
    "kept": "class A { constructor(r) { this.r = r } go(t) { this.r.send('<b>' + t) } }\n"
    "app.get('/', (req, res) => { new A(res).go(req.query.q) })",
    "by its name, where nobody sees the handler": "exports.f = (req, res) => "
    "{ res.send('<b>' + req.query.q) }",
    "in an object, by its name": "app.get('/', (req, o) => elsewhere(c => "
    "c.res.end('<b>' + req.query.q)))",
}
NOT_SENT = {
    "a socket": "app.get('/', (req, res) => { sock.write('<b>' + req.query.q) })",
    "something unknown": "app.get('/', (req, res) => { made().send('<b>' + req.query.q) })",
    "a stream of a library": "const out = require('fs').createWriteStream('x');\n"
    "app.get('/', (req, res) => { out.end('<b>' + req.query.q) })",
    "what is only called so": "app.get('/', async (req, o) => { const res = await fetch('x'); "
    "res.send('<b>' + req.query.q) })",
    "an object of the program": "class A { send(t) { return t } }\n"
    "app.get('/', (req, o) => { const res = new A(); res.send('<b>' + req.query.q) })",
}


def sent(text: str) -> list[str]:
    """What is found in a server of JavaScript."""
    program = f"const app = require('express')();\n{text}\n"
    return [finding.rule for finding in look(parse(program, "javascript")).findings]


@pytest.mark.parametrize("text", SENT.values(), ids=SENT)
def test_what_a_handler_answers_with_sends_pages(text: str) -> None:
    """It is what the framework gives the handler, whatever it is called, and wherever it goes."""
    assert "flow/xss" in sent(text)


@pytest.mark.parametrize("text", NOT_SENT.values(), ids=NOT_SENT)
def test_what_sends_elsewhere_sends_no_pages(text: str) -> None:
    """Sockets, files and what the program itself defines."""
    assert "flow/xss" not in sent(text)
