"""Actions of the user's own that edit: what they may touch, and what is asked."""

from pathlib import Path

import pytest

from fakes.changes import Desk, Said, document
from fakes.writing import wanted
from mirador_lsp.core.changes import ChangeStarted, Intent, Rung
from mirador_lsp.core.changes import TestRun as Run
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply

TEXT = """\
import json


class Box:
    def fill(self, what):
        print("filling")
        self.what = what
        return what


def other():
    print("other")
    return 1
"""
ASKED = "Take the print calls out."


def fenced(code: str) -> str:
    """A reply as models give it."""
    return f"```python\n{code}\n```\n"


async def edited(desk: Desk, scope: str, at: str, until: str = "", **options: object) -> Said:
    """What an action with this scope makes of the text."""
    more = {"question": ASKED, "scope": scope} | options
    return await desk.change(wanted(desk, Intent.CUSTOM, document(TEXT), at, until, **more))


async def test_a_symbol_is_rewritten(tmp_path: Path) -> None:
    """The innermost one around the place, in its own indentation; the rest stays."""
    desk = Desk(tmp_path, [fenced("def fill(self, what):\n    self.what = what\n    return what")])
    said = await edited(desk, "symbol", "self.what")

    assert said.patch.after == TEXT.replace('        print("filling")\n', "")
    assert said.patch.title == "Rewrite Box.fill (parses, lints clean)"
    assert said.patch.intent is Intent.CUSTOM
    assert said.events[0] == ChangeStarted("app.py: rewrite Box.fill")
    assert ASKED in desk.prompts[0]
    assert "these lines" in desk.prompts[0]


async def test_a_selection_is_rewritten(tmp_path: Path) -> None:
    """Its whole lines and no other."""
    desk = Desk(tmp_path, [fenced("self.what = what")])
    said = await edited(desk, "selection", 'print("filling")', "self.what = what")
    assert said.patch.after == TEXT.replace('        print("filling")\n', "")
    assert said.patch.title.startswith("Rewrite lines 6 to 7 (")


async def test_a_file_is_rewritten(tmp_path: Path) -> None:
    """All of it; its last line end stays."""
    new = TEXT.replace('    print("other")\n', "")
    desk = Desk(tmp_path, [fenced(new)])
    said = await edited(desk, "file", "import")
    assert said.patch.after == new
    assert said.patch.title.startswith("Rewrite app.py (")
    assert "this file" in desk.prompts[0]


async def test_what_was_asked_for_may_delete(tmp_path: Path) -> None:
    """Unlike a fix, an action may take out most of the code, or silence a remark."""
    desk = Desk(tmp_path, [fenced("def other():\n    return 1  # noqa")])
    said = await edited(desk, "symbol", "other")
    assert said.patch.after == TEXT.replace(
        '    print("other")\n    return 1', "    return 1  # noqa"
    )


@pytest.mark.parametrize("scope", ["selection", "symbol"])
async def test_nothing_outside_the_scope_changes(tmp_path: Path, scope: str) -> None:
    """A reply with the whole file in it does not get out of the scope."""
    whole = TEXT.replace("other", "another").replace('        print("filling")\n', "")
    desk = Desk(tmp_path, [{"raw": fenced(whole), "text": ""}])
    request = wanted(
        desk,
        Intent.CUSTOM,
        document(TEXT),
        "        self.what",
        "return what",
        question=ASKED,
        scope=scope,
        repairs=0,
    )
    said = await desk.change(request)
    patch = said.finished.patch
    if patch is not None:
        assert patch.after.endswith(TEXT[TEXT.index("\n\ndef other") :])
        assert patch.after.startswith(TEXT[: TEXT.index("    def fill")])


@pytest.mark.parametrize(
    ("reply", "failed", "why"),
    [
        ("def fill(self, what:\n    return what", Rung.PARSES, "not parse"),
        ("def fill(self, what):\n    return missing", Rung.CLEAN, "missing"),
        ("def fill(self, what):\n    # ... rest of the code\n    return 1", Rung.APPLIES, "leaves"),
        ("", Rung.APPLIES, "no code"),
    ],
)
async def test_what_does_not_hold_is_not_offered(
    tmp_path: Path, reply: str, failed: Rung, why: str
) -> None:
    """The ladder is that of a fix, less the finding."""
    desk = Desk(tmp_path, [{"raw": fenced(reply), "text": ""}])
    said = await edited(desk, "symbol", "self.what", repairs=0)
    assert [attempt.failed for attempt in said.attempts] == [failed]
    assert why in said.why


async def test_a_second_round_is_told_what_failed(tmp_path: Path) -> None:
    """And may do better."""
    good = "def fill(self, what):\n    self.what = what\n    return what"
    desk = Desk(tmp_path, [fenced("def fill(self, what):\n    return missing"), fenced(good)])
    said = await edited(desk, "symbol", "self.what")
    assert "missing" in desk.prompts[1]
    assert said.patch.after == apply(TEXT, said.patch.edits)


async def test_the_project_s_tests_decide(tmp_path: Path) -> None:
    """Where they may run, a rewrite that breaks them is not offered."""

    async def run(_snapshot: Snapshot, text: str) -> Run:
        return Run(ok="filling" in text, passed=1, output="1 failed", seconds=0.1)

    desk = Desk(tmp_path, [{"raw": fenced("def fill(self, what):\n    return what"), "text": ""}])
    said = await edited(desk, "symbol", "self.what", run_tests=run, repairs=0)
    assert "tests fail" in said.why


@pytest.mark.parametrize(
    ("scope", "at", "options", "why"),
    [
        ("symbol", "import", {}, "put the cursor into"),
        ("selection", "import", {}, "select the lines"),
        ("symbol", "self.what", {"question": "  "}, "prompt file"),
        ("symbol", "self.what", {"question": "x" * 5000}, "4,000 characters"),
    ],
)
async def test_where_nothing_can_be_rewritten(
    tmp_path: Path, scope: str, at: str, options: dict[str, object], why: str
) -> None:
    """It is said why, and no model is asked."""
    desk = Desk(tmp_path, [fenced("x")])
    said = await edited(desk, scope, at, repairs=0, **options)
    assert why in said.why
    assert desk.prompts == []


async def test_too_much_is_not_rewritten(tmp_path: Path) -> None:
    """A model that writes hundreds of lines anew gets some of them wrong."""
    desk = Desk(tmp_path, [fenced("x")])
    text = "x = 1\n" * 200
    request = wanted(desk, Intent.CUSTOM, document(text), "x", question=ASKED, scope="file")
    said = await desk.change(request)
    assert "200 lines" in said.why
    assert desk.prompts == []
