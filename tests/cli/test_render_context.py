"""`--show-context`: what models were shown, to the letter, for people and for programs."""

import json
from dataclasses import replace
from importlib import resources
from io import StringIO

import jsonschema
import pytest
from rich.console import Console

from fakes import events as told
from fakes.hostile import FORBIDDEN, HOSTILE
from fakes.reports import report_of
from mirador_lsp.cli import render_json
from mirador_lsp.cli.render_plain import PlainRenderer
from mirador_lsp.cli.render_text import TextRenderer
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core import events
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import Compiled, ContextPiece

PIECE = ContextPiece("definition", "prices.py, net_price, lines 1 to 2", "def net…", 0.9, 40)
LEFT = ContextPiece("similar", "rows.py, sum_up, lines 1 to 2", "def sum_up…", 0.5, 37)
CONTEXT = Compiled("…", 76, 384, counted=True, kept=(PIECE,), dropped=((LEFT, "budget"),))
PROMPT = Prompt("Be brief.", "Background.\n```python\nx = [1]  \n```", "Which bugs?", version="a/1")
BUG = events.ModelAsked("deep", "m", "total", "bug", PROMPT, CONTEXT)
STYLE = replace(BUG, lens="style", prompt=replace(PROMPT, question="Which style?"))


def review(_shop: Snapshot) -> tuple[events.Event, ...]:
    """Two lenses on one unit."""
    end = events.ReviewFinished(1.0, (), (), 0, 0, reviewed=True)
    return (events.StageStarted("deep", "m", "a test", 1), BUG, STYLE, end)


def plain(*asked: events.ModelAsked, wanted: bool = True) -> str:
    """What a pipe gets."""
    stream = StringIO()
    renderer = PlainRenderer(stream, show_context=wanted)
    renderer.begin(FileReport(told.shop(), gate=0.35))
    for event in asked:
        renderer(event)
    return stream.getvalue()


def drawn(*asked: events.ModelAsked, wanted: bool = True, width: int = 100) -> str:
    """What a terminal gets."""
    stream = StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    renderer = TextRenderer(console, live=False, show_context=wanted)
    renderer.begin(FileReport(told.shop(), gate=0.35))
    for event in asked:
        renderer(event)
    renderer.stop()
    return stream.getvalue()


def test_a_pipe_gets_every_line_that_the_model_got() -> None:
    """With what the context took, what is in it and what was left out; blanks at ends included."""
    assert plain(BUG) == (
        "shop.py: asked: deep · m · total · bug (prompt a/1)\n"
        "  | context: 76 of 384 tokens, counted by the model's tokenizer\n"
        "  | +   40 definition: prices.py, net_price, lines 1 to 2\n"
        "  | - similar: rows.py, sum_up, lines 1 to 2 (budget)\n"
        "  | --- standing instructions\n"
        "  | Be brief.\n"
        "  | --- material\n"
        "  | Background.\n"
        "  | ```python\n"
        "  | x = [1]  \n"
        "  | ```\n"
        "  | --- question\n"
        "  | Which bugs?\n"
    )


def test_what_is_the_same_for_the_next_question_is_not_said_again() -> None:
    """The further lenses on a unit add their question."""
    said = plain(BUG, STYLE)
    assert said.count("Background.") == said.count("Be brief.") == 1
    assert said.endswith(
        "shop.py: asked: deep · m · total · style (prompt a/1)\n"
        "  | --- question\n"
        "  | Which style?\n"
    )
    assert "total · bug · answered before (prompt" in plain(replace(BUG, kept=True))
    other = replace(BUG, model="other")
    assert plain(BUG, other).count("Background.") == 2


def test_a_terminal_shows_the_same() -> None:
    """Drawn, and nothing of it taken for markup."""
    said = drawn(BUG, STYLE)
    for line in ("deep · m · total · bug", "x = [1]", "Which bugs?", "Which style?", "budget"):
        assert line in said
    assert "76 of 384 tokens" in said
    assert said.count("Background.") == 1


@pytest.mark.parametrize("show", [plain, drawn])
def test_nobody_sees_it_who_did_not_ask(show: object) -> None:
    """A review says what it found."""
    assert "Background." not in show(BUG, wanted=False)  # type: ignore[operator]


@pytest.mark.parametrize("show", [plain, drawn])
def test_hostile_code_does_nothing_to_a_terminal(show: object) -> None:
    """Escapes and bidi controls in what a model saw are not sent to the screen."""
    nasty = ContextPiece("rules", HOSTILE, HOSTILE, 0.5, 1)
    context = replace(CONTEXT, kept=(nasty,), dropped=((nasty, HOSTILE),))
    prompt = Prompt(HOSTILE, HOSTILE, HOSTILE, version=HOSTILE)
    hostile = events.ModelAsked("deep", HOSTILE, HOSTILE, HOSTILE, prompt, context)
    said = show(hostile)  # type: ignore[operator]
    assert not set(said) & set(FORBIDDEN)


def test_programs_get_it_as_data() -> None:
    """The prompts to the letter, the account, and a document that keeps its schema."""
    report = report_of(review)
    document = json.loads(
        render_json.render(report, show_withheld=False, exit_code=0, show_context=True)
    )
    schema = json.loads(
        (resources.files("mirador_lsp.cli") / "review.schema.json").read_text("utf-8")
    )
    jsonschema.Draft202012Validator(schema).validate(document)

    bug, style = document["prompts"]
    assert bug["material"] == PROMPT.material
    assert (style["lens"], style["question"]) == ("style", "Which style?")
    assert bug["context"]["kept"] == [
        {"source": "definition", "title": PIECE.title, "score": 0.9, "tokens": 40}
    ]
    assert bug["context"]["dropped"][0]["reason"] == "budget"
    without = json.loads(render_json.render(report, show_withheld=False, exit_code=0))
    assert "prompts" not in without
