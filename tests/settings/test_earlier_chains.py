"""Chain files of the second version become chains of today, and say what that leaves out."""

import json

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.settings.earlier_chains import ReadFile, read_chains


def read(said: object, name: str = "mine.json", server: str = "") -> ReadFile:
    """What a file that says this holds."""
    return read_chains(json.dumps(said).encode(), name, server)


def test_models_are_placed_by_their_order() -> None:
    """The first is quick, the next three deep, the rest synthesis."""
    (one,) = read({"name": "Big One", "models": ["a", "b", "c", "d", "e", "f"]}).chains

    assert one.chain.name == "big-one"
    assert one.chain.quick == ("a",)
    assert one.chain.deep == ("b", "c", "d")
    assert one.chain.synthesis == ("e", "f")
    assert one.chain.steps == ("analyse",)
    assert one.dropped == ()


@pytest.mark.parametrize(
    "said",
    [
        {"models": ["a", "b"]},
        [{"name": "mine", "models": ["a", "b"]}],
        {"chains": [{"name": "mine", "models": ["a", "b"]}]},
        {"chains": {"mine": {"models": ["a", "b"]}}},
        {"chains": {"mine": ["a", "b"]}},
        {"chain_templates": {"mine": {"models": [{"name": "a"}, {"model": "b"}]}}},
        {
            "personas": {"x": {"model": "a"}, "y": {"model": "b"}},
            "specialized_chains": {"mine": ["x", "y"]},
        },
        {"personas": {"x": {"model": "a"}}, "chain_order": ["x", "b"]},
    ],
)
def test_every_form_of_a_file_is_understood(said: object) -> None:
    """Alone, in a list, by name, by personas; without a name the file's own stands in."""
    (one,) = read(said).chains

    assert one.chain.name == "mine"
    assert (one.chain.quick, one.chain.deep) == (("a",), ("b",))


def test_models_are_looked_for_on_the_server_that_has_them() -> None:
    """Names there were those of Ollama."""
    (one,) = read({"models": ["llama3.2:3b", "qwen"]}, server="ollama").chains

    assert one.chain.quick == ("ollama/llama3.2:3b",)
    assert one.models == ("llama3.2:3b", "qwen")


def test_what_has_no_place_here_is_told() -> None:
    """Prompts, examples and entries that name no model are not taken over in silence."""
    (one,) = read(
        {
            "models": [{"model": "a", "prompt": "be nice"}, "a", "", "b c", 7],
            "example_prompt": "x",
            "description": "finds\nbugs",
        }
    ).chains

    assert one.chain.title == "finds bugs"
    assert one.dropped == (
        "3 entries that name no model",
        "models that are named again",
        '"example_prompt"',
        '"prompt"',
    )


def test_chains_that_cannot_be_used_are_refused_one_by_one() -> None:
    """The others are taken."""
    found = read(
        {"chains": {"good": ["a"], "none": [], "odd": 3, "many": list("abcdefghijklmnopqrstu")}}
    )

    assert [one.chain.name for one in found.chains] == ["good"]
    assert found.refused == (
        "none: it names no model.",
        "odd: it names no list of models.",
        "many: it names more than 20 models.",
    )


def test_two_chains_of_one_name_are_told_apart() -> None:
    """Names are made of fewer characters than there were."""
    names = [one.chain.name for one in read({"chains": {"A b": ["x"], "a_B": ["y"]}}).chains]

    assert names == ["a-b", "a-b-2"]


def test_there_is_an_end_to_what_a_file_may_hold() -> None:
    """Thousands of chains are counted, not taken."""
    found = read({"chains": {f"c{number}": ["a"] for number in range(40)}})

    assert len(found.chains) == 32
    assert len(found.refused) == 8
    assert "32 chains at most" in found.refused[0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON (line 1"),
        (b"a -> b", "is not JSON (line 1"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 100_000, "is not JSON that can be read"),
        (b'{"models": ' + b"9" * 5000 + b"}", "is not JSON that can be read"),
        (b"3", "holds no chain"),
        (b'{"personas": {}}', "holds no chain"),
        (b" " * 1_000_001, "is larger than 1000 kB"),
    ],
)
def test_what_is_no_chain_file_is_refused(content: bytes, sentence: str) -> None:
    """In one sentence, whatever it holds."""
    with pytest.raises(UserError) as refused:
        read_chains(content, "odd\n.json")

    assert sentence in str(refused.value)
    assert "\n" not in refused.value.sentence()
