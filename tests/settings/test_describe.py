"""The generated page and schema."""

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from mirador_lsp.settings import Layer, Settings, resolve
from mirador_lsp.settings.describe import settings_page, settings_schema
from mirador_lsp.settings.keys import keys

REPOSITORY = Path(__file__).parents[2]


def test_the_page_in_the_repository_is_the_generated_one() -> None:
    """docs/settings.md tells what the code does (`mirador schema --write` makes it so)."""
    held = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert held == settings_page()


def test_the_page_names_every_setting_with_its_variable() -> None:
    """Each setting has one row, and exactly the restricted ones and the user's own are marked."""
    rows = [line for line in settings_page().splitlines() if "`MIRADOR_" in line]
    for key in keys().values():
        row = [line for line in rows if f"| `{key.variable}` |" in line]
        assert len(row) == 1
        option = key.option
        assert ("**Restricted.**" in row[0]) is (option.restricted and not option.own)
        assert ("**Your own only.**" in row[0]) is option.own
        assert len(re.findall(r"(?<!\\)\|", row[0])) == 6


def test_the_example_of_the_guide_is_free_of_problems() -> None:
    """What the page shows can be copied."""
    example = re.search(r"```toml\n(.*?)```", settings_page(), re.DOTALL)
    assert example
    settings, problems = resolve([Layer("example", tomllib.loads(example.group(1)))])
    assert problems == ()
    assert settings != Settings()


def test_the_schema_is_a_schema_and_takes_the_defaults() -> None:
    """Editors can check against it."""
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    written: dict[str, dict[str, object]] = {}
    for key in keys().values():
        section: dict[str, object] = written
        for part in key.path[:-1]:
            section = section.setdefault(part, {})
        section[key.path[-1]] = list(key.default) if isinstance(key.default, tuple) else key.default
    jsonschema.validate(written, schema)
    action = {"name": "a-1", "title": "A", "prompt": "a.md", "languages": [], "edits": "file"}
    jsonschema.validate({"actions": [action]}, schema)


@pytest.mark.parametrize(
    "bad", [{"review": {"gate": 2}}, {"x": 1}, {"review": {"lenses": []}}, {"actions": [{}]}]
)
def test_the_schema_refuses_what_resolve_refuses(bad: dict[str, object]) -> None:
    """The schema and the checks agree on plain mistakes."""
    assert resolve([Layer("bad", bad)])[1] != ()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, settings_schema())
