"""The fixed set of questions, and what is measured of a model that answers them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.asking import SMALL, Aside, Listening, said
from fakes.clock import FakeClock
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.findings import Lens
from mirador_lsp.engine.dna.alone import OneModel
from mirador_lsp.engine.dna.deciding import Decided
from mirador_lsp.engine.dna.probes import ProbeKind, probes, version
from mirador_lsp.engine.dna.probing import Progress, Terms, measure
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

MODEL = f"""
[[model]]
name = "{SMALL}"
digest = "{"a" * 64}"
parameters = 0.5
"""
JUDGE = '[[reply]]\nquestion = "Is the remark true"\nmaterial = "."\ntext = "{text}"\n'
FIXED = """\
```python
def add_item(item, basket=None):
    if basket is None:
        basket = []
    basket.append(item)
    return basket
```"""


@pytest.fixture(autouse=True)
def read() -> None:
    """The set is read by whoever measures, where reading hurts nobody."""
    probes()
    version()


async def measured(
    folder: Path, script: str, decided: Sequence[Decided] = ()
) -> tuple[Behaviour, list[Progress], Listening]:
    """What a scripted model does with the set."""
    (folder / "script.toml").write_text(MODEL + script)
    backend = Listening(folder / "script.toml")
    parser = Aside()
    (card,) = await backend.cards()
    engine = Engine(
        backend=OneModel(backend, card),
        outliner=parser,
        syntax=parser,
        analyzers=[],
        clock=FakeClock(),
    )
    told: list[Progress] = []
    found = await measure(card, engine, backend, terms(), decided, told.append)
    await engine.close()
    return found, told, backend


def terms() -> Terms:
    """One stage each."""
    quick = review_policy(Settings(), stages=["quick"])
    review = review_policy(Settings(), stages=["quick"], lenses=[Lens.BUG])
    return Terms(review, quick, quick, 320)


def test_the_set_is_whole() -> None:
    """Every file can be read, every fault is a line of its code, and there is sound code, too."""
    every = probes()

    assert len(every) == 12
    assert {probe.kind for probe in every} == set(ProbeKind)
    for probe in every:
        lines = probe.snapshot.text.splitlines()
        assert all(lines[number - 1].strip() for number in probe.faults), probe.name
        assert (probe.kind is ProbeKind.ASK) == bool(probe.question)
        assert (probe.kind is ProbeKind.FIX) == bool(probe.message)
        assert (probe.kind is ProbeKind.REVIEW) == bool(probe.claims)
    reviews = [probe for probe in every if probe.kind is ProbeKind.REVIEW]
    assert {bool(probe.faults) for probe in reviews} == {True, False}
    assert all((True in dict(p.claims).values() or not p.faults) for p in reviews)
    assert len(version()) == 12


def test_a_fix_has_to_be_the_one_that_was_asked_for() -> None:
    """Not any text that parses."""
    named = {probe.name: probe for probe in probes()}
    default = named["fix_default"]

    assert default.is_fixed(FIXED)
    assert not default.is_fixed("def add_item(item, basket=[]):\n    return [*basket, item]\n")
    assert named["fix_close"].is_fixed("    with open(path) as file:\n")
    assert not named["fix_close"].is_fixed("    file = open(path)\n")


async def test_a_model_that_finds_everything(tmp_path: Path) -> None:
    """Faults found, sound code left alone, answers counted in words, a fix that passes."""
    script = (
        said(SMALL, "- bug: It divides by zero for no ratings. Code: `return total / len(ratings)`",
             material="average_rating", question="Which")
        + said(SMALL, "No defects.", question="Which defects|Which bugs")
        + said(SMALL, FIXED, question="must stand instead|whole function|add_item")
        + said(SMALL, "It counts to five words.", question="What does|Question:")
    )  # fmt: skip
    found, told, _ = await measured(tmp_path, script)

    assert (found.asked, found.failed) == (12, 0)
    assert (found.found, found.defects, found.alarms, found.sound) == (1, 4, 0, 2)
    assert found.claims == ("review_division:8",)
    assert found.words == (5, 5, 5, 5)
    assert (found.fixed, found.fixes) == (1, 2)
    assert (found.lines, found.broken) == (1, 0)
    assert (found.model, found.digest, found.probes) == (SMALL, "a" * 64, version())
    assert found.tokens_per_second >= 0
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[-1].done == told[-1].total


async def test_what_breaks_the_form_is_counted(tmp_path: Path) -> None:
    """Quotes of code that is not there, and lines that are none."""
    script = said(
        SMALL,
        "- bug: It is wrong in several ways. Code: `no such line`\nI think it is fine.",
        question="Which",
    )
    found, _, _ = await measured(tmp_path, script)

    assert found.claims == ()
    assert found.structure_errors > 0.5


async def test_a_model_that_gives_no_usable_reply_is_measured_all_the_same(tmp_path: Path) -> None:
    """Every question that was not answered is counted; of the fixes none passes."""
    script = said(SMALL, "yes", question="Which defects", times=1) + said(SMALL, "", error="bad")
    found, _, _ = await measured(tmp_path, script)

    assert found.failed == 10
    assert (found.mean_words, found.fixed, found.quality) == (0, 0, 1 / 3)


async def test_a_model_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """Not a row of noughts."""
    with pytest.raises(ModelUnavailable):
        await measured(tmp_path, said(SMALL, "", error="unavailable"))


async def test_decisions_of_the_user_are_put_to_it(tmp_path: Path) -> None:
    """Those that it decides alike are counted; what counts is what the code adds to the claim."""
    yes = 'alternatives = { "no" = 0.1 }\nlogprob = -0.1\n'
    no = 'alternatives = { "yes" = 0.1 }\nlogprob = -0.1\n'
    script = (
        JUDGE.format(text="no").replace('"."', '"^[^a-z]*$"') + no
        + JUDGE.format(text="yes").replace('"."', '"seen"') + yes
        + JUDGE.format(text="no") + no
    )  # fmt: skip
    decided = [
        Decided("The list is shared.", "seen=[]", "python", right, code)
        for right, code in ((True, "def f(seen=[]): ..."), (False, "def f(seen=[]): ..."))
    ]
    found, _, _ = await measured(tmp_path, script, decided)

    assert found.decisions == 2
    assert found.agreed == 1
    assert found.judged > 0


async def test_a_model_without_probabilities_is_taken_at_its_word(tmp_path: Path) -> None:
    """Yes or no; anything else is no answer."""
    script = JUDGE.format(text="Yes.") + said(SMALL, "none")
    folder = tmp_path
    (folder / "script.toml").write_text(
        MODEL + "supports_logprobs = false\nsupports_grammar = false\n" + script
    )
    backend = ScriptedBackend(folder / "script.toml")
    (card,) = await backend.cards()
    parser = Aside()
    engine = Engine(
        backend=OneModel(backend, card),
        outliner=parser,
        syntax=parser,
        analyzers=[],
        clock=FakeClock(),
    )
    decided = [Decided("The list is shared.", "seen=[]", "python", True, "seen=[]")]

    found = await measure(card, engine, backend, terms(), decided, lambda _: None)

    assert (found.decisions, found.agreed) == (1, 1)


async def test_the_lone_model_is_the_only_one(tmp_path: Path) -> None:
    """Nothing stands in for it, and closing leaves the backend to its owner."""
    (tmp_path / "script.toml").write_text(MODEL + '[[model]]\nname = "other"\n')
    backend = ScriptedBackend(tmp_path / "script.toml")
    card = next(card for card in await backend.cards() if card.name == SMALL)
    alone = OneModel(backend, card)

    cards: Sequence[ModelCard] = await alone.cards()
    await alone.close()

    assert [each.name for each in cards] == [SMALL]
    assert not backend.closed
