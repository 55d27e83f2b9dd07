"""From a review to its figures: the command line as users run it, over one store."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from fakes.exposition import read
from fakes.folders import own_folders
from mirador_lsp.app import open_app
from mirador_lsp.core import history
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.history import Visit
from mirador_lsp.core.metrics import Surface
from mirador_lsp.core.text import Span
from mirador_lsp.measuring import Wanted, open_figures
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, paths, review_policy

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


async def test_answers_and_changes_are_counted_like_reviews(tmp_path: Path) -> None:
    """Through the application, as an editor asks for them: with tokens, and by what was asked."""
    script = tmp_path / "script.toml"
    script.write_text(_SCRIPT)
    where = paths(own_folders(tmp_path / "own"))
    settings = Settings()
    snapshot = Snapshot("file:///work/cart.py", "cart.py", "python", _CODE)
    place = Span(4, 7)
    async with open_app(settings, paths=where, backend=ScriptedBackend(script)) as app:
        app.attend(Visit("", history.Surface.EDITOR, "an editor"))
        asked = AnswerRequest(snapshot, Topic.EXPLAIN, review_policy(settings), place)
        await app.answer(asked, lambda _: None)
        policy = review_policy(settings, stages=["deep"])
        wish = ChangeRequest(snapshot, Intent.DOCUMENT, policy, place, repairs=0)
        await app.change(wish, lambda _: None)

    async with open_figures(where) as reader:
        shown = (await reader.read(Wanted(), (), latest=9)).summary

    assert sorted((each.kind, each.surface) for each in shown.latest) == [
        ("document", Surface.EDITOR),
        ("explain", Surface.EDITOR),
    ]
    written = next(each for each in shown.latest if each.kind == "document")
    assert written.change is not None
    assert written.change.attempts == 1
    (run,) = [run for run in written.stages if run.model]
    assert (run.model, run.digest, run.costs.asked) == ("qwen2.5-coder-0.5b", "feed", 1)
    assert sum(run.costs.completion_tokens for each in shown.latest for run in each.stages) > 0


async def test_an_editor_is_told_the_figures_of_some_days(tmp_path: Path) -> None:
    """From the application that counts them; nothing where the user wants nothing counted."""
    script = tmp_path / "script.toml"
    script.write_text(_SCRIPT)
    where = paths(own_folders(tmp_path / "own"))
    settings = Settings()
    snapshot = Snapshot("file:///work/cart.py", "cart.py", "python", _CODE)
    asked = AnswerRequest(snapshot, Topic.EXPLAIN, review_policy(settings), Span(4, 7))
    async with open_app(settings, paths=where, backend=ScriptedBackend(script)) as app:
        await app.answer(asked, lambda _: None)
    async with open_app(settings, paths=where, backend=ScriptedBackend(script)) as app:
        shown = await app.measured(7)
    quiet = replace(settings, metrics=replace(settings.metrics, enabled=False))
    async with open_app(quiet, paths=where, backend=ScriptedBackend(script)) as app:
        assert await app.measured(7) is None

    assert shown is not None
    assert [(row.kind, row.count) for row in shown.kinds] == [("explain", 1)]
    assert shown.savings
