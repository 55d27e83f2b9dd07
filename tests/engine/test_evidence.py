"""Evidence: what a model was asked and said about a finding, as it happened."""

from pathlib import Path

import pytest

from fakes.feedback import FakeFeedbackBook, opinion
from fakes.reviewing import URI, end_of, evidence_in, python, reviewed

TEXT = "def f(a, b):\n    a = a + 1\n    b = b + 1\n    return a / b\n"
SAID = "- bug: This divides by the number of items, which may be zero. Code: `return a / b`"
TWO = f"""
[[model]]
name = "qwen2.5-coder-0.5b"
parameters = 0.5
[[model]]
name = "qwen2.5-coder-7b"
parameters = 7.6
can_judge = true
[[reply]]
question = "Try to disprove"
material = "return"
text = "no"
logprob = -0.05
alternatives = {{ yes = 0.05 }}
[[reply]]
question = "Try to disprove"
text = "yes"
logprob = -0.05
alternatives = {{ no = 0.05 }}
[[reply]]
question = "Which bugs|bug"
text = "{SAID}"
"""


async def test_claims_confirmations_and_verdicts_are_told_with_their_prompts(
    tmp_path: Path,
) -> None:
    """Each stage that spoke of the finding, in order, under the one id it has."""
    events = await reviewed(python(TEXT), tmp_path, TWO)

    (finding,) = end_of(events).findings
    heard = evidence_in(events)
    assert {each.finding_id for each in heard} == {finding.id}
    assert [each.stage for each in heard][:1] == ["quick"]
    assert {each.stage for each in heard} == {"quick", "deep", "synthesis"}
    claim, verdict = heard[0], heard[-1]
    assert (claim.model, claim.unit, claim.said) == ("qwen2.5-coder-0.5b", "f", SAID)
    assert "return a / b" in claim.prompt.material
    assert claim.prompt.version
    assert 0 < claim.sureness <= 1
    assert (verdict.model, verdict.lens) == ("qwen2.5-coder-7b", "judge")
    assert verdict.said.startswith("not disproved (log-odds of a disproof: -2.95 with the code, ")
    assert verdict.strength == pytest.approx(2 * 2.944, abs=0.01)
    assert finding.message in verdict.prompt.question
    assert verdict.sureness > 0.5


async def test_what_does_not_hold_is_no_evidence(tmp_path: Path) -> None:
    """A line that quotes what is not there speaks of no finding."""
    script = TWO.replace("`return a / b`", "`return of the king`")
    assert evidence_in(await reviewed(python(TEXT), tmp_path, script)) == []


async def test_evidence_of_what_is_not_shown_is_told(tmp_path: Path) -> None:
    """Whoever looks at what they dismissed sees why it was there."""
    (known,) = end_of(await reviewed(python(TEXT), tmp_path, TWO)).findings
    book = FakeFeedbackBook()
    await book.record(opinion(known.id, uri=URI))

    events = await reviewed(python(TEXT), tmp_path, TWO, feedback=book)

    assert {each.finding_id for each in evidence_in(events)} == {known.id}
    assert end_of(events).dismissed == 1


@pytest.mark.parametrize("text", ["none", "No defects."])
async def test_nothing_to_say_is_no_evidence(tmp_path: Path, text: str) -> None:
    """Evidence is about findings."""
    script = TWO.replace(SAID, text)
    assert evidence_in(await reviewed(python(TEXT), tmp_path, script)) == []
