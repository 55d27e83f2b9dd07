"""Reviews in which a model writes lines anew."""

from dataclasses import replace
from pathlib import Path

from fakes.reviewing import end_of, python, reviewed
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Event, EvidenceHeard, ModelAsked, Notice, StageProgressed
from mirador_lsp.core.text import Span
from mirador_lsp.settings import Settings
from mirador_lsp.settings.settings import StagesSettings

TEXT = """\
def first(a, b):
    x = a + b
    return x


def second(a, b):
    y = a - b
    return y
"""
MODEL = """
[[model]]
name = "coder"
parameters = 0.5
supports_infill = true
[[reply]]
material = "def first.*:\\n   $"
text = " x = a - b"
logprob = -0.01
alternatives = {" +" = 0.001}
"""
SETTINGS = Settings(
    stages=StagesSettings(quick=replace(StagesSettings().quick, passes=("infill",)))
)


def _asked(events: list[Event]) -> list[str]:
    """The lines that the model was to write: those behind the gap begin with the next one."""
    return [e.prompt.question.split("\n")[1] for e in events if isinstance(e, ModelAsked)]


async def test_a_slip_is_a_finding_with_a_fix_and_evidence(tmp_path: Path) -> None:
    """The line, what was meant, the change, and what the model was shown and said."""
    events = await reviewed(
        python(TEXT), tmp_path, MODEL, stages=("quick",), analyzers=[], settings=SETTINGS
    )

    (finding,) = end_of(events).findings
    assert TEXT[finding.span.start : finding.span.end] == "x = a + b"
    assert "`x = a - b` was meant" in finding.message
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == ["x = a - b"]
    (heard,) = [e for e in events if isinstance(e, EvidenceHeard)]
    assert (heard.finding_id, heard.said, heard.lens) == (finding.id, "x = a - b", "infill")
    assert heard.prompt.infill
    assert heard.prompt.system == ""


async def test_only_lines_of_the_part_are_asked_about(tmp_path: Path) -> None:
    """A review of what changed costs what changed."""
    at = TEXT.index("y = a - b")
    events = await reviewed(
        python(TEXT),
        tmp_path,
        MODEL,
        stages=("quick",),
        analyzers=[],
        settings=SETTINGS,
        only=(Span(at, at + 1),),
    )

    assert _asked(events) == ["    return y"]


async def test_progress_names_the_pass(tmp_path: Path) -> None:
    """So that a surface can say what the model does, line by line."""
    events = await reviewed(
        python(TEXT), tmp_path, MODEL, stages=("quick",), analyzers=[], settings=SETTINGS
    )

    told = [e for e in events if isinstance(e, StageProgressed)]
    assert [(e.done, e.total, e.lens) for e in told] == [(n, 4, "infill") for n in range(4)]


async def test_without_probabilities_nothing_is_asked(tmp_path: Path) -> None:
    """Such a model could only be believed; whoever wanted the pass is told."""
    silent = MODEL.replace("supports_infill", "supports_logprobs = false\nsupports_infill")
    settings = replace(SETTINGS, said=frozenset({"stages.quick.passes"}))
    events = await reviewed(
        python(TEXT), tmp_path, silent, stages=("quick",), analyzers=[], settings=settings
    )

    assert _asked(events) == []
    notices = [e.message for e in events if isinstance(e, Notice)]
    assert any("coder cannot fill gaps" in message for message in notices)


def test_a_card_says_nothing_of_gaps_unless_told() -> None:
    """A backend that does not know is not asked."""
    assert not ModelCard("m", "ollama", "", 4096, 0).supports_infill
