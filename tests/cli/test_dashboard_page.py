"""The dashboard's page holds all it needs, believes no text, and is drawn by a real browser."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fakes.dashboard import BROWSER, PRICE, browse, record, source_over
from fakes.metrics import DAY, NOON, FakeMetricsBook, request, stage_run
from mirador_lsp.cli.dashboard_export import export
from mirador_lsp.cli.dashboard_page import page
from mirador_lsp.cli.dashboard_source import view_facts
from mirador_lsp.cli.dashboard_web import serving
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.metrics import ChangeFigures, RequestFigures
from mirador_lsp.engine.figures.summary import Wanted, summarize

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>\u2028"
needs_browser = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


def requests() -> list[RequestFigures]:
    """Of five days, of every kind."""
    offered = ChangeFigures(offered=True, rung="clean", attempts=1)
    failed = ChangeFigures(offered=False, rung="parses", failed="clean", attempts=3)
    found = []
    for number in range(20):
        run = stage_run(first=0.3 + number / 40, prompt_tokens=500 + 40 * number)
        time = NOON - DAY * (number % 5)
        found.append(request(time=time, stages=(stage_run("quick", "small", first=0.2), run)))
        found.append(request("fix", time, change=offered if number % 3 else failed))
    return sorted(found, key=lambda each: each.time)


async def summary(*counted: RequestFigures) -> Summary:
    """What is shown of these."""
    book = FakeMetricsBook()
    await book.record(counted)
    wanted = Wanted(0.0, "", NOON)
    return summarize(await book.sums(), (), (PRICE,), wanted, await book.latest(99))


class _Tags(HTMLParser):
    """The tags of a page with what they refer to, and the texts of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self._in = ""
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._in = tag if known.get("type") is None else ""
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "action", "srcset")]
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in in self.inside:
            self.inside[self._in].append(data)


async def test_the_page_refers_to_nothing_outside_and_runs_only_its_own_script(
    tmp_path: Path,
) -> None:
    """One script and one style, named by their hashes in the policy."""
    await record(tmp_path, requests())
    async with source_over(tmp_path) as source:
        text = page(view_facts(await source.look())).decode()
    tags = _Tags()
    tags.feed(text)

    assert sorted(tags.references) == ["#figures", "data:,"]
    for kind in ("script", "style"):
        (inside,) = tags.inside[kind]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in tags.policy
    assert "default-src 'none'" in tags.policy
    assert "unsafe" not in tags.policy


async def test_names_of_models_end_no_script(tmp_path: Path) -> None:
    """They come from servers; the data says them, and the page has no more tags for it."""
    target = tmp_path / "figures.html"
    shown = await summary(request(stages=(stage_run(model=HOSTILE),)))
    export(target, shown, (), NOON)
    text = target.read_text()

    assert text.count("<script") == 2
    assert "taken'</script>" not in text
    data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["stages"][0]["model"] == HOSTILE


async def test_an_export_is_a_page_and_lines_beside_it(tmp_path: Path) -> None:
    """Each line is one request, oldest first; nothing else is left in the folder."""
    counted = requests()
    target = tmp_path / "out" / "figures.html"
    target.parent.mkdir()
    files = export(target, await summary(*counted), counted, NOON)

    assert sorted(target.parent.iterdir()) == sorted(files)
    lines = [
        json.loads(line) for line in (target.parent / "figures.jsonl").read_text().splitlines()
    ]
    assert len(lines) == len(counted)
    assert lines[0]["time"] < lines[-1]["time"]
    assert lines[-1]["stages"][-1]["prompt_tokens"] == counted[-1].stages[-1].costs.prompt_tokens


async def test_an_export_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    """Into a folder under names of its own, or as lines alone; another ending is refused."""
    shown = await summary()

    assert [file.name for file in export(tmp_path, shown, (), NOON)] == [
        "mirador-figures.html",
        "mirador-figures.jsonl",
    ]
    assert export(tmp_path / "a.jsonl", shown, (), NOON) == [tmp_path / "a.jsonl"]
    with pytest.raises(UserError, match=r"\.html or \.jsonl"):
        export(tmp_path / "a.pdf", shown, (), NOON)


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing is made in its place."""
    with pytest.raises(ServiceError, match="cannot be written"):
        export(tmp_path / "no" / "a.html", await summary(), (), NOON)


def charts(dom: str) -> dict[str, list[str]]:
    """By its title, the outlines of what each chart of a page shows."""
    found = {}
    for figure in re.findall(r"<figure.*?</figure>", dom, re.DOTALL):
        title = re.search(r'data-chart="([^"]*)"', figure)
        assert title is not None
        found[html.unescape(title[1])] = re.findall(r'<path[^>]* d="([^"]*)"', figure)
    return found


@needs_browser
async def test_a_browser_draws_every_chart(tmp_path: Path) -> None:
    """With outlines that differ, a table for each, and not one complaint on the console."""
    await record(tmp_path / "own", requests())
    async with source_over(tmp_path / "own") as source, serving(source) as address:
        dom, said = await browse(address, tmp_path / "profile", shot=tmp_path / "shot.png")

    assert said == []
    drawn = charts(dom)
    assert set(drawn) >= {
        "Requests by day",
        "Tokens by day",
        "First token by day",
        "Findings by day",
        "First token by stage and model",
        "Reuse by stage and model",
        "Lives of findings",
        "Changes by how far they got",
        "What the same tokens would cost elsewhere",
    }
    for title, outlines in drawn.items():
        assert outlines, title
        assert all(re.search(r"\d", outline) and "NaN" not in outline for outline in outlines), (
            title
        )
    assert len(set(drawn["Tokens by day"])) == 15  # five days of three kinds of tokens
    assert drawn["First token by day"][0].count("L") == 4
    assert dom.count("<details") == len(drawn) == dom.count('role="img"')
    assert "&lt;b&gt;large&lt;/b&gt;" in dom  # the name of a model in memory is text
    assert (tmp_path / "shot.png").stat().st_size > 20_000


@needs_browser
async def test_a_browser_says_what_to_do_where_nothing_was_measured(tmp_path: Path) -> None:
    """No empty charts, but the command that makes the first figures."""
    async with source_over(tmp_path / "own") as source, serving(source) as address:
        dom, said = await browse(address, tmp_path / "profile")

    assert said == []
    assert "Nothing was measured yet" in dom
    assert "mirador review FILE" in dom
    assert charts(dom) == {}


@needs_browser
async def test_an_exported_page_is_drawn_without_a_server(tmp_path: Path) -> None:
    """From the disk; a hostile name of a model stays a name."""
    target = tmp_path / "figures.html"
    export(
        target, await summary(*requests(), request(stages=(stage_run(model=HOSTILE),))), (), NOON
    )
    dom, said = await browse(target.as_uri(), tmp_path / "profile")

    assert said == []
    assert "<title>Mirador: figures</title>" in dom
    assert len(charts(dom)) >= 9
    assert dom.count("<script") == 2
    assert "<img" not in dom
