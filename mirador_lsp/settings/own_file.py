"""Writing into the user's own settings file, with its comments and its order left as they are."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirador_lsp.core.chains import Chain
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.settings.files import Unreadable, parse_toml, read_own

if TYPE_CHECKING:
    import tomlkit


def prefer_model(file: Path, model: str, stages: Sequence[str]) -> None:
    """Put `model` in front of the models of `stages`; those named there become its stand-ins.

    With "" the stages name no models any more, and Mirador chooses. Raises `UserError` for a file
    that cannot be read as settings, `ServiceError` for one that cannot be written.
    """
    document = _document(file)
    for stage in stages:
        table = _table(_table(document, "stages", file), stage, file)
        held = table.get("models", [])
        others = [str(name) for name in held if name != model] if isinstance(held, list) else []
        if model:
            table["models"] = [model, *others]
        else:
            table.pop("models", None)
            _leave_out(document, stage)
    text = document.as_string()
    if isinstance(parse_toml(text.encode("utf-8", "replace")), Unreadable):
        message = f"{file} is written in a way that cannot be edited."
        raise UserError(message, remedy="Name the model there yourself.")
    _write(file, text)


def allow_security(file: Path, rule: str, *, allowed: bool) -> None:
    """Name `rule` among those whose security findings lessons may withhold, or no more. Raises as
    `prefer_model`.
    """
    document = _document(file)
    table = _table(document, "learning", file)
    held = table.get("security_rules", [])
    others = [str(name) for name in held if name != rule] if isinstance(held, list) else []
    table["security_rules"] = [*others, rule] if allowed else others
    text = document.as_string()
    if isinstance(parse_toml(text.encode("utf-8", "replace")), Unreadable):
        message = f"{file} is written in a way that cannot be edited."
        raise UserError(message, remedy="Name the rule there yourself.")
    _write(file, text)


def add_chains(file: Path, chains: Sequence[Chain]) -> None:
    """Append `[[chains]]` tables, in place of those of the same name. Raises as `prefer_model`."""
    import tomlkit  # noqa: PLC0415

    document = _document(file)
    held = document.get("chains")
    if held is None:
        held = document["chains"] = tomlkit.aot()
    if not isinstance(held, list):
        message = f"{file}: chains is not a list of tables."
        raise UserError(message, remedy="Write each one under [[chains]], or remove it.")
    names = {chain.name for chain in chains}
    for number in reversed(range(len(held))):
        if held[number].get("name") in names:
            del held[number]
    for chain in chains:
        table = tomlkit.table()
        for name, value in _said(chain).items():
            table.add(name, value)
        held.append(table)
    _write(file, document.as_string())


def _said(chain: Chain) -> dict[str, Any]:
    """What a table has to say of a chain: all that is not the default."""
    plain_chain = Chain(name="")
    said = {field.name: getattr(chain, field.name) for field in fields(chain)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in said.items()
        if value != getattr(plain_chain, name)
    }


def _document(file: Path) -> "tomlkit.TOMLDocument":
    import tomlkit  # noqa: PLC0415 — only when something is written
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    content = read_own(file) or b""
    said = parse_toml(content)
    if isinstance(said, Unreadable):
        message = f"{file} {said.message}."
        raise UserError(message, remedy=said.remedy)
    try:
        return tomlkit.parse(content.decode("utf-8-sig"))
    except (TOMLKitError, RecursionError, ValueError) as error:
        message = f"{file} cannot be edited: {plain(str(error), 200)}."
        raise UserError(message, remedy="Change it there yourself.") from error


def _table(above: Any, name: str, file: Path) -> Any:
    import tomlkit.items  # noqa: PLC0415

    if name not in above:
        inline = isinstance(above, tomlkit.items.InlineTable)
        above[name] = (
            tomlkit.inline_table() if inline else tomlkit.table(is_super_table=name == "stages")
        )
    found = above[name]
    if not hasattr(found, "pop") or isinstance(found, list):
        message = f"{file}: {name} is not a section."
        raise UserError(message, remedy=f"Write it as [{name}], or remove it.")
    return found


def _leave_out(document: Any, stage: str) -> None:
    """Remove the section of a stage where nothing is left in it, not even a comment."""
    stages = document["stages"]
    if not stages[stage].as_string().strip():
        stages.pop(stage)
    if not len(stages):
        document.pop("stages")


def _write(file: Path, text: str) -> None:
    """All or nothing. A link, as dotfiles often are, stays one: its target is replaced."""
    target = Path(os.path.realpath(file))
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        with os.fdopen(os.open(beside, flags, mode), "wb") as new:
            new.write(text.encode("utf-8"))
            new.flush()
            os.fsync(new.fileno())
        beside.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        message = f"{file} cannot be written: {error.strerror}."
        raise ServiceError(message, remedy="Make room there, or check who owns it.") from error
