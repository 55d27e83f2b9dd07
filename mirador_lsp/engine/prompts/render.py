"""Fills prompt files: `version: N`, an empty line, then text with `{name}` placeholders."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Rendered:
    """A filled prompt file."""

    text: str
    version: str
    """"NAME/N": the file and its version, part of every cache key."""


def render(name: str, /, **values: str) -> Rendered:
    """Fill the prompt file `name`. Raises KeyError for a placeholder without a value.

    Values are inserted once and never looked at again, so braces in reviewed code stay as they are.
    """
    version, template = _load(name)
    return Rendered(text=_fill(template, values), version=f"{name}/{version}")


def preload() -> None:
    """Read every prompt file, so that no request has to wait for the disk."""
    for file in files(__package__).iterdir():
        if file.name.endswith(".md"):
            _load(file.name.removesuffix(".md"))


@cache
def _load(name: str) -> tuple[str, str]:
    raw = files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    head, _, body = raw.partition("\n\n")
    return head.removeprefix("version:").strip(), body.rstrip("\n")


def _fill(template: str, values: dict[str, str]) -> str:
    parts: list[str] = []
    rest = template
    while "{" in rest:
        before, _, after = rest.partition("{")
        name, _, rest = after.partition("}")
        parts += [before, values[name]]
    return "".join([*parts, rest])
