"""From a review to its figures: the command line as users run it, over one store."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fakes.exposition import read
from fakes.folders import own_folders

_CODE = "def put(item, items=[]):\n    items.append(item)\n    return items\n"
_SCRIPT = """
[[model]]
name = "qwen2.5-coder-0.5b"
parameters = 0.5
digest = "feed"
[[reply]]
text = "- bug: The default list is shared between calls. Code: `def put(item, items=[]):`"
"""


def mirador(folder: Path, *words: str) -> str:
    """What a command prints."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "mirador_lsp", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=100,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            **own_folders(folder / ".own"),
            "MIRADOR_ENGINE_BACKEND": "scripted",
            "MIRADOR_ENGINE_SCRIPT": str(script),
        },
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_what_a_review_cost_is_there_for_the_next_process(tmp_path: Path) -> None:
    """Twice the same review: the second one's questions were known, and no name of a file and no
    code is in the store's figures.
    """
    (tmp_path / "very_secret_cart.py").write_text(_CODE)
    for _ in range(2):
        mirador(tmp_path, "review", "--stages", "instant,deep", "very_secret_cart.py")

    facts = json.loads(mirador(tmp_path, "metrics", "--json", "--since", "1h"))

    assert facts["requests"] == 2
    assert [(row["kind"], row["count"]) for row in facts["kinds"]] == [("review", 2)]
    (deep,) = [row for row in facts["stages"] if row["stage"] == "deep"]
    assert deep["model"] == "qwen2.5-coder-0.5b"
    assert deep["costs"]["asked"] > 0
    assert deep["hits"] == 0.5
    assert facts["findings"]["shown"] > 0
    assert "secret" not in json.dumps(facts)
    assert "items" not in json.dumps(facts)


def test_prometheus_and_the_tables_tell_of_it_too(tmp_path: Path) -> None:
    """Of the same review."""
    (tmp_path / "cart.py").write_text(_CODE)
    mirador(tmp_path, "review", "--stages", "instant", "cart.py")

    assert read(mirador(tmp_path, "metrics", "--prometheus"))["mirador_requests_total"].samples
    assert "1 request" in mirador(tmp_path, "metrics")
