"""The judge: what is put to it, and what becomes of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.reviewing import end_of, evidence_in, python, reviewed
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, FindingRevised, FindingWithdrawn, ModelAsked
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, Station
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span
from mirador_lsp.engine.capabilities import read_matrix

TEXT = """\
import os


def show(name):
    command = "cat " + name
    os.system(command)
"""
SINK = TEXT.index("os.system")
SOURCE = TEXT.index("name)")
DISPROVED = """
[[model]]
name = "tuned"
parameters = 7
[[reply]]
material = "os.system"
question = "Try to disprove"
text = "yes"
logprob = -0.05
alternatives = { no = 0.05 }
[[reply]]
question = "Try to disprove"
text = "no"
logprob = -0.05
alternatives = { yes = 0.05 }
"""
LET = "can_judge = true\n[[reply]]"


def found(rule: str, lens: Lens, *stations: Station) -> Finding:
    """A finding about the call."""
    return Finding(
        id=rule,
        rule=rule,
        lens=lens,
        severity=Severity.WARNING,
        message=f"It is {rule}.",
        span=Span(SINK, SINK + len("os.system(command)")),
        confidence=0.8,
        origin=Origin("instant", rule.partition("/")[0]),
        quote="os.system(command)",
        cwe="CWE-78" if lens is Lens.SECURITY else None,
        stations=stations,
    )


FLOW = found(
    "flow/command-injection",
    Lens.SECURITY,
    Station(Span(SOURCE, SOURCE + 4), "the parameter `name` comes in", "def show(name):"),
    Station(Span(SINK, SINK + 9), "given to `system`", "os.system(command)"),
)
PATTERN = found("ruff/S605", Lens.SECURITY)
FACT = found("ruff/F821", Lens.BUG)


class Knowing:
    """An analyzer that knows what it is told."""

    name = "knowing"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = tuple(findings)

    def handles(self, language: str) -> bool:
        """Whatever it is."""
        return bool(language)

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """What it was told."""
        del snapshot
        return Analysis(self._findings)


async def judged(
    folder: Path, curves: str, *findings: Finding, script: str = DISPROVED
) -> list[Event]:
    """A review by analyzers and a judge of whom that was measured."""
    row = "- {model: tuned, confidence: 0.9, reason: our own%s}"
    text = "review.synthesis:\n  " + row % (f", judge: {curves}" if curves else "")
    return await reviewed(
        python(TEXT),
        folder,
        script,
        analyzers=[Knowing(findings)],
        stages=("instant", "synthesis"),
        matrix=read_matrix(text.encode(), "capabilities.yaml"),
    )


@pytest.mark.parametrize(("kind", "finding"), [("flow", FLOW), ("pattern", PATTERN)])
async def test_what_an_analyzer_found_is_doubted_and_stays(
    tmp_path: Path, kind: str, finding: Finding
) -> None:
    """It is withheld and counted, never withdrawn: who dislikes the judge can still see it."""
    events = await judged(tmp_path, f"{{{kind}: [0, 1]}}", finding)

    end = end_of(events)
    (withheld,) = end.withheld
    assert end.findings == ()
    assert (withheld.rule, end.withdrawn) == (finding.rule, 0)
    # Log-odds of 0.8, less twice those of 0.95.
    assert withheld.confidence == pytest.approx(0.011, abs=0.001)
    assert withheld.origin == finding.origin
    (gone,) = [e for e in events if isinstance(e, FindingWithdrawn)]
    assert gone.reason == "judged by tuned; now below the gate"


async def test_the_way_of_data_is_in_the_judges_hand(tmp_path: Path) -> None:
    """Each of its stations, quoted."""
    events = await judged(tmp_path, "{flow: [0, 1]}", FLOW)

    asked = [e for e in events if isinstance(e, ModelAsked) and e.lens == "judge"]
    assert len(asked) == 2
    assert all(
        "- `def show(name):`: the parameter `name` comes in" in e.prompt.question for e in asked
    )
    assert ["os.system" in e.prompt.material for e in asked] == [True, False]
    (verdict,) = evidence_in(events)
    assert verdict.said.startswith("disproved (log-odds of a disproof: 2.9")
    assert verdict.strength == pytest.approx(-5.9, abs=0.1)


async def test_a_verdict_that_speaks_for_a_finding_lifts_it(tmp_path: Path) -> None:
    """What sounds wrong anywhere and is not, going by this code, is the surer for it."""
    bare = r"(?s)\\A(?!.*os\\.system)"
    held = DISPROVED.replace('material = "os.system"', f'material = "{bare}"')
    events = await judged(tmp_path, "{flow: [0, 0.1]}", FLOW, script=held)

    (finding,) = end_of(events).findings
    # Log-odds of 0.8, and a tenth of twice those of 0.95.
    assert finding.confidence == pytest.approx(0.878, abs=0.001)
    assert [e.reason for e in events if isinstance(e, FindingRevised)] == ["judged by tuned"]


@pytest.mark.parametrize(
    "curves", ["{flow: [0, 0]}", "{claim: [0, 1]}", "{flow: [-2, 0], pattern: [0, 1]}"]
)
async def test_a_kind_that_its_verdicts_tell_nothing_of_is_not_put_to_it(
    tmp_path: Path, curves: str
) -> None:
    """No question is asked, nothing changes."""
    events = await judged(tmp_path, curves, FLOW)

    assert not evidence_in(events)
    assert [f.confidence for f in end_of(events).findings] == [0.8]


async def test_facts_are_not_put_to_anybody(tmp_path: Path) -> None:
    """A name that is not defined is not defined, whoever thinks otherwise."""
    events = await judged(tmp_path, "{claim: [0, 1], flow: [0, 1], pattern: [0, 1]}", FACT)

    assert not [e for e in events if isinstance(e, ModelAsked) and e.lens == "judge"]
    assert not [e for e in events if isinstance(e, FindingRevised)]


async def test_who_was_not_measured_judges_no_analyzer(tmp_path: Path) -> None:
    """That somebody lets it judge is enough for the claims of other models alone."""
    script = DISPROVED.replace("[[reply]]", LET, 1)
    events = await judged(tmp_path, "", FLOW, PATTERN, script=script)

    assert not evidence_in(events)
