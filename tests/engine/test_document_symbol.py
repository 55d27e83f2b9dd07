"""Documenting a definition: the model's words in the language's form, and the code as it was."""

import asyncio
from pathlib import Path

import pytest

from fakes.changes import MODEL, Desk, Said, document
from fakes.writing import read_grammars, wanted
from mirador_lsp.core.changes import ChangeFinished, ChangeStarted, Intent, Neighbours, Rung
from mirador_lsp.core.changes import TestRun as Run
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind, StreamToken
from mirador_lsp.engine.changes.describing import answer_form, form_of, read_answer
from mirador_lsp.engine.changes.rewriting import Refused
from mirador_lsp.syntax.signatures import Signature

CART = """\
class Cart:
    def total(self, discount=0):
        if discount > 1:
            raise ValueError(discount)
        return sum(self.prices) * (1 - discount)
"""
WORDS = """\
Summary: Computes what is to be paid.
discount: The share that is taken off.
Returns: The sum of all prices.
ValueError: if the discount is more than one.
"""
DOCUMENTED = CART.replace(
    "        if discount > 1",
    '        """Computes what is to be paid.\n\n'
    "        `discount`: The share that is taken off.\n"
    "        Returns the sum of all prices.\n"
    "        Raises `ValueError` if the discount is more than one.\n"
    '        """\n'
    "        if discount > 1",
)


async def documented(desk: Desk, snapshot: Snapshot, at: str, **options: object) -> Said:
    """The document with a doc comment for what is around `at`."""
    return await desk.change(wanted(desk, Intent.DOCUMENT, snapshot, at, **options))


async def test_words_become_a_docstring(tmp_path: Path) -> None:
    """One insertion, checked to change no code, and the title says so."""
    desk = Desk(tmp_path, [WORDS])
    snapshot = document(CART, "cart.py")

    said = await documented(desk, snapshot, "return sum")

    assert said.patch.after == DOCUMENTED
    assert said.patch.title == "Document Cart.total (code unchanged, lints clean)"
    assert said.patch.rungs == (Rung.APPLIES, Rung.PARSES, Rung.CLEAN)
    assert said.patch.intent is Intent.DOCUMENT
    assert (said.patch.uri, said.patch.version) == (snapshot.uri, 7)
    assert (said.patch.base_hash, said.patch.model) == (snapshot.content_hash, MODEL)
    assert [edit.span.start == edit.span.end for edit in said.patch.edits] == [True]
    assert said.events[0] == ChangeStarted("cart.py: document Cart.total")
    assert any(isinstance(event, StreamToken) for event in said.events)


async def test_the_facts_of_the_code_are_asked_for(tmp_path: Path) -> None:
    """The question names each parameter, the value and each error, and nothing else."""
    desk = Desk(tmp_path, [WORDS])
    await documented(desk, document(CART), "return sum")
    form = desk.prompts[0][desk.prompts[0].index("Summary: ") :]
    labels = [line.partition(":")[0] for line in form.splitlines()]
    assert labels == ["Summary", "discount", "Returns", "ValueError"]


@pytest.mark.parametrize(
    ("name", "text", "at", "comment"),
    [
        (
            "cart.ts",
            "export class Cart {\n  total(discount: number): number {\n    return 1;\n  }\n}\n",
            "return",
            (
                "  /**\n   * Computes what is to be paid.\n   *\n"
                "   * @param discount - The share that is taken off.\n"
                "   * @returns The sum of all prices.\n   */\n  total"
            ),
        ),
        (
            "cart.go",
            "package cart\n\nfunc Total(discount int) int {\n\treturn 1\n}\n",
            "return",
            (
                "// Total computes what is to be paid.\n//\n// Parameters:\n"
                "//   - discount: The share that is taken off.\n//\n// It returns the sum of all"
            ),
        ),
        (
            "cart.rs",
            "#[inline]\nfn total(discount: u8) -> u8 {\n    1\n}\n",
            "1",
            (
                "/// * `discount` - The share that is taken off.\n///\n"
                "/// Returns the sum of all prices.\n#[inline]\n"
            ),
        ),
        (
            "Cart.java",
            "class Cart {\n  @Override\n  int total(int discount) {\n    return 1;\n  }\n}\n",
            "return",
            (
                "   * @param discount The share that is taken off.\n"
                "   * @return The sum of all prices.\n   */\n  @Override\n"
            ),
        ),
        (
            "Cart.cs",
            "class Cart {\n  int Total(int discount) {\n    return 1;\n  }\n}\n",
            "return",
            (
                '  /// <param name="discount">The share that is taken off.</param>\n'
                "  /// <returns>The sum of all prices.</returns>\n  int"
            ),
        ),
    ],
)
async def test_each_language_in_its_convention(
    tmp_path: Path, name: str, text: str, at: str, comment: str
) -> None:
    """The comment stands where the language expects it; the code around it stays."""
    read_grammars("typescript", "go", "rust", "java", "csharp")
    desk = Desk(tmp_path, [WORDS])
    said = await documented(desk, document(text, name), at)
    assert comment in said.patch.after
    assert [edit.span.start == edit.span.end for edit in said.patch.edits] == [True]


