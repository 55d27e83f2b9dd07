"""What servers say, without what they were sent."""

import json

import pytest

from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.egress.hiding import masked, without_key
from mirador_lsp.models.hiding import hiding

_CODE = "password = read_secret('vault')\nreturn connect(password)\n"
_PROMPT = Prompt("You review code.", _CODE, "What is wrong here?")


@pytest.mark.parametrize(
    "quoted",
    [
        _CODE,
        repr(_CODE),
        json.dumps(_CODE),
        json.dumps(json.dumps(_CODE)),
        _CODE.upper(),
        " ".join(_CODE.split()),
        "".join(_CODE.split()),
        "  ".join(_CODE),
    ],
    ids=["as it is", "python", "json", "json twice", "upper", "one line", "no blanks", "spread"],
)
def test_code_is_hidden_however_it_is_quoted(quoted: str) -> None:
    """What the server says itself stays."""
    said = hiding(_PROMPT, "")(f"field 3 is invalid: {quoted} [type=string]")
    assert said.startswith("field 3 is invalid: ")
    assert said.endswith("[type=string]")
    letters = "".join(char for char in said if char.isalnum()).lower()
    assert "secret" not in letters
    assert "connect" not in letters


def test_what_a_server_found_by_itself_stays() -> None:
    """A few letters in a row are shared by all texts."""
    text = "the option num_ctx must be a whole number; review it"
    assert hiding(_PROMPT, "sk-123456789")(text) == text
    assert masked("", "x") == ""
    assert masked("short", "") == "short"


def test_letters_that_become_two_do_not_move_places() -> None:
    """Folding makes some letters longer."""
    said = masked(
        "\u0130\u0130\u0130 wrong: the secret of the whole house", "the secret of the whole house"
    )
    assert said == "\u0130\u0130\u0130 wrong: …"


def test_a_key_is_hidden_in_whole_and_in_pieces() -> None:
    """Services show the first and the last letters of keys."""
    key = "sk-proj-AbCdEfGhIjKlMnOp"
    assert without_key(f"bad key {key}.", key) == "bad key …."
    assert "AbCdEf" not in without_key("bad key sk-proj-AbCdEf***MnOp", key)
    assert without_key("nothing of it", key) == "nothing of it"
    assert without_key("sk-1 is bad", "sk-1") == "… is bad"
    assert without_key("anything", "") == "anything"
