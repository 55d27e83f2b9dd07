"""What stands above a definition stays when a model writes the definition anew."""

from pathlib import Path

import pytest

from fakes.changes import Desk, document
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changes.heading import with_heading

PYTHON = """\
# Adds up.
# Callers hold the lock.
@cached
# checked by hand
@route("/sum",
       methods=["GET"])
def total(prices):
    # one by one
    return sum(prices)"""
NEW = "def total(prices):\n    return sum(prices or ())"
HEAD = PYTHON[: PYTHON.index("def total")]


def test_a_definition_alone_gets_back_what_stood_above_it() -> None:
    """Comments, decorators on one line and on several, in their order."""
    assert with_heading(PYTHON, NEW, "python") == HEAD + NEW


def test_what_is_still_there_is_left_as_the_model_has_it() -> None:
    """Nothing is doubled."""
    new = HEAD + NEW
    assert with_heading(PYTHON, new, "python") == new


def test_what_is_half_there_is_made_whole() -> None:
    """A decorator that is there with other arguments is not put beside the old one."""
    new = f'@cached(size=3)\n@route("/sum")\n@locked\n{NEW}'
    expected = (
        "# Adds up.\n# Callers hold the lock.\n@cached(size=3)\n# checked by hand\n"
        f'@route("/sum")\n@locked\n{NEW}'
    )
    assert with_heading(PYTHON, new, "python") == expected


def test_what_the_change_is_about_may_go() -> None:
    """A remark on a decorator or a comment is mended by taking it away."""
    kept = with_heading(PYTHON, NEW, "python", free={1, 2})

    assert kept == HEAD.replace("# Callers hold the lock.\n@cached\n", "") + NEW


@pytest.mark.parametrize(
    ("language", "head", "old", "new"),
    [
        (
            "go",
            "// F does.\n// More.\n",
            "func F() int {\n\treturn 1\n}",
            "func F() int { return 2 }",
        ),
        ("rust", "/// Doc.\n#[inline]\n", "fn f() -> i32 { 1 }", "fn f() -> i32 { 2 }"),
        (
            "java",
            "/**\n * Doc.\n */\n@A(x = 1)\n",
            "@B int f() { return 1; }",
            "@B int f() { return 2; }",
        ),
        ("csharp", "/// <summary/>\n[Obsolete]\n", "int F() => 1;", "int F() => 2;"),
        (
            "typescript",
            "/* a */\n@dec({\n  a: [1],\n})\n",
            "m() { return 1; }",
            "m() { return 2; }",
        ),
        ("cpp", "// f\n[[nodiscard]]\n", "int f() { return 1; }", "int f() { return 2; }"),
    ],
)
def test_every_language_has_its_own_marks(language: str, head: str, old: str, new: str) -> None:
    """Doc comments, attributes and annotations."""
    assert with_heading(head + old, new, language) == head + new


@pytest.mark.parametrize(
    ("language", "old"),
    [
        ("python", "[x for x in y]"),
        ("ruby", "@price = 1"),
        ("java", "@Override public int f() { return 1; }"),
        ("javascript", "/* one */ f();"),
        ("python", "# only a comment"),
    ],
)
def test_code_is_no_heading(language: str, old: str) -> None:
    """What replaces it replaces all of it."""
    assert with_heading(old, "new()", language) == "new()"


def test_lines_that_end_otherwise_are_known() -> None:
    """A document of another system has its comments back, too."""
    old = "# Adds up.\r\ndef f():\r\n    return 1"
    assert with_heading(old, "def f():\n    return 2", "python").startswith("# Adds up.\ndef f")


SWALLOW = """\
import functools
import json


class Store:
    # Reads what `save` wrote; callers hold the lock.
    @functools.cache  # noqa: B019
    def load(self, path):
        try:
            with open(path) as file:
                return json.load(file)
        except Exception:
            pass
"""
MENDED = """\
def load(self, path):
    try:
        with open(path) as file:
            return json.load(file)
    except Exception as error:
        raise ValueError(path) from error
"""


async def test_a_fix_keeps_the_comment_and_the_decorator_above(tmp_path: Path) -> None:
    """The model answers with the function alone, as most do; the patch touches its body alone."""
    desk = Desk(tmp_path, [f"```python\n{MENDED}```\n"])
    snapshot = document(SWALLOW)
    finding = (await desk.findings(snapshot))["ruff/S110"]

    said = await desk.change(desk.request(snapshot, finding))

    assert said.patch.after == SWALLOW.replace(
        "        except Exception:\n            pass\n",
        "        except Exception as error:\n            raise ValueError(path) from error\n",
    )
    assert said.patch.basis == Span(SWALLOW.index("    # Reads"), len(SWALLOW) - 1)
