"""What every analyzer keeps to, the fake included."""

from collections.abc import AsyncIterator

import pytest

from fakes.analyzer import FakeAnalyzer
from mirador_lsp.analysis.ruff import RuffAnalyzer
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.ports import Analyzer

BAD_PYTHON = "password = 'hV7!kq2Rz9'\n\n\ndef f(x):\n    eval(x)\n    eval(x)\n"


@pytest.fixture(params=["ruff", "rules in a child", "rules inline", "fake"])
async def analyzer(request: pytest.FixtureRequest) -> AsyncIterator[Analyzer]:
    """Give each implementation in turn."""
    match request.param:
        case "ruff":
            yield RuffAnalyzer()
        case "rules inline":
            yield InlineParser()
        case "rules in a child":
            worker = ParseWorker()
            yield worker
            await worker.close()
        case _:
            yield FakeAnalyzer(words=("eval(x)", "password"))


def _python(text: str) -> Snapshot:
    return Snapshot(uri="file:///app.py", name="app.py", language="python", text=text)


class TestAnalyzer:
    """The contract of `core.ports.Analyzer`."""

    async def test_it_finds_something(self, analyzer: Analyzer) -> None:
        """Each implementation has at least one fact about the sample."""
        assert (await analyzer.analyze(_python(BAD_PYTHON))).findings

    async def test_it_has_a_name_and_handles_python(self, analyzer: Analyzer) -> None:
        """The name is short and plain, and findings carry it as their tool and in their rule."""
        assert analyzer.handles("python")
        assert analyzer.name.isidentifier()
        for finding in (await analyzer.analyze(_python(BAD_PYTHON))).findings:
            assert finding.origin.tool == analyzer.name
            assert finding.origin.stage == "instant"
            assert finding.rule.startswith(f"{analyzer.name}/")

    @pytest.mark.parametrize(
        "text",
        [
            *("", "\n", "\ufeffx = 1\n", "x = '😀'; eval(x)\r\neval(x)\r", "eval(x)\x0c\neval(x)"),
            *(BAD_PYTHON, "def f(:\n", "\ud800", "\x00", "x = '\u2028'; eval(x)", "\u202eeval(x)"),
        ],
    )
    async def test_findings_are_sound(self, analyzer: Analyzer, text: str) -> None:
        """Spans lie inside and in order, ids differ, confidence is a share, all text is plain."""
        findings = (await analyzer.analyze(_python(text))).findings
        assert [f.span for f in findings] == sorted(f.span for f in findings)
        assert len({f.id for f in findings}) == len(findings)
        for finding in findings:
            assert 0 <= finding.span.start <= finding.span.end <= len(text)
            assert 0 < finding.confidence <= 1
            assert finding.message
            assert finding.message == plain(finding.message)
            covered = stream_safe(text[finding.span.start : finding.span.end])
            assert covered.startswith(finding.quote)
            assert "\n" not in finding.quote

    async def test_the_same_text_gives_the_same_findings(self, analyzer: Analyzer) -> None:
        """Analysis depends on the text alone: not on the version, the name or what came before."""
        first = await analyzer.analyze(_python(BAD_PYTHON))
        await analyzer.analyze(_python("x = 1\n"))
        other = Snapshot("file:///b.py", "b.py", "python", BAD_PYTHON, version=7)
        assert (await analyzer.analyze(other)).findings == first.findings

    async def test_ids_survive_lines_added_above(self, analyzer: Analyzer) -> None:
        """Ids do not depend on where in the file a finding stands."""
        before = {f.id for f in (await analyzer.analyze(_python(BAD_PYTHON))).findings}
        moved = _python(f"import os\n\nprint(os)\n{BAD_PYTHON}")
        assert before <= {f.id for f in (await analyzer.analyze(moved)).findings}

    async def test_what_it_cannot_look_at_is_not_clean(self, analyzer: Analyzer) -> None:
        """A file beyond every limit raises, or says in a notice what was left out."""
        huge = _python("x = 1\n" * 1_500_000)
        said: list[str] = []
        try:
            said += [notice.message for notice in (await analyzer.analyze(huge)).notices]
        except AnalyzerError as error:
            said.append(str(error))
        assert any(said)


async def test_the_fake_fails_as_told() -> None:
    """The fake raises the error it was given, so that failing analyzers can be tested."""
    analyzer = FakeAnalyzer(error=AnalyzerError("no"))
    with pytest.raises(AnalyzerError, match="no"):
        await analyzer.analyze(_python("x"))
