"""The backend that says what a file tells it to."""

import asyncio
from pathlib import Path

import pytest

from fakes.engine import journal_of
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.errors import (
    BadReply,
    ContextOverflow,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    UserError,
)
from mirador_lsp.models.scripted import ScriptedBackend

_MODELS = """
[[model]]
name = "small"

[[model]]
name = "large"
can_judge = true
"""


def _backend(folder: Path, text: str) -> ScriptedBackend:
    script = folder / "script.toml"
    script.write_text(text + _MODELS if "journal" in text else _MODELS + text)
    return ScriptedBackend(script)


async def _ask(
    backend: ScriptedBackend, question: str, *, model: str = "small", material: str = ""
) -> str:
    async with backend.open(model, Prompt("", material, question), Limits(500, 30)) as reply:
        return "".join([piece.text async for piece in reply if isinstance(piece, Chunk)])


async def test_first_reply_that_fits_answers(tmp_path: Path) -> None:
    """Replies are chosen by model, material and question, in the order of the file."""
    backend = _backend(
        tmp_path,
        """
[[reply]]
model = "large"
text = "from the large one"
[[reply]]
material = "eval\\\\("
question = "^Security"
text = "3 security error `eval(x)` evaluates input"
[[reply]]
question = "Security"
times = 1
text = "only  once\\n"
""",
    )
    assert await _ask(backend, "Security?", model="large") == "from the large one"
    assert await _ask(backend, "Security?", material="eval(x)") == (
        "3 security error `eval(x)` evaluates input"
    )
    assert await _ask(backend, "Security?") == "only  once\n"
    assert await _ask(backend, "Security?") == "none"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("unavailable", ModelUnavailable),
        ("overflow", ContextOverflow),
        ("timeout", ModelTimeout),
        ("bad", BadReply),
    ],
)
async def test_errors_are_those_of_real_backends(
    tmp_path: Path, kind: str, error: type[ModelError]
) -> None:
    """Each kind of failure can be had."""
    backend = _backend(tmp_path, f'[[reply]]\nerror = "{kind}"')
    with pytest.raises(error):
        await _ask(backend, "?")


async def test_endless_reply_is_stopped(tmp_path: Path) -> None:
    """A script may turn in circles; the reply ends as it would with a real model."""
    with pytest.raises(BadReply):
        await _ask(_backend(tmp_path, '[[reply]]\ntext = "again "\nendless = true'), "?")


async def test_raw_comes_in_one_piece(tmp_path: Path) -> None:
    """Odd output is passed on as it is."""
    raw = '<script>alert(1)</script>\\u202e {\\"x\\": ['
    assert await _ask(_backend(tmp_path, f'[[reply]]\ntext = ""\nraw = "{raw}"'), "?") == (
        '<script>alert(1)</script>\u202e {"x": ['
    )


async def test_hold_waits_for_a_file_and_journal_tells_the_end(tmp_path: Path) -> None:
    """A held reply stays open until its file exists; the journal shows what became of each call."""
    backend = _backend(
        tmp_path,
        'journal = "calls"\n[[reply]]\ntext = "one two"\nhold = "go"\nhold_after = 1\n',
    )
    first = asyncio.Event()

    async def read() -> str:
        text = ""
        async with backend.open("small", Prompt("", "", "?"), Limits(9, 30)) as reply:
            async for piece in reply:
                if isinstance(piece, Chunk):
                    text += piece.text
                    first.set()
        return text

    task = asyncio.get_running_loop().create_task(read())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (tmp_path / "go").touch()
    assert await read() == "one two"
    events = [line["event"] for line in journal_of(tmp_path / "calls")]
    assert events == ["started", "cancelled", "started", "finished"]


@pytest.mark.parametrize(
    "text",
    ["[[reply", '[[reply]]\nquestion = "("', '[[reply]]\nwords = "x"', '[[reply]]\nerror = "odd"'],
)
def test_wrong_script_is_a_user_error(tmp_path: Path, text: str) -> None:
    """A script that makes no sense is refused with a sentence."""
    with pytest.raises(UserError, match="wrong"):
        _backend(tmp_path, text)
    with pytest.raises(UserError, match="cannot be read"):
        ScriptedBackend(tmp_path / "absent.toml")
