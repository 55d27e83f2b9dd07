"""A model's reply becomes a new text, or is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.changes import document
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changes.rewriting import (
    Refused,
    code_in,
    new_imports,
    region_of,
    reply_form,
    rewritten,
)

CODE = "def f(a):\n    return a"


@pytest.mark.parametrize(
    "reply",
    [
        CODE,
        f"```python\n{CODE}\n```",
        f"```\n{CODE}\n```\n",
        f"~~~py\n{CODE}\n~~~",
        f"````python\n{CODE}\n````",
        f"Here is the code:\n\n```python\n{CODE}\n```\n\nIt returns a now.",
        f"```python\n{CODE}\n",
        f"Sure, here is the fixed function:\n{CODE}",
        f"{CODE}\n\nThis returns the argument as it is.",
        f"```python\n```\n```python\n{CODE}\n```",
        f"```python\n\n{CODE}\n\n\n```",
        f"```python\r\n{CODE}\r\n```".replace("\n", "\r\n").replace("\r\r", "\r"),
        "```python\ndef f(a):   \n    return a\t\n```",
        f"  ```python\n{CODE}\n  ```",
    ],
)
def test_code_is_found_in_any_wrapping(reply: str) -> None:
    """Fences, prose around them, blank lines and line ends of another kind are taken off."""
    assert code_in(reply) == CODE


@pytest.mark.parametrize(
    "reply", ["", "\n\n", "```python\n```", "```python\n\n```\n", "I cannot do that."]
)
def test_a_reply_without_code_is_refused(reply: str) -> None:
    """An empty block or a sentence is no code."""
    with pytest.raises(Refused, match="no code"):
        code_in(reply)


def test_a_line_in_backticks_is_code() -> None:
    """Asked for a line, models answer with inline code."""
    assert code_in("`return a`") == "return a"


@given(st.text())
def test_no_reply_breaks_the_reader(reply: str) -> None:
    """Whatever a model says, there is code of visible lines or a refusal."""
    try:
        code = code_in(reply)
    except Refused:
        return
    assert code.strip()
    assert code.split("\n")[0].strip()
    assert code.split("\n")[-1].strip()


METHOD = "class Box:\n    def fill(self):\n        self.size = 1\n        return self.size\n"


def _method(code: str, text: str = METHOD) -> str:
    snapshot = document(text)
    span = Span(text.index("def fill"), text.rindex("size") + 4)
    return rewritten(snapshot, region_of(snapshot, span), code)


@pytest.mark.parametrize(
    "code",
    [
        "def fill(self):\n    self.size = 2\n    return self.size",
        "    def fill(self):\n        self.size = 2\n        return self.size",
        "def fill(self):\n        self.size = 2\n        return self.size",
        "        def fill(self):\n            self.size = 2\n            return self.size",
    ],
)
def test_code_gets_the_indentation_of_its_place(code: str) -> None:
    """Whether the reply has the indentation, more of it, none, or lost it on its first line."""
    assert _method(code) == METHOD.replace("size = 1", "size = 2")


@pytest.mark.parametrize(
    "code", ["self.size = 2\nreturn self.size", "self.size = 2\n        return self.size"]
)
def test_statements_stay_on_one_margin(code: str) -> None:
    """Lines of a block begin in one column, also where only the first one lost its indentation."""
    snapshot = document(METHOD)
    start = METHOD.index("self.size = 1")
    region = region_of(snapshot, Span(start, METHOD.rindex("size") + 4))

    assert rewritten(snapshot, region, code) == METHOD.replace("size = 1", "size = 2")


def test_a_block_keeps_its_shape_when_a_line_becomes_several() -> None:
    """A statement that becomes a block is indented as a block."""
    snapshot = document(METHOD)
    start = METHOD.index("self.size = 1")
    region = region_of(snapshot, Span(start, start + 5))

    after = rewritten(snapshot, region, "if self:\n    self.size = 2")

    assert "        if self:\n            self.size = 2\n        return" in after


def test_blanks_at_the_ends_of_lines_that_stay_are_kept() -> None:
    """They may lie in a string; what is written anew has none."""
    old = 'def f(a):\n    text = """one  \n    \n    two\t\n    """\n    return text + a \n'
    new = 'def f(a):\n    text = """one\n\n    two\n    """\n    return text + str(a)  '
    snapshot = document(old)
    region = region_of(snapshot, Span(0, len(old) - 1))

    assert rewritten(snapshot, region, code_in(new)) == old.replace("+ a ", "+ str(a)")


def test_tabs_are_kept() -> None:
    """A place that is indented by tabs gets tabs, whatever the reply has."""
    text = METHOD.replace("    ", "\t")

    after = _method("def fill(self):\n    self.size = 2\n    return self.size", text)

    assert after == text.replace("size = 1", "size = 2")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_are_those_of_the_place(end: str) -> None:
    """New lines end as the old ones; the end of the text is not touched."""
    text = METHOD.replace("\n", end)
    new = "def fill(self):\n    self.size = 2\n\n    self.more = 3\n    return self.size"

    after = _method(new, text)

    assert set(re.findall(r"\r\n|\r|\n", after)) == {end}
    assert after.endswith(f"return self.size{end}")
    bare = text.removesuffix(end)
    assert _method(new, bare) == after.removesuffix(end)


OLD = "def f(a):\n    if a:\n        return work(a)\n    log(a)\n    return other_work(a, 'again')"


def _refusal(code: str, old: str = OLD) -> str:
    snapshot = document(f"{old}\n")
    with pytest.raises(Refused) as caught:
        rewritten(snapshot, region_of(snapshot, Span(0, len(old))), code)
    return str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "    ...",
        "    # ... rest of the code",
        "    # rest of the function",
        "    # The rest is unchanged",
        "    # existing code",
        "    // ... existing code ...",
        "    # ... (unchanged)",
        "    /* remaining code here */",
        "    # same as before",
        "    …",
    ],
)
def test_code_that_is_left_out_is_refused(line: str) -> None:
    """A reply that says "rest unchanged" would delete that rest."""
    assert "leaves code out" in _refusal(OLD.replace("    log(a)", line))


def test_an_ellipsis_that_was_there_may_stay() -> None:
    """A stub's own `...` is no elision."""
    old = "def f(a):\n    ...\n\n\nx = [1]"
    snapshot = document(old)

    after = rewritten(snapshot, region_of(snapshot, Span(0, len(old))), old.replace("1", "2"))

    assert after.endswith("x = [2]")


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# type: ignore",
        "# nosec",
        "# pylint: disable=x",
        "// eslint-disable-next-line",
        "// @ts-ignore",
        "# mirador: ignore[x]",
        "// NOLINT",
        "# pragma: no cover",
    ],
)
def test_silencing_is_not_mending(comment: str) -> None:
    """A comment that hides the remark is refused."""
    assert "silences" in _refusal(OLD.replace("log(a)", f"log(a)  {comment}"))


