"""The settings as the VS Code extension's manifest lists them, so that editors can offer them.

Only two parts of the manifest are written here; the rest is kept by hand.
"""

import json
from typing import Any

from mirador_lsp.settings.describe import settings_schema
from mirador_lsp.settings.keys import ACTIONS, Key, keys

_SECTION = "mirador"


def manifest_with_settings(held: str | None) -> str | None:
    """The manifest's text with the settings as they are now; None where there is no manifest."""
    if held is None:
        return None
    manifest = json.loads(held)
    sections = manifest["contributes"]["configuration"]
    # The first section is the extension's own: how to find and start the server.
    manifest["contributes"]["configuration"] = [sections[0], *_sections()]
    trust = manifest["capabilities"]["untrustedWorkspaces"]
    trust["restrictedConfigurations"] = [*sections[0]["properties"], *_restricted()]
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _sections() -> list[dict[str, Any]]:
    schema = settings_schema()
    titles: dict[str, dict[str, Any]] = {}
    for path, key in keys().items():
        section = schema
        for name in path[:-1]:
            section = section["properties"][name]
        fact = dict(section["properties"][path[-1]])
        fact["markdownDescription"] = fact.pop("description")
        # Paths belong to a machine: a workspace or another machine's user must not choose them.
        fact["scope"] = "machine" if key.option.is_path else "window"
        title = " ".join(path[:-1]).capitalize() or "General"
        titles.setdefault(title, {})[_name(key)] = fact
    actions = dict(schema["properties"][ACTIONS])
    actions["markdownDescription"] = actions.pop("description")
    titles["Actions"] = {f"{_SECTION}.{ACTIONS}": actions | {"default": [], "scope": "window"}}
    return [{"title": title, "properties": found} for title, found in titles.items()]


def _restricted() -> list[str]:
    names = [_name(key) for key in keys().values() if key.option.restricted]
    return [*names, f"{_SECTION}.{ACTIONS}"]


def _name(key: Key) -> str:
    return f"{_SECTION}.{key.name}"
