"""What a question may carry, and what texts cost."""

from dataclasses import replace

import pytest

from fakes.counting import FakeCounter
from fakes.gathering import CARD, policy
from mirador_lsp.core.dialogue import ModelCard, Prompt, Usage
from mirador_lsp.engine.context.budget import STEPS, Reading, Scales

LARGER = ModelCard("larger", "embedded", "e" * 64, 4096, 1, parameters=1.5)
UNKNOWN = ModelCard("unknown", "openai", "", 16_384, 0)
PROMPT = Prompt("s" * 300, "m" * 3000, "q" * 300)


def read(tokens: int, seconds: float, cached: int = 0) -> Usage:
    """What a prompt of so many tokens cost that was read in so many seconds."""
    return Usage(prompt_tokens=tokens, cached_tokens=cached, first_token_seconds=seconds)


def test_a_number_is_a_number_as_long_as_it_fits() -> None:
    """The user's word holds, but half of the context stays for everything else."""
    reading = Reading()
    assert reading.budget(policy(500), CARD) == 500
    assert reading.budget(policy(0), CARD) == 0
    assert reading.budget(policy(90_000), CARD) == 2048


@pytest.mark.parametrize(
    ("card", "seconds", "tokens"),
    [
        (CARD, 60.0, 0),
        (LARGER, 2.0, 96),
        (LARGER, 3.0, 192),
        (UNKNOWN, 2.0, 96),
        (UNKNOWN, 0.5, 0),
    ],
)
def test_before_a_model_was_seen_its_size_tells(
    card: ModelCard, seconds: float, tokens: int
) -> None:
    """On two cores 79 tokens a second are read by 1.5B; below a billion more is no gain."""
    assert Reading().budget(policy(-1, seconds), card) == tokens


def test_a_fast_model_is_shown_more() -> None:
    """What was measured counts, and not what is believed of its size."""
    reading = Reading()
    for _ in range(8):
        reading.learn(UNKNOWN, PROMPT, read(1200, 0.6))
    assert reading.tokens_per_second(UNKNOWN) == pytest.approx(2000)
    assert reading.budget(policy(-1, 2.0), UNKNOWN) == STEPS[-1]


def test_what_was_cached_or_waited_for_says_nothing_of_speed() -> None:
    """Only tokens that were read count, in the time it took to read them."""
    reading = Reading()
    reading.learn(CARD, PROMPT, read(1000, 0.1, cached=990))
    reading.learn(CARD, PROMPT, None)
    reading.learn(CARD, PROMPT, Usage(prompt_tokens=1000))
    reading.learn(CARD, PROMPT, replace(read(1000, 10.0), wait_seconds=5.0))
    assert reading.tokens_per_second(CARD) == pytest.approx(200)


def test_a_budget_is_not_changed_for_a_little() -> None:
    """Another budget is another text, and another text is read from its beginning."""
    reading = Reading()
    before = reading.budget(policy(-1, 2.0), LARGER)
    for seconds in (12.0, 13.0, 12.5, 14.0):
        reading.learn(LARGER, PROMPT, read(1000, seconds))
        assert reading.budget(policy(-1, 2.0), LARGER) == before
    for _ in range(20):
        reading.learn(LARGER, PROMPT, read(1000, 1.0))
    assert reading.budget(policy(-1, 2.0), LARGER) > before


def test_there_is_no_room_beside_code_that_fills_the_model() -> None:
    """A long unit goes without rather than not at all."""
    reading = Reading()
    assert reading.room(CARD, "x" * 3000) > 900
    assert reading.room(CARD, "x" * 30_000) == 0


async def test_tokens_are_counted_where_the_model_can_be_asked() -> None:
    """All of them or none: half a count keeps no budget. What was counted is not asked again."""
    counter = FakeCounter("small")
    scales = Scales(Reading(), counter)

    first = await scales.weigh(CARD, ["one two", "", "three"])
    again = await scales.weigh(CARD, ["three", "one two"])

    assert (dict(first.tokens), first.counted) == ({"one two": 2, "three": 1}, True)
    assert (dict(again.tokens), again.counted) == ({"one two": 2, "three": 1}, True)
    assert counter.asked == ["one two", "three"]
    counter.resident.clear()
    assert not (await scales.weigh(CARD, ["three", "new"])).counted


async def test_an_estimate_learns_how_long_a_model_s_tokens_are() -> None:
    """Before anything was seen it errs on the side of too many; afterwards by little."""
    reading = Reading()
    text = "word " * 200
    careful = (await Scales(reading, None).weigh(CARD, [text])).tokens[text]
    assert careful >= 1000 / 3
    for _ in range(5):
        reading.learn(CARD, PROMPT, read(924, 1.0))  # four bytes a token
    learned = (await Scales(reading, None).weigh(CARD, [text])).tokens[text]
    assert 250 <= learned < 280
