"""What a judge is worth, worked out by hand, and measured over a few cases."""

import math
import random
from pathlib import Path

import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.judging import Judged, fit, sheet_of, worth
from mirador_lsp.core.routing import Candidate

SMOKE = Path(__file__).parents[1] / "fixtures" / "quality"


def rows(count: int, *, knows: float, share: float = 0.5, sure: float = 0.5) -> list[Judged]:
    """Findings of which `share` are right; verdicts lie `knows` higher for those."""
    draw = random.Random(1)  # noqa: S311 — no secret
    found = []
    for number in range(count):
        right = number < share * count
        strength = draw.gauss(knows if right else 0.0, 1.0)
        found.append(Judged(Candidate.CLAIM, f"set/{number}", sure, strength, right))
    return found


def test_a_judge_that_knows_pays() -> None:
    """Right findings have the stronger verdicts: wrong ones go below the gate, bits are won."""
    found = worth(Candidate.CLAIM, rows(120, knows=3.0), 0.3)

    assert (found.right, found.wrong, found.shown) == (60, 60, (60, 60))
    assert found.order.low > 0.9
    assert found.gain.low > 0.2
    assert found.curve.slope > 1
    assert found.removed > 40
    assert found.lost < 6
    assert found.pays


def test_a_judge_that_guesses_does_not() -> None:
    """What is fitted to chance brings nothing on findings that were left out."""
    found = worth(Candidate.CLAIM, rows(120, knows=0.0), 0.3)

    assert found.order.low < 0.5 < found.order.high
    assert found.gain.high < 0.1
    assert not found.pays


def test_a_judge_that_is_wrong_is_not_turned_round() -> None:
    """A slope below 0 is none: that a model errs here says nothing of elsewhere."""
    assert fit(rows(120, knows=-3.0)).slope == 0
    assert not worth(Candidate.CLAIM, rows(120, knows=-3.0), 0.3).pays


def test_the_offset_mends_what_was_too_sure() -> None:
    """Findings told with 0.8 of which one in five is right: the log-odds go down by about 2.8."""
    curve = fit(rows(400, knows=0.0, share=0.2, sure=0.8), sloped=False)

    assert curve.offset == pytest.approx(-2 * math.log(4), abs=0.15)
    assert curve.updated(0.8, 0.0) == pytest.approx(0.2, abs=0.03)


def test_a_handful_is_not_fitted() -> None:
    """With four wrong findings nobody knows anything."""
    found = worth(Candidate.CLAIM, rows(40, knows=3.0, share=0.9), 0.3)

    assert found.wrong == 4
    assert not found.gain.defined
    assert (found.curve.offset, found.curve.slope, found.pays) == (0, 0, False)


def test_the_table_says_what_the_matrix_is_to_say() -> None:
    """A slope where it pays, 0 elsewhere; kinds that nobody judged are left out."""
    guessed = [
        Judged(Candidate.FLOW, r.group, r.confidence, r.strength, r.right)
        for r in rows(60, knows=0.0)
    ]
    sheet = sheet_of("m", [*rows(120, knows=3.0), *guessed], 0.3, "Much.")

    assert [row[0] for row in sheet.rows] == ["claim", "flow"]
    assert [row[-1] for row in sheet.rows] == ["yes", "no"]
    assert "flow: [0, 0]}}" in sheet.note
    assert "claim: [0, 0]" not in sheet.note


def test_every_candidate_of_the_smoke_set_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdicts are heard and change nothing: what is shown is what is shown without a judge."""
    script = tmp_path / "script.toml"
    script.write_text(
        '[[model]]\nname = "judge"\n[[reply]]\nquestion = "Try to disprove"\nmaterial = "import"\n'
        'text = "yes"\nlogprob = -0.05\nalternatives = { no = 0.05 }\n'
        '[[reply]]\nquestion = "Try to disprove"\ntext = "no"\nlogprob = -0.05\n'
        "alternatives = { yes = 0.05 }\n"
    )
    pages = []
    for name, more in (("judged", ["--judge", "--model", "judge"]), ("plain", [])):
        pages.append(tmp_path / f"{name}.md")
        words = [
            *("--folder", str(SMOKE), "--cache", str(tmp_path / f"{name}.jsonl")),
            *("--set", "engine.backend=scripted", "--set", f"engine.script={script}"),
            *("--any-version", "--against", "", "--gates", "--page", str(pages[-1]), *more),
        ]
        assert main(words) == 0
    told = capsys.readouterr().out

    judged, plain = (page.read_text() for page in pages)
    assert "### The judge: judge" in judged
    assert "| flow | 2 | 0 |" in judged
    assert "### The judge" not in plain
    assert "Row of the capability matrix" in told
    gates = [page.partition("### Gates")[2].partition("###")[0] for page in (judged, plain)]
    assert gates[0].strip() == gates[1].strip()
    assert main(["--folder", str(SMOKE), "--judge"]) == 1
