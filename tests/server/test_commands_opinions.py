"""Judging findings, and seeing what lies behind them and what is not shown."""

from dataclasses import replace
from typing import Any

import pytest

from fakes.app import FakeApp, finding, finished, staged
from fakes.commands import about, command, result
from fakes.editor import URI, Editor, ready
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.events import (
    Emit,
    EvidenceHeard,
    FindingReported,
    Hush,
    Hushed,
    ReviewStarted,
)
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import Compiled, ContextPiece

TEXT = "alpha\nbeta\ngamma\n"
MODELS = finding("f1", start=0, end=5, rule="model/bug", tool="small-model", stage="quick")
TWO = staged(("instant", (MODELS, finding("f2", start=6, end=10))))


def marks(editor: Editor) -> list[str]:
    """The findings that the editor shows now."""
    return [d["data"]["finding"] for d in editor.published()[-1]["diagnostics"]]


async def opened(editor: Editor, count: int) -> None:
    """Open the document and wait for its findings."""
    editor.open(TEXT)
    await editor.diagnostics(lambda p: len(p["diagnostics"]) == count)


async def test_a_dismissed_finding_goes_at_once_and_comes_back_when_restored() -> None:
    """Both are recorded, with the user's reason as one plain line."""
    app = FakeApp(TWO)
    async with ready(app) as editor:
        await opened(editor, 2)
        gone = await result(editor, "dismiss", about(reason="checked\x1b[31m\nabove"))
        assert (gone, marks(editor)) == ({"dismissed": True, "kept": True}, ["f2"])
        (kept,) = await app.book.about(URI)
        assert (kept.verdict, kept.reason) == (Verdict.DISMISSED, "checked[31m above")
        assert (kept.rule, kept.tool) == ("model/bug", "small-model")

        withheld = await result(editor, "showWithheld", {"uri": URI})
        assert [(h["findingId"], h["by"]) for h in withheld["hushed"]] == [("f1", "dismissed")]

        assert await result(editor, "restore", about()) == {"restored": True}
        assert set(marks(editor)) == {"f1", "f2"}
        (kept,) = await app.book.about(URI)
        assert kept.verdict is Verdict.RESTORED


async def test_a_finding_is_dismissed_in_a_text_that_was_edited_since() -> None:
    """It goes at once, and the others stay where the edit has moved them."""
    async with ready(FakeApp(TWO)) as editor:
        await opened(editor, 2)
        above = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
        editor.change({"range": above, "text": "# new\n"}, version=2)
        assert (await result(editor, "dismiss", about()))["dismissed"]
        assert marks(editor) == ["f2"]
        assert editor.published()[-1]["version"] == 2

        assert await result(editor, "restore", about()) == {"restored": True}
        assert set(marks(editor)) == {"f1", "f2"}
        lines = {d["range"]["start"]["line"] for d in editor.published()[-1]["diagnostics"]}
        assert 0 not in lines


async def test_a_dismissal_that_cannot_be_kept_holds_for_the_session_and_is_told() -> None:
    """The finding goes; the user learns that it will come back."""
    app = FakeApp(TWO)
    app.book.broken = "The disk is full."
    async with ready(app) as editor:
        await opened(editor, 2)
        assert await result(editor, "dismiss", about()) == {"dismissed": True, "kept": False}
        assert marks(editor) == ["f2"]
        shown = editor.of("window/showMessage")
        assert "The disk is full." in shown[-1]["params"]["message"]


@pytest.mark.parametrize(
    ("name", "verdict"), [("helpful", Verdict.HELPFUL), ("notHelpful", Verdict.UNHELPFUL)]
)
async def test_a_judgement_is_recorded_and_changes_nothing_that_is_shown(
    name: str, verdict: Verdict
) -> None:
    """It says what the user thinks; the finding stays."""
    app = FakeApp(TWO)
    async with ready(app) as editor:
        await opened(editor, 2)
        assert await result(editor, name, about()) == {"recorded": verdict.value}
        assert [o.verdict for o in await app.book.about(URI)] == [verdict]
        assert set(marks(editor)) == {"f1", "f2"}


@pytest.mark.parametrize("name", ["dismiss", "helpful", "notHelpful", "restore", "showEvidence"])
@pytest.mark.parametrize(
    ("argument", "code"),
    [
        (about("unknown"), -32803),
        ({"uri": URI}, -32602),
        ({"uri": "file:///work/closed.py", "findingId": "f1"}, -32803),
        (7, -32602),
    ],
)
async def test_what_cannot_be_meant_is_refused(name: str, argument: Any, code: int) -> None:
    """An unknown finding, none, a closed document, no object."""
    async with ready(FakeApp(TWO)) as editor:
        await opened(editor, 2)
        assert (await command(editor, name, argument))["error"]["code"] == code


async def hushing(request: ReviewRequest, emit: Emit) -> None:
    """A review that shows one finding; the user had dismissed one, a comment hides another."""
    emit(ReviewStarted("cart.py", ("quick",), ""))
    emit(FindingReported("quick", MODELS))
    hushed = (
        Hushed(finding("gone", start=6, end=10), Hush.DISMISSED, "of old"),
        Hushed(finding("quiet", start=11, end=16), Hush.COMMENT, "a comment on line 3"),
    )
    faint = finding("faint", start=0, end=1, confidence=0.1)
    emit(replace(finished(MODELS), hushed=hushed, withheld=(faint,)))


