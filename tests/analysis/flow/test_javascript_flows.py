"""Data in programs of JavaScript and TypeScript: where it goes, and where it does not."""

from pathlib import Path

import pytest

from fakes.samples import HOSTILE
from mirador_lsp.analysis.flow.contract import Budget, Flow, Flows
from mirador_lsp.analysis.flow.knowledge import load_knowledge
from mirador_lsp.analysis.flow.running import analyse
from mirador_lsp.syntax.lowering import lower
from mirador_lsp.syntax.parser import parse

AMPLE = Budget(steps=1_000_000, seconds=60)
COMMON = "const { execSync: run } = require('child_process');\n"
MODULE = "import { execSync as run } from 'child_process';\n"
CLASS = "export class A { constructor(c) { this.c = c } go() { cp.exec(this.c) } }"
PROGRAMS = Path(__file__).parents[2] / "fixtures" / "programs"


def table(name: str) -> dict[str, str]:
    """The programs of a file, one a line, by what they are about."""
    lines = (PROGRAMS / name).read_text("utf-8").splitlines()
    return {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}


REACHES = table("javascript_reaches.txt")
SPARES = table("javascript_spares.txt")
LIBRARIES = [
    line.split(" | ", 3)
    for line in (PROGRAMS / "javascript_libraries.txt").read_text("utf-8").splitlines()
]


def flows_of(text: str, language: str = "javascript", budget: Budget = AMPLE) -> Flows:
    """What flows where."""
    program = lower(parse(text, language, budget_seconds=30))
    assert program is not None
    return analyse(program, load_knowledge(language), budget)


def commands(text: str) -> list[Flow]:
    """What reaches a command, in a program where `run` runs one."""
    whole = (MODULE if text.startswith("export") else COMMON) + text
    assert not parse(whole, "javascript").broken
    return [flow for flow in flows_of(whole).flows if flow.kind == "command-injection"]


@pytest.mark.parametrize("text", REACHES.values(), ids=REACHES)
def test_data_is_followed(text: str) -> None:
    """What comes in by a parameter reaches the command."""
    assert commands(text)


@pytest.mark.parametrize("text", SPARES.values(), ids=SPARES)
def test_what_does_not_arrive_is_spared(text: str) -> None:
    """What does not reach the command, or cannot do harm there, is not told."""
    assert commands(text) == []


@pytest.mark.parametrize(
    ("language", "expected", "text"),
    [each[1:] for each in LIBRARIES],
    ids=[each[0] for each in LIBRARIES],
)
def test_libraries_are_known(language: str, expected: str, text: str) -> None:
    """Servers, pages and their libraries bring data and take it as they do."""
    found = {flow.kind for flow in flows_of(text, language).flows} - {"log-injection"}
    assert found == set(expected.split(", ") if expected else [])


def test_a_flow_names_its_way() -> None:
    """Source, steps and sink are places of the text, in the order of the way."""
    text = (
        "const app = require('express')();\n"
        "const cp = require('child_process');\n"
        "app.get('/', (req, res) => {\n"
        "  const name = req.query.name;\n"
        "  cp.exec(`ls ${name}`);\n"
        "});\n"
    )
    (flow,) = flows_of(text).flows
    lines = [text.count("\n", 0, place.span.start) for place in (*flow.steps, flow.sink)]
    assert flow.what == "the request (`req`)"
    assert not flow.weak
    assert lines == sorted(lines)
    assert {3, 4} <= set(lines)


def test_a_parameter_of_an_exported_function_is_a_weak_source() -> None:
    """Who may call it is not known, so it counts for less than a request."""
    (flow,) = commands("exports.f = x => run(x);")
    assert flow.weak
    assert flow.what == "the parameter `x`"


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_texts_end(name: str) -> None:
    """Whatever a text holds, the analysis ends, and says what it left out."""
    found = flows_of(HOSTILE[name][:60_000], "javascript", Budget(steps=20_000, seconds=20))
    assert found.flows == ()


def test_the_same_program_gives_the_same_flows() -> None:
    """Nothing depends on addresses or the order of sets."""
    text = COMMON + "\n".join(f"exports.f{n} = x => run(x + {n});" for n in range(20))
    assert flows_of(text).flows == flows_of(text).flows


def test_a_spent_budget_is_told() -> None:
    """What was not followed is not passed over in silence."""
    text = COMMON + "\n".join(f"exports.f{n} = x => run(x + {n});" for n in range(200))
    assert flows_of(text, budget=Budget(steps=200, seconds=20)).notes
