"""Hovers: what is known by now, at once, and nothing in them that acts."""

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from fakes.app import FakeApp, endless, finding, never_said, said, staged
from fakes.editor import URI, Editor, eventually, ready
from mirador_lsp.server import markdown

CODE = "class Cart:\n    def total(self) -> int:\n        return sum(self.prices)\n"
MARKDOWN = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}


async def hover(editor: Editor, line: int, character: int) -> Any:
    """What a hover says; None for nothing."""
    place = {"line": line, "character": character}
    answer = await editor.ask(
        "textDocument/hover", {"textDocument": {"uri": URI}, "position": place}
    )
    return answer["result"]


async def outlined(editor: Editor, app: FakeApp) -> None:
    """Have the open document parsed."""
    await hover(editor, 0, 0)
    document = editor.server.session.document(URI)
    assert document is not None
    known = editor.server.outlines
    await eventually(lambda: document.taken is not None and known.known(document.taken))


async def test_a_hover_names_the_symbol_its_findings_and_its_explanation() -> None:
    """Signature, kind, findings with who says so and how sure, and what was explained before."""
    start = CODE.index("total")
    one = finding("f", start=start, end=start + 5, stage="deep", tool="big", confidence=0.62)
    app = FakeApp(staged(("deep", (one,))))
    app.known["Cart.total"] = said("Adds the prices.", stage="deep", model="big", confidence=0.85)
    async with ready(app, MARKDOWN) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        await outlined(editor, app)
        shown = await hover(editor, 1, 9)
        text = shown["contents"]["value"]
        assert shown["contents"]["kind"] == "markdown"
        assert "```python\ndef total(self) -> int" in text
        assert "method `Cart.total`" in text
        assert "**warning** Something is wrong." in text
        assert "deep, big, **medium** (62 %)" in text
        assert "**Explanation** — deep, big, **high** (85 %)\n\nAdds the prices." in text
        assert "Code action" in text
        assert "command:" not in text
        assert shown["range"]["start"] == {"line": 1, "character": 8}


async def test_a_use_shows_the_symbol_it_names() -> None:
    """On a call of a function of the same file stands what is known of that function; a variable
    of the same name belongs to the code around it.
    """
    app = FakeApp()
    text = "def f():\n    return 1\n\n\ndef g():\n    f()\n    f = 2\n"
    async with ready(app, MARKDOWN) as editor:
        editor.open(text)
        await outlined(editor, app)
        assert "function `f`" in (await hover(editor, 5, 4))["contents"]["value"]
        assert "function `g`" in (await hover(editor, 6, 4))["contents"]["value"]


async def test_plain_text_where_the_client_shows_no_markdown() -> None:
    """Without `markdown` among the client's formats a hover holds no markup."""
    app = FakeApp(staged(("instant", (finding(start=6, end=10, message="No *stars*."),))))
    app.known["Cart"] = said("Holds `prices`.")
    async with ready(app) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        await outlined(editor, app)
        contents = (await hover(editor, 0, 7))["contents"]
        assert contents["kind"] == "plaintext"
        assert "warning: No *stars*. (instant, rules, high, 90 %)" in contents["value"]
        assert "Explanation (quick, small, medium, 60 %):\nHolds `prices`." in contents["value"]
        assert "**" not in contents["value"]


async def test_links_only_where_the_client_runs_them() -> None:
    """A client that declares `commandLinks` gets links to explain and to ask about the symbol."""
    app = FakeApp()
    able = MARKDOWN | {"experimental": {"mirador": {"commandLinks": True}}}
    async with ready(app, able) as editor:
        editor.open(CODE)
        await outlined(editor, app)
        text = (await hover(editor, 1, 9))["contents"]["value"]
        links = re.findall(r"\]\(command:([\w.]+)\?([^)]*)\)", text)
        assert [name for name, _ in links] == ["mirador.explain", "mirador.ask"]
        about = {"uri": URI, "position": {"line": 1, "character": 4}}
        assert json.loads(unquote(links[0][1])) == [about]