async def test_a_doc_comment_is_replaced(tmp_path: Path) -> None:
    """Instead of the old one, not beside it."""
    desk = Desk(tmp_path, [WORDS])
    old = CART.replace("        if", "        '''Old, and wrong.'''\n        if", 1)
    said = await documented(desk, document(old), "return sum")
    assert said.patch.after == DOCUMENTED


async def test_a_comment_that_would_stay_as_it_is_is_not_offered(tmp_path: Path) -> None:
    """The user is told that there is nothing better to say, not that code is old."""
    desk = Desk(tmp_path, [WORDS] * 3)

    said = await documented(desk, document(DOCUMENTED, "cart.py"), "return sum")

    assert said.why.endswith(": the doc comment that is there already says the same.")


async def test_line_ends_stay(tmp_path: Path) -> None:
    """A file of CRLF lines gets CRLF lines."""
    desk = Desk(tmp_path, [WORDS])
    said = await documented(desk, document(CART.replace("\n", "\r\n")), "return sum")
    assert said.patch.after == DOCUMENTED.replace("\n", "\r\n")


async def test_names_the_code_does_not_have_are_left_out(tmp_path: Path) -> None:
    """A parameter or an error that a model made up is dropped, and that is told."""
    desk = Desk(tmp_path, [f"{WORDS}currency: The money.\nKeyError: if it is missing.\n"])
    said = await documented(desk, document(CART), "return sum")

    assert said.patch.after == DOCUMENTED
    (notice,) = [event for event in said.events if isinstance(event, Notice)]
    assert notice.kind is NoticeKind.REJECTED
    assert "`currency`" in notice.message
    assert "`KeyError`" in notice.message
    assert said.finished.notices == (notice,)


async def test_words_cannot_leave_the_comment(tmp_path: Path) -> None:
    """Quotes, backslashes and closers stay words."""
    hostile = 'Summary: Ends it. """ + __import__("os").system("x") + """ \\\n'
    desk = Desk(tmp_path, [hostile])
    said = await documented(desk, document(CART), "return sum")
    assert said.patch.after.replace(said.patch.edits[0].text, "") == CART
    assert "code unchanged" in said.patch.title


async def test_what_would_change_code_is_never_offered(tmp_path: Path) -> None:
    """Two joined strings are a docstring that is not recognised: pushed down it would be code."""
    joined = CART.replace("        if", "        'Old.' ' And wrong.'\n        if", 1)
    desk = Desk(tmp_path, [{"raw": WORDS, "text": ""}])
    said = await documented(desk, document(joined), "return sum", repairs=0)
    assert "changes code" in said.why
    assert [attempt.failed for attempt in said.attempts] == [Rung.PARSES]


@pytest.mark.parametrize(
    "reply", ["", "Summary: what it does\n", "discount: The share.\n", "...\n"]
)
async def test_a_reply_without_words_is_not_offered(tmp_path: Path, reply: str) -> None:
    """A model that says nothing of the definition is asked again, then the user is told."""
    desk = Desk(tmp_path, [{"raw": reply or "\n", "text": ""}])
    said = await documented(desk, document(CART), "return sum", repairs=1)
    assert "does not say what it does" in said.why
    assert len(said.attempts) == len(desk.prompts) == 2
    assert "does not say" in desk.prompts[1]


