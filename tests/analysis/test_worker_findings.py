"""What the analyzer "rules" says about texts that do not parse, and that one parse serves all."""

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.analysis.inspection import RULE, Inspector
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.core.findings import Finding, Lens, Severity
from mirador_lsp.core.ports import Analysis

BROKEN = {
    "javascript": "function f( {\n  return 1;\n}\n",
    "go": "package a\n\nfunc f() {\n  x := := 1\n}\n",
    "java": "class A {\n  int f( { return 1; }\n}\n",
    "json": '{"a": 1,, "b": 2}\n',
    "c": "int f( {\n  return 1;\n}\n",
    "cpp": "int f( {\n  return 1;\n}\n",
    "bash": "if true; then\n  echo\n",
}


async def analysis_of(text: str, language: str, **limits: float) -> Analysis:
    """What the analyzer says, in this process."""
    parser = InlineParser(
        budget_seconds=limits.get("budget_seconds", 5),
        max_bytes=int(limits.get("max_bytes", 1_000_000)),
    )
    return await parser.analyze(Snapshot("stdin:x", "x", language, text))


def syntax_errors(analysis: Analysis) -> list[Finding]:
    """The findings about syntax."""
    return [finding for finding in analysis.findings if finding.rule == RULE]


@pytest.mark.parametrize("language", BROKEN)
async def test_a_broken_file_is_never_clean(language: str) -> None:
    """What does not parse is a finding with a place, and a notice."""
    analysis = await analysis_of(BROKEN[language], language)
    findings = syntax_errors(analysis)
    assert 1 <= len(findings) <= 3
    weak = language in {"c", "cpp", "bash"}
    for finding in findings:
        assert finding.lens is Lens.BUG
        assert finding.severity is (Severity.INFORMATION if weak else Severity.ERROR)
        assert finding.span.end <= len(BROKEN[language])
        assert "\n" not in finding.quote
    assert len({finding.id for finding in findings}) == len(findings)
    assert [n.kind for n in analysis.notices] == [NoticeKind.BROKEN]


async def test_python_is_left_to_ruff() -> None:
    """For Python a broken place is a notice only; ruff says what is wrong with it."""
    analysis = await analysis_of("def f(:\n    pass\n", "python")
    assert syntax_errors(analysis) == []
    assert [n.kind for n in analysis.notices] == [NoticeKind.BROKEN]


@pytest.mark.parametrize("language", SAMPLES)
async def test_sound_files_have_no_syntax_errors(language: str) -> None:
    """Nothing is said about the syntax of a sound file."""
    analysis = await analysis_of(SAMPLES[language], language)
    assert syntax_errors(analysis) == []
    assert analysis.notices == ()


@pytest.mark.parametrize("limits", [{"budget_seconds": 0}, {"max_bytes": 10}])
async def test_a_refused_text_is_told(limits: dict[str, float]) -> None:
    """A text too slow or too large to parse is said to be left out."""
    analysis = await analysis_of(SAMPLES["go"] * 30, "go", **limits)
    assert analysis.notices[0].kind is NoticeKind.SKIPPED
    assert "not parsed" in analysis.notices[0].message


async def test_findings_are_in_the_order_of_the_text() -> None:
    """Syntax errors and rule findings come sorted by place."""
    text = "function f() {\n  eval(x);\n}\nfunction g( {\n  eval(y);\n}\n"
    findings = (await analysis_of(text, "javascript")).findings
    assert [f.span for f in findings] == sorted(f.span for f in findings)
    assert RULE in {f.rule for f in findings}


def test_one_parse_serves_outline_and_rules() -> None:
    """The second question about a text does not parse it again; only a few texts are kept."""
    inspector = Inspector()
    outline = inspector.outline(SAMPLES["go"], "go", 5, 1_000_000)
    inspector.rules(SAMPLES["go"], "go", 5, 1_000_000)
    assert inspector.outline(SAMPLES["go"], "go", 5, 1_000_000) is outline
    assert len(inspector._read) == 1
    for number in range(10):
        inspector.outline(f"x = {number}", "python", 5, 1_000_000)
    assert len(inspector._read) == 4


@pytest.mark.parametrize("language", ["javascript", "python"])
@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_texts_end(kind: str, language: str) -> None:
    """Whatever the text, the analysis ends, and its places lie in the text."""
    analysis = await analysis_of(HOSTILE[kind], language, budget_seconds=0.2)
    assert all(f.span.end <= len(HOSTILE[kind]) for f in analysis.findings)
