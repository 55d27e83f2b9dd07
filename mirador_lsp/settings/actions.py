"""Actions of the user's own: the prompt files they name."""

from pathlib import Path

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.errors import UserError
from mirador_lsp.settings.files import Unreadable, read_file
from mirador_lsp.settings.settings import ActionSettings

_MAX_PROMPT = 16 * 1024
"""Bytes of a prompt file."""


def read_prompt(action: ActionSettings) -> str:
    """What the action's prompt file says now, without invisible characters.

    Reads the disk. Raises `UserError` when the file is missing, empty, too large or not UTF-8.
    """
    path = Path(action.prompt)
    name = f'The prompt file of the action "{plain(action.title, 80)}", {plain(str(path), 300)},'
    content = read_file(path, follow=True, most=_MAX_PROMPT)
    if content is None:
        message = f"{name} is not there."
        raise UserError(message, remedy="Write it, or correct `prompt` in your settings.")
    if isinstance(content, Unreadable):
        message = f"{name} {content.message}."
        raise UserError(message, remedy=content.remedy)
    try:
        text = stream_safe(content.decode("utf-8-sig").replace("\r\n", "\n")).strip()
    except UnicodeDecodeError:
        message = f"{name} is not UTF-8."
        raise UserError(message, remedy="Save it as UTF-8.") from None
    if not text:
        message = f"{name} is empty."
        raise UserError(message, remedy="Write into it what the model is to do.")
    return text
