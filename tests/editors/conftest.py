"""A workspace for real editors, whose model says what a script says."""

from pathlib import Path

import pytest

from fakes.session import Workspace
from fakes.wire import private


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace with a root marker and a model that finds nothing."""
    made = Workspace(tmp_path)
    made.env = private(tmp_path) | {
        "MIRADOR_ENGINE_BACKEND": "scripted",
        "MIRADOR_ENGINE_SCRIPT": str(tmp_path / "script.toml"),
    }
    (tmp_path / ".git").mkdir()
    made.script("")
    return made
