"""What users tell of their own libraries."""

import re
from pathlib import Path

import pytest

from mirador_lsp.analysis.flow_analyzer import FlowAnalyzer, knowledge_checks, usable
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.health import Health
from mirador_lsp.core.knowledge import KnowledgeFile

PAGE = Path(__file__).parents[3] / "docs/flow.md"
HEAD = 'library = "Ours"\ndocs = "ours"\nlanguage = "python"\n'


def example() -> tuple[str, str]:
    """The file and the program of the page's section about it."""
    section = PAGE.read_text("utf-8").partition("## Knowledge of your own")[2].partition("\n## ")[0]
    toml, python = re.findall(r"```(?:toml|python)\n(.*?)```", section, re.DOTALL)
    return toml, python


async def rules(text: str, *files: KnowledgeFile) -> list[str]:
    """The rules of what is found in a program of Python, by the process that parses."""
    worker = ParseWorker(own=usable(files))
    try:
        analysis = await worker.flows(Snapshot("stdin:x.py", "x.py", "python", text))
    finally:
        await worker.close()
    return [finding.rule for finding in analysis.findings]


async def test_the_example_of_the_page_does_what_it_says() -> None:
    """Without the file nothing is found, with it the one flow; what it cleans is clean."""
    toml, program = example()
    assert await rules(program) == []
    file = KnowledgeFile("acme.toml", toml)
    assert [check.health for check in knowledge_checks([file])] == [Health.OK]
    assert await rules(program, file) == ["flow/sql-injection"]
    assert await rules(program.replace("text)", "acme.quoted(text))"), file) == []


WRONG = {
    "an unknown key": f"{HEAD}colour = 1\n",
    "an unknown topic": f'{HEAD}[[sink]]\ntopic = "x"\nnames = ["a.b"]\n',
    "no name": f'{HEAD}[[source]]\nwhat = "it"\n',
    "a bad name": f'{HEAD}[[source]]\nwhat = "it"\nnames = ["a b"]\n',
    "no language": 'library = "Ours"\ndocs = "ours"\n',
    "another language": HEAD.replace("python", "cobol"),
    "a wrong type": f'{HEAD}starred = "a"\n',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_file_that_is_wrong_is_left_out_and_told(text: str) -> None:
    """One sentence that names the file, and what to do; the others count."""
    good, bad = KnowledgeFile("good.toml", HEAD), KnowledgeFile("bad.toml", text)
    assert usable([good, bad]) == (good,)
    fine, wrong = knowledge_checks([good, bad])
    assert fine.health is Health.OK
    assert "good.toml" in fine.detail
    assert wrong.health is Health.WARNING
    assert "bad.toml" in wrong.detail
    assert wrong.remedy


async def test_a_review_tells_what_was_left_out() -> None:
    """Nothing is left out in silence, and what can be used counts."""
    bad = KnowledgeFile("bad.toml", WRONG["an unknown key"])
    parser = InlineParser()
    snapshot = Snapshot("stdin:x.py", "x.py", "python", "import os\n")
    told = await FlowAnalyzer(parser, [bad]).analyze(snapshot)
    silent = await FlowAnalyzer(parser, [KnowledgeFile("good.toml", HEAD)]).analyze(snapshot)
    (notice,) = told.notices
    assert "bad.toml" in notice.message
    assert "docs/flow.md" in notice.message
    assert silent.notices == ()


async def test_a_lost_child_is_told_again() -> None:
    """What the user told is known to each process that parses."""
    toml, program = example()
    worker = ParseWorker(own=usable([KnowledgeFile("acme.toml", toml)]))
    snapshot = Snapshot("stdin:x.py", "x.py", "python", program)
    try:
        await worker.warm()
        first = await worker.flows(snapshot)
        child = worker._child
        assert child is not None
        await child.kill()
        second = await worker.flows(snapshot)
    finally:
        await worker.close()
    assert len(first.findings) == len(second.findings) == 1
