"""Several backends as one."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
from mirador_lsp.core.dialogue import Chunk, Limits, Priority, Prompt
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.gemini import KEY_HEADER, GeminiBackend, GeminiOptions
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.switchboard import Switchboard
from mirador_lsp.models.transport import Transport

_SCRIPT = """
[[model]]
name = "{name}"
[[model]]
name = "shared"
[[reply]]
text = "{name} speaks"
"""


def _backend(folder: Path, name: str) -> ScriptedBackend:
    script = folder / f"{name}.toml"
    script.write_text(_SCRIPT.format(name=name))
    return ScriptedBackend(script)


async def _said(board: Switchboard, model: str) -> str:
    async with board.open(model, Prompt("", "", "?"), Limits(9, 60)) as reply:
        return "".join([piece.text async for piece in reply if isinstance(piece, Chunk)])


async def test_every_model_is_on_the_table_and_answers_for_itself(tmp_path: Path) -> None:
    """Of two models of one name the earlier backend's counts; a server that is not there has none
    and delays nobody.
    """
    absent = OllamaBackend(Transport("Ollama", "http://127.0.0.1:9"), OllamaOptions())
    board = Switchboard([_backend(tmp_path, "one"), absent, _backend(tmp_path, "two")])
    assert [card.name for card in await board.cards()] == ["one", "shared", "two"]
    assert await _said(board, "two") == "two speaks"
    assert await _said(board, "shared") == "one speaks"
    with pytest.raises(ModelUnavailable, match="no model three"):
        await _said(board, "three")
    await board.close()
    with pytest.raises(ModelUnavailable):
        await _said(board, "one")


async def test_nothing_leaves_that_nobody_asked_for(tmp_path: Path) -> None:
    """Work done ahead stays on this machine; who waits is answered from elsewhere, too."""
    script = tmp_path / "one.toml"
    _backend(tmp_path, "one")
    service = GeminiStandIn(ScriptedBackend(script), {"flash": "one"})
    async with gemini_server(service):
        transport = Transport("google", service.address, key=KEY, key_header=KEY_HEADER)
        options = GeminiOptions(("flash",))
        board = Switchboard([GeminiBackend(transport, options, leaves="It leaves.")])
        for priority in Priority:
            limits = Limits(9, 60, priority=priority)
            ahead = priority is Priority.SPECULATION
            with pytest.raises(ModelUnavailable) if ahead else nullcontext():
                async with board.open("gemini/flash", Prompt("", "", "?"), limits) as reply:
                    assert [piece async for piece in reply]
        await board.close()
    assert len(service.questions) == len(Priority) - 1


async def test_a_model_can_be_asked_before_the_cards_are(tmp_path: Path) -> None:
    """Nobody has to look at the table first."""
    board = Switchboard([_backend(tmp_path, "one")])
    assert await _said(board, "one") == "one speaks"
    await board.close()
