"""One fix through everything that is real: the 0.5B model, the engine, ruff, the parser, and a
project's own tests.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.engine import REAL_NAME, engine_home
from mirador_lsp.app import open_app
from mirador_lsp.core.changes import (
    ChangeEvent,
    ChangeFinished,
    ChangeRequest,
    Intent,
    Rung,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.events import Event, ReviewFinished
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.settings import load_settings, review_policy
from mirador_lsp.settings.settings import FixSettings

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

BEFORE = """\
def total(prices):
    total = 0
    for price in prices:
        total += prise
    return total
"""
CHECK = """\
import unittest

from cart import total


class Totals(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2]), 3)


unittest.main()
"""


async def test_a_real_model_mends_what_ruff_found(tmp_path: Path) -> None:
    """A misspelt name is written as it should be, and the title says that the tests pass."""
    file = tmp_path / "cart.py"
    file.write_text(BEFORE)
    (tmp_path / "check.py").write_text(CHECK)
    snapshot = Snapshot(file.as_uri(), file.name, "python", BEFORE, version=3, path=str(file))
    # Time limits are for people; a busy machine must not decide a test.
    loaded = load_settings(env={}, flags={"stages": {"quick": {"seconds": 500}}})
    tests = FixSettings(tests=(sys.executable, "check.py"))
    settings = replace(loaded.settings, fix=tests)
    with engine_home() as home:
        backend = home.real_backend()
        paths = replace(loaded.paths, cache=home.played)
        async with open_app(settings, paths=paths, backend=backend, trusted=tmp_path) as app:
            reviewed: list[Event] = []
            instant = review_policy(settings, stages=["instant"])
            await app.review(ReviewRequest(snapshot, instant, Trigger.CLI), reviewed.append)
            known = reviewed[-1]
            assert isinstance(known, ReviewFinished)
            (finding,) = known.findings
            told: list[ChangeEvent] = []
            request = ChangeRequest(
                snapshot=snapshot,
                intent=Intent.FIX,
                policy=review_policy(settings, stages=["instant", "quick"]),
                span=finding.span,
                finding=finding,
                findings=known.findings,
                run_tests=app.run_tests(tmp_path),
            )
            await app.change(request, told.append)
            await backend.stop()

    finished = told[-1]
    assert finding.rule == "ruff/F821"
    assert isinstance(finished, ChangeFinished)
    assert finished.patch is not None, finished.why
    assert finished.patch.after == apply(BEFORE, finished.patch.edits)
    assert finished.patch.after == BEFORE.replace("prise", "price")
    assert finished.patch.title == (
        "Fix: Undefined name `prise` (parses, lints clean, 1 test passes)"
    )
    assert finished.patch.rungs == (Rung.APPLIES, Rung.PARSES, Rung.CLEAN, Rung.TESTS)
    assert finished.patch.model == REAL_NAME
    assert file.read_text() == BEFORE
