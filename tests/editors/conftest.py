"""A workspace for real editors, whose model says what a script says."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.engine import REAL_MODEL
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


@pytest.fixture
def real(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace whose model is the real one, with an engine of its own that ends afterwards."""
    runtime = Path(tempfile.mkdtemp(prefix="mir-"))  # sockets need a short path
    del workspace.env["MIRADOR_ENGINE_BACKEND"], workspace.env["MIRADOR_ENGINE_SCRIPT"]
    workspace.env |= {
        "MIRADOR_MODELS_FOLDER": str(REAL_MODEL.parent),
        "MIRADOR_RUNTIME_DIR": str(runtime),
        "MIRADOR_STAGES_QUICK_SECONDS": "500",
        "MIRADOR_ANSWERS_SECONDS": "500",
    }
    yield workspace
    stop = [sys.executable, "-m", "mirador_lsp", "engine", "stop"]
    subprocess.run(stop, env=os.environ | workspace.env, check=True, capture_output=True)
    shutil.rmtree(runtime)
