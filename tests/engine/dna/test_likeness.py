"""How alike two are: 1 for the same, and each part within 0 and 1."""

from hypothesis import given
from hypothesis import strategies as st

from fakes.behaviours import behaviour
from mirador_lsp.core.preferences import Depth, Evidence, Preferences, Verbosity
from mirador_lsp.engine.dna.likeness import of_behaviours, of_preferences


def parts(ours: object, theirs: object) -> dict[str, float]:
    """The likeness of each part, by name."""
    compared = of_behaviours(ours, theirs)  # type: ignore[arg-type] # the tests' own
    return {part.name: round(part.likeness, 3) for part in compared.parts}


def test_a_model_is_like_itself() -> None:
    """In every part."""
    compared = of_behaviours(behaviour(), behaviour("other"))

    assert compared.whole == 1
    assert all(part.likeness == 1 for part in compared.parts)


def test_each_part_tells_one_difference() -> None:
    """And the others stay as they are."""
    other = behaviour(claims=("review_loop:5", "review_query:9"), words=(20, 10), found=4)
    told = parts(behaviour(), other)

    assert (told["claims"], told["words of an answer"], told["faults found"]) == (0.333, 0.5, 0.5)
    assert [name for name, value in told.items() if value < 1] == [
        "claims",
        "faults found",
        "words of an answer",
    ]


def test_what_is_not_known_is_not_compared() -> None:
    """Decisions that nobody made and speeds that nobody measured count for nothing."""
    told = parts(behaviour(decisions=0, agreed=0), behaviour(tokens_per_second=0.0))

    assert "agrees with you" not in told
    assert "tokens a second" not in told


def test_preferences_are_compared_step_by_step() -> None:
    """Of a scale the distance counts, of a list what both name."""
    ours = Preferences(verbosity=Verbosity.TERSE, evidence=Evidence.HIGH, frameworks=("Django",))
    theirs = Preferences(
        verbosity=Verbosity.DETAILED, depth=Depth.DEEP, frameworks=("django", "htmx")
    )
    told = {part.name: part.likeness for part in of_preferences(ours, theirs).parts}

    assert told == {
        "verbosity": 0,
        "depth": 0.5,
        "pace": 1,
        "evidence": 0.5,
        "frameworks": 0.5,
        "expertise": 1,
    }
    assert of_preferences(ours, ours).whole == 1


counts = st.integers(0, 8)


@given(counts, counts, counts, counts, st.sets(st.sampled_from("abcd")), st.floats(0, 500))
def test_likeness_is_a_share_and_mutual(
    found: int, alarms: int, fixed: int, words: int, claims: set[str], speed: float
) -> None:
    """Whatever was measured."""
    ours = behaviour(
        found=found,
        defects=8,
        alarms=alarms,
        sound=8,
        fixed=fixed,
        fixes=8,
        words=(words,),
        claims=tuple(claims),
        tokens_per_second=speed,
    )
    one, other = of_behaviours(ours, behaviour()), of_behaviours(behaviour(), ours)

    assert all(0 <= part.likeness <= 1 for part in one.parts)
    assert one.whole == other.whole