@pytest.mark.parametrize(
    "code",
    ["pass", "def f(a):\n    pass", "# " + OLD.replace("\n", "\n# "), "def f(a):\n    return None"],
)
def test_deleting_is_not_mending(code: str) -> None:
    """Code that is mostly gone, or commented out, is refused."""
    assert "deletes" in _refusal(code)


@pytest.mark.parametrize(
    ("old", "code", "refused"),
    [
        ("return pickle.loads(data)", "from pickle import load", True),
        ("return a", "b = a", True),
        ("yield a", "b = a", True),
        ("return a", "raise ValueError(a)", False),
        ("return", "print(a)", False),
        ("# return a\nb = a", "b = c", False),
        ("return a;", "throw a;", False),
    ],
)
def test_what_gave_a_result_gives_one(old: str, code: str, refused: bool) -> None:
    """A statement that returned something is not replaced by one that does not."""
    snapshot = document(old)
    region = region_of(snapshot, Span(0, len(old)))
    if refused:
        assert "no result any more" in _refusal(code, old)
    else:
        about = Span(0, len(old))
        assert rewritten(snapshot, region, code, about=about) == code


@pytest.mark.parametrize("code", [OLD, f"{OLD}\n\n", OLD.replace("\n    log", "\n\n    log")])
def test_the_old_code_is_no_change(code: str) -> None:
    """Blank lines alone do not make it new."""
    assert "old code" in _refusal(code)


def test_what_cannot_be_seen_is_refused() -> None:
    """Bidi and zero-width characters are not let in; those that were there may stay."""
    assert "cannot be seen" in _refusal(OLD.replace("log", "log\u202e"))
    old = OLD.replace("log", "'\u200b'; log")
    snapshot = document(old)
    after = rewritten(
        snapshot, region_of(snapshot, Span(0, len(old))), old.replace("work(a)", "work(b)")
    )
    assert "\u200b" in after


_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\f\v"), max_size=12)


@given(
    before=st.lists(_LINE, max_size=4),
    inside=st.lists(_LINE, min_size=1, max_size=4),
    after=st.lists(_LINE, max_size=4),
    code=st.lists(_LINE, min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_nothing_outside_the_region_changes(
    before: list[str], inside: list[str], after: list[str], code: list[str], end: str
) -> None:
    """Whatever stands around the region is the same, character by character."""
    head, tail = end.join([*before, ""]), end.join(["", *after])
    text = head + end.join(inside) + tail
    snapshot = document(text)
    region = region_of(snapshot, Span(len(head), len(text) - len(tail)))

    try:
        new = rewritten(snapshot, region, "\n".join(code))
    except Refused:
        return

    assert new.startswith(head)
    assert new.endswith(tail)


def test_imports_that_are_new_are_found() -> None:
    """In every language that says it in a line."""
    before = "import os\n"
    after = (
        'import os\n  from a.b import c\n#include <x.h>\nconst a = require("b");\nuse std::fs;\n'
    )

    assert new_imports(before, after) == [
        "from a.b import c",
        "#include <x.h>",
        'const a = require("b");',
        "use std::fs;",
    ]


def test_every_repetition_of_the_grammar_is_bounded() -> None:
    """A reply always ends; the language's name cannot break the grammar."""
    gbnf = reply_form('py"\nthon').gbnf

    assert "*" not in gbnf.replace("[^", "")
    assert "+" not in gbnf
    assert '"```python\\n"' in gbnf