@pytest.mark.parametrize("stars", [1, 5])
async def test_a_rating_is_recorded(stars: int) -> None:
    """With the finding as it was shown, so that others can be compared with it."""
    app = FakeApp(TWO)
    async with ready(app) as editor:
        await opened(editor, 2)
        answer = await result(editor, "rate", about(rating=stars, reason="as it is"))
        assert answer == {"recorded": "rated", "rating": stars}
        (kept,) = await app.book.about(URI)
        assert (kept.verdict, kept.rating, kept.reason) == (Verdict.RATED, stars, "as it is")
        assert (kept.lens, kept.message, kept.language) == (
            MODELS.lens,
            MODELS.message,
            "python",
        )


@pytest.mark.parametrize("stars", [None, 0, 6, 2.5, True, "5"])
async def test_a_rating_that_is_none_is_refused(stars: object) -> None:
    """Whole numbers from one to five."""
    app = FakeApp(TWO)
    async with ready(app) as editor:
        await opened(editor, 2)
        assert (await command(editor, "rate", about(rating=stars)))["error"]["code"] == -32602
        assert app.book.kept == {}


async def learning(request: ReviewRequest, emit: Emit) -> None:
    """A review that withholds what is like dismissed findings, and doubts another."""
    emit(ReviewStarted("cart.py", ("quick",), ""))
    emit(FindingReported("quick", MODELS))
    why = "you dismissed 4 like this"
    hushed = (Hushed(finding("like", start=6, end=10), Hush.LEARNED, why),)
    faint = replace(finding("faint", start=0, end=1, confidence=0.2), lesson="you dismissed 2")
    emit(replace(finished(MODELS), hushed=hushed, withheld=(faint,)))


async def test_what_is_withheld_for_likeness_is_listed_with_the_reason_and_restorable() -> None:
    """Restored, it is shown at once, and the book knows that the kind is wanted again."""
    app = FakeApp(learning)
    async with ready(app) as editor:
        await opened(editor, 1)
        listed = await result(editor, "showWithheld", {"uri": URI})
        assert [(h["findingId"], h["by"], h["reason"]) for h in listed["hushed"]] == [
            ("like", "learned", "you dismissed 4 like this")
        ]
        assert [w["lesson"] for w in listed["withheld"]] == ["you dismissed 2"]

        assert await result(editor, "restore", about("like")) == {"restored": True}
        assert set(marks(editor)) == {"f1", "like"}
        (kept,) = await app.book.about(URI)
        assert kept.verdict is Verdict.RESTORED


async def test_what_earlier_sessions_dismissed_can_be_restored() -> None:
    """The review knows it; what a comment hides is not the user's to restore."""
    app = FakeApp(hushing)
    async with ready(app) as editor:
        await opened(editor, 1)
        listed = await result(editor, "showWithheld", {"uri": URI})
        assert [w["findingId"] for w in listed["withheld"]] == ["faint"]
        assert [(h["findingId"], h["by"], h["reason"], h["line"]) for h in listed["hushed"]] == [
            ("gone", "dismissed", "of old", 2),
            ("quiet", "comment", "a comment on line 3", 3),
        ]
        assert await result(editor, "restore", about("gone")) == {"restored": True}
        assert set(marks(editor)) == {"f1", "gone"}
        assert "error" in await command(editor, "restore", about("quiet"))


PROMPT = Prompt("Be brief.", "```\ncode\n```", "What is wrong?", version="3")
CONTEXT = Compiled(
    text="def net(): ...",
    tokens=40,
    budget=96,
    counted=False,
    kept=(ContextPiece("definition", "<b>net</b>", "def net(): ...", 0.9, 38),),
    dropped=((ContextPiece("similar", "other.py", "x", 0.5, 60), "budget"),),
)


async def evident(request: ReviewRequest, emit: Emit) -> None:
    """A review whose model says what it was asked."""
    emit(ReviewStarted("cart.py", ("quick",), ""))
    emit(FindingReported("quick", MODELS))
    said = EvidenceHeard("quick", "f1", "small-model", "f", "bug", PROMPT, "- bug: <b>bad</b>", 0.7)
    said = replace(said, digest="5ha", context=CONTEXT)
    emit(said)
    emit(replace(said, stage="deep", model="big-model"))
    emit(replace(said, sureness=0.8))
    emit(finished(MODELS))


async def test_evidence_is_shown_with_prompt_and_words_and_goes_with_the_document() -> None:
    """What was said again is there once; a page shows it in code blocks that it cannot leave."""
    capabilities = {
        "window": {"showDocument": {"support": True}},
        "workspace": {"textDocumentContent": {}},
    }
    async with ready(FakeApp(evident), capabilities) as editor:
        await opened(editor, 1)
        asked = {"command": "mirador.showEvidence", "arguments": [about()]}
        waiting = editor.request("workspace/executeCommand", asked)
        show = await editor.until(lambda m: m.get("method") == "window/showDocument")
        editor.put({"id": show["id"], "result": {"success": True}})
        shown = (await editor.answer(waiting))["result"]

        assert [(e["stage"], e["sureness"]) for e in shown["evidence"]] == [
            ("deep", 0.7),
            ("quick", 0.8),
        ]
        assert shown["evidence"][0]["prompt"]["question"] == "What is wrong?"
        context = shown["evidence"][0]["context"]
        assert (context["tokens"], context["budget"], context["counted"]) == (40, 96, False)
        assert [row["title"] for row in context["kept"]] == ["<b>net</b>"]
        assert context["dropped"][0]["reason"] == "budget"
        page = await editor.ask("workspace/textDocumentContent", {"uri": show["params"]["uri"]})
        text = page["result"]["text"]
        assert "Version of the model: `5ha`" in text
        assert "```\n- bug: <b>bad</b>\n```" in text
        assert "````python\n```\ncode\n```\n````" in text
        assert "Its context took 40 of 96 tokens (estimated):" in text
        assert "<b>net</b>" not in text
        assert "left out (budget): similar, other.py" in text

        editor.close()
        await editor.settle()
        assert editor.server.evidence.count() == 0
