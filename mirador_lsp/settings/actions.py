"""Actions of the user's own: reading `[[actions]]`, and the prompt files it names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.errors import UserError
from mirador_lsp.settings.check import Wrong, check
from mirador_lsp.settings.files import Unreadable, read_file
from mirador_lsp.settings.keys import ACTIONS, action_keys
from mirador_lsp.settings.settings import ActionSettings

MAX_ACTIONS = 32
"""Of one source."""
_MAX_PROMPT = 16 * 1024
"""Bytes of a prompt file."""
_DROPPED = "Correct it; until then this action is not offered."

Tell = Callable[[str, str, str], None]
"""Takes a key, what is wrong with it and what to do about it."""


def read_actions(raw: object, base: Path | None, tell: Tell) -> tuple[ActionSettings, ...]:
    """The usable actions of one source. Never raises; whatever is left out is told."""
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        tell(ACTIONS, "must be a list of tables", "Write each one under [[actions]].")
        return ()
    if len(raw) > MAX_ACTIONS:
        tell(ACTIONS, f"may hold {MAX_ACTIONS} at most", "The rest is not offered.")
    found: dict[str, ActionSettings] = {}
    for number, table in enumerate(raw[:MAX_ACTIONS], 1):
        key = f"{ACTIONS}[{number}]"
        action = _action(table, key, base, tell)
        if action is None:
            continue
        if action.name in found:
            tell(f"{key}.name", f'says "{action.name}", as another one does', _DROPPED)
            continue
        found[action.name] = action
    return tuple(found.values())


def merged(
    weaker: Sequence[ActionSettings], stronger: Sequence[ActionSettings]
) -> tuple[ActionSettings, ...]:
    """The actions of two sources; one of the stronger takes the place of its namesake."""
    by_name = {action.name: action for action in weaker}
    by_name.update({action.name: action for action in stronger})
    return tuple(by_name.values())


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


def _action(table: object, key: str, base: Path | None, tell: Tell) -> ActionSettings | None:
    if not isinstance(table, Mapping):
        tell(key, "must be a table", _DROPPED)
        return None
    said: dict[str, Any] = {}
    # In an editor's JSON null stands for what is not set.
    present = {name: value for name, value in table.items() if value is not None}
    wrongs = list(_mistakes(present, base, said))
    for name, message in wrongs:
        tell(f"{key}.{plain(name, 60)}", message, _DROPPED)
    return ActionSettings(**said) if not wrongs else None


def _mistakes(
    table: Mapping[Any, object], base: Path | None, said: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a table, as name and phrase; what is right goes into `said`."""
    known = action_keys()
    for name, raw in table.items():
        if name not in known:
            yield str(name), f"is not one of {', '.join(known)}"
            return
        value = check(known[name], raw, base)
        if isinstance(value, Wrong):
            yield name, value.message
        elif isinstance(value, str) and not value.strip():
            yield name, "must not be empty"
        else:
            said[name] = value
    for name, key in known.items():
        if key.default == "" and name not in table:
            yield name, "is missing"