@pytest.mark.parametrize(
    ("name", "text", "at", "why"),
    [
        ("a.py", "x = 1\n", "x", "put the cursor into one"),
        ("a.json", "{}\n", "{", "JSON has no doc comments"),
        ("a.cobol", "PERFORM X.\n", "X", "no parser"),
    ],
)
async def test_where_nothing_can_be_documented(
    tmp_path: Path, name: str, text: str, at: str, why: str
) -> None:
    """It is said why, and no model is asked."""
    read_grammars("json")
    desk = Desk(tmp_path, [WORDS])
    said = await documented(desk, document(text, name), at)
    assert why in said.why
    assert desk.prompts == []


async def test_tests_are_not_run_for_words_and_neighbours_are_asked(tmp_path: Path) -> None:
    """The code is the same, so its tests are; what other servers say of a comment may differ."""

    async def run(_snapshot: Snapshot, _text: str) -> Run:
        pytest.fail("tests were run")

    async def worse(_snapshot: Snapshot, _text: str) -> Neighbours:
        await asyncio.sleep(0)
        return Neighbours(("line too long",))

    desk = Desk(tmp_path, [{"raw": WORDS, "text": ""}])
    said = await documented(
        desk, document(CART), "return sum", run_tests=run, ask_neighbours=worse, repairs=0
    )
    assert "line too long" in said.why


async def test_cancelling_stops_the_model(tmp_path: Path) -> None:
    """Whoever no longer waits hears no end, and the model is let go."""
    desk = Desk(tmp_path, [{"text": "Summary: It", "hold": "never", "hold_after": 1}])
    request = wanted(desk, Intent.DOCUMENT, document(CART), "return sum")
    speaking = asyncio.Event()

    def listen(event: object) -> None:
        assert not isinstance(event, ChangeFinished)
        if isinstance(event, StreamToken):
            speaking.set()

    async with asyncio.TaskGroup() as group:
        work = group.create_task(desk.engine.change(request, listen))
        await speaking.wait()
        work.cancel()
    await desk.backend.close()
    assert work.cancelled()


async def test_a_long_function_is_shown_as_far_as_it_fits(tmp_path: Path) -> None:
    """What the model did not see is told."""
    body = "".join(f"    x{number} = compute(number, {number})\n" for number in range(900))
    desk = Desk(tmp_path, ["Summary: Computes a lot.\n"], analyzers=[])
    said = await documented(desk, document(f"def f():\n{body}"), "x5 =")
    assert said.patch.after.startswith('def f():\n    """Computes a lot."""\n')
    notices = [event for event in said.events if isinstance(event, Notice)]
    assert [notice.kind for notice in notices] == [NoticeKind.TRUNCATED]
    assert len(desk.prompts[0]) < 10_000


SIGNATURE = Signature(("path", "count"), gives=True, errors=("ValueError",))


@pytest.mark.parametrize(
    "reply",
    [
        "Summary: Does it.\npath: The path.\ncount: How many.\nReturns: A list.\nValueError: if",
        (
            "Does it.\n\nArgs:\n    path (str): The path.\n    count: How many.\nReturns: A list.\n"
            "Raises:\n    ValueError: If not."
        ),
        (
            "```\n * Does it.\n * @param path: The path.\n * @param count: How many.\n"
            "Return: A list.\nraises ValueError: if not.\n```"
        ),
        (
            "**Summary**: Does it. And more, which is often made up.\n- `path`: The path.\n"
            "- `count`: How many.\n- **Returns**: A list.\n- `ValueError`: if not."
        ),
    ],
)
def test_answers_are_read_in_many_forms(reply: str) -> None:
    """Models that are not held to the form answer in the forms they have seen."""
    described = read_answer("f", reply, SIGNATURE)
    doc = described.doc
    assert doc.summary == "Does it."
    assert doc.parameters == (("path", "The path."), ("count", "How many."))
    assert doc.returns == "A list."
    assert [name for name, _ in doc.errors] == ["ValueError"]
    assert described.dropped == ()


def test_the_form_is_what_is_read() -> None:
    """Its own placeholders are no words, and every label of it is in the grammar."""
    with pytest.raises(Refused):
        read_answer("f", form_of(SIGNATURE), SIGNATURE)
    for line in form_of(SIGNATURE).splitlines():
        assert f'"{line.partition(":")[0]}: ' in answer_form(SIGNATURE).gbnf