async def test_confidence_is_coloured_where_the_client_shows_html() -> None:
    """The word takes the theme's colour; elsewhere it is bold."""
    app = FakeApp()
    app.known["Cart"] = said(confidence=0.9)
    able = MARKDOWN | {"general": {"markdown": {"parser": "marked", "allowedTags": ["span"]}}}
    async with ready(app, able) as editor:
        editor.open(CODE)
        await outlined(editor, app)
        text = (await hover(editor, 0, 7))["contents"]["value"]
        assert '<span style="color:var(--vscode-terminal-ansiCyan);">high</span> (90 %)' in text


async def test_a_slow_parser_is_not_waited_for() -> None:
    """While the parser is at work a hover answers with findings alone; later with the symbol."""
    app = FakeApp(staged(("instant", (finding(start=6, end=10),))))
    app.parses.clear()
    async with ready(app, MARKDOWN) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        text = (await hover(editor, 0, 7))["contents"]["value"]
        assert "Something is wrong" in text
        assert "class" not in text
        app.parses.set()
        await outlined(editor, app)
        assert "class `Cart`" in (await hover(editor, 0, 7))["contents"]["value"]
        assert len(app.outlined) == 1


async def test_hovers_answer_while_models_work() -> None:
    """A review and an explanation that never end do not keep a hover from its answer."""
    app = FakeApp(endless)
    app.answer_script = never_said
    async with ready(app, MARKDOWN) as editor:
        editor.open(CODE)
        await eventually(lambda: app.requests)
        where = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 9}}
        editor.request("mirador/explain", where)
        await eventually(lambda: app.asked)
        await outlined(editor, app)
        assert "Cart.total" in (await hover(editor, 1, 9))["contents"]["value"]


@pytest.mark.parametrize(("line", "character"), [(2, 8), (900, 0), (3, 4)])
async def test_nothing_is_said_where_there_is_nothing(line: int, character: int) -> None:
    """On blanks without a finding, and outside the text, a hover is null."""
    app = FakeApp()
    async with ready(app, MARKDOWN) as editor:
        editor.open("x = 1\n\n         \n")
        await outlined(editor, app)
        assert await hover(editor, line, character) is None


async def test_a_closed_or_doubtful_document_has_no_hover() -> None:
    """What is not open, or whose text may differ from the editor's, is not spoken about."""
    async with ready(FakeApp(), MARKDOWN) as editor:
        assert await hover(editor, 0, 0) is None
        editor.open(CODE)
        editor.change({"text": 7}, version=2)
        assert await hover(editor, 0, 7) is None


HOSTILE = "![x](http://evil/?q) [run](command:mirador.ask?[]) <script>a</script> &#60;b&#62; `c"


async def test_hostile_words_stay_words() -> None:
    """Messages and answers that hold links, images, HTML or a fence's end stay text."""
    app = FakeApp(staged(("deep", (finding(start=6, end=10, message=HOSTILE),))))
    app.known["Cart"] = said(HOSTILE + "\n```\n[run](command:x)\n")
    able = MARKDOWN | {"experimental": {"mirador": {"commandLinks": True}}}
    async with ready(app, able) as editor:
        editor.open('class Cart(a="```"):\n    pass\n')
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        await outlined(editor, app)
        text = (await hover(editor, 0, 7))["contents"]["value"]
        assert "````python\nclass Cart(" in text
        assert re.findall(r"(?<!\\)\]\(", text) == ["](", "]("]
        assert not re.search(r"(?<!\\)<", text)
        assert not re.search(r"(?<!\\)&", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Adds `a[0]` and *b*.", "Adds `a[0]` and *b*."),
        ("- one\n- two", "- one\n- two"),
        ("```py\nx[0] < 1\n```\nx[0]", "```py\nx[0] < 1\n```\nx\\[0\\]"),
        ("\\`[a](command:b)`", "\\\\`[a](command:b)`"),
        ("see http://a.b and www.c.d", "see http\\://a.b and www\\.c.d"),
    ],
)
def test_an_answer_keeps_its_code_and_loses_its_links(text: str, shown: str) -> None:
    """Code spans, blocks and lists stay; brackets and addresses are only seen."""
    assert markdown.answer(text) == shown
