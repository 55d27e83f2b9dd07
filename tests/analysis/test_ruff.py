"""The analyzer "ruff": places, meanings, hostile text, and a tool that misbehaves."""

import asyncio
import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirador_lsp.analysis import ruff
from mirador_lsp.analysis.bounds import MOST
from mirador_lsp.analysis.ruff import RuffAnalyzer, find_ruff
from mirador_lsp.core.clean import stream_safe
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.core.findings import Finding, Lens, Severity
from mirador_lsp.core.ports import Analysis


def _python(text: str, name: str = "app.py") -> Snapshot:
    return Snapshot(uri=f"file:///{name}", name=name, language="python", text=text)


async def _review(text: str, name: str = "app.py") -> Analysis:
    return await RuffAnalyzer().analyze(_python(text, name))


def _shown(text: str, findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(f.rule, text[f.span.start : f.span.end]) for f in findings]


def _script(folder: Path, body: str) -> str:
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


async def test_findings_carry_everything_a_client_shows() -> None:
    """A shell injection is a sure security error with its weakness, documentation and quote."""
    text = "import subprocess\n\ndef f(a):\n    subprocess.run(f'rm {a}', shell=True)\n"
    (finding,) = (await _review(text)).findings
    assert finding.rule == "ruff/S602"
    assert (finding.lens, finding.severity) == (Lens.SECURITY, Severity.ERROR)
    assert finding.cwe == "CWE-78"
    assert finding.help_uri is not None
    assert finding.help_uri.startswith("https://docs.astral.sh/ruff/rules/")
    assert (finding.origin.stage, finding.origin.tool) == ("instant", "ruff")
    assert finding.quote == text[finding.span.start : finding.span.end] == "subprocess.run"


PLACES = [
    "x = '😀😀'; eval(q)\n",
    "x = '👩‍👩‍👧'; eval(q)\r\ny = 'é'; eval(q)\r\n",
    "x = 1\reval(q)\rz = 'ä'; eval(q)\r",
    "\ufeffeval(q)\neval(q)\n",
    "x = 1\n\x0ceval(q)\n",
    "x = '\u2028\u2029\x85'; eval(q)\neval(q)\n",
    "x = '''\x0b\x1c\n\u2028'''; eval(q)\neval(q)",
    "x = '\ud800\udc00'; eval(q)\n",
    "x = '\x00'; eval(q)\n",
]


@pytest.mark.parametrize("text", PLACES)
async def test_places_are_right_whatever_the_line_holds(text: str) -> None:
    """Astral characters, odd line ends, BOM, NUL and lone surrogates never move a finding."""
    found = _shown(text, (await _review(text)).findings)
    assert [f for f in found if f[0] == "ruff/S307"] == [("ruff/S307", "eval(q)")] * text.count(
        "eval(q)"
    )
    assert {code for rule, code in found if rule == "ruff/F821"} == {"q"}


_LITERAL = st.text(st.characters(exclude_characters="'\\\r\n"), max_size=8)
_LINES = st.lists(
    st.tuples(_LITERAL, st.sampled_from(["\n", "\r\n", "\r"])), min_size=1, max_size=12
)


@settings(max_examples=25, deadline=None)
@given(bom=st.booleans(), lines=_LINES)
def test_places_are_right_for_any_text(bom: bool, lines: list[tuple[str, str]]) -> None:
    """Whatever string literals and line ends a file mixes, every call is found where it stands."""
    text = "\ufeff" * bom + "".join(f"a = '{inside}'; eval(q){end}" for inside, end in lines)
    expected = []
    at = text.find("; eval(q)")
    while at >= 0:
        expected.append(at + 2)
        at = text.find("; eval(q)", at + 1)
    findings = asyncio.run(_review(text)).findings
    assert [f.span.start for f in findings if f.rule == "ruff/S307"] == expected


async def test_a_file_that_does_not_parse_is_an_error() -> None:
    """A syntax error is reported once a line, as an error, under a rule of its own."""
    text = "def f(:\n    pass\n\nx = (\n"
    findings = (await _review(text)).findings
    assert {f.rule for f in findings} == {"ruff/syntax-error"}
    assert {f.severity for f in findings} == {Severity.ERROR}
    lines = [_python(text).lines.line_of(f.span.start) for f in findings]
    assert len(lines) == len(set(lines))


async def test_newer_syntax_than_ours_parses() -> None:
    """Type parameters, template strings and except without parentheses are no errors."""
    text = 'type A[T] = list[T]\n\n\ndef f[T](a: T) -> T:\n    print(t"{a}")\n    return a\n'
    assert (await _review(text)).findings == ()


async def test_ids_survive_edits_elsewhere_and_tell_equal_lines_apart() -> None:
    """Code added above leaves ids as they are; two equal lines have two ids."""
    body = "def f(q):\n    eval(q)\n    eval(q)\n"
    before = [f.id for f in (await _review(body)).findings]
    after = [f.id for f in (await _review(f"import os\n\nprint(os)\n\n\n{body}")).findings]
    assert before == after
    assert len(set(before)) == 2


async def test_a_swallowed_error_is_said_once() -> None:
    """A bare except with pass is one finding, not one of each of ruff's rules about it."""
    findings = (await _review("try:\n    print()\nexcept:\n    pass\n")).findings
    assert [f.rule for f in findings] == ["ruff/S110"]


async def test_comments_cannot_hide_security_findings() -> None:
    """A noqa comment silences a bug rule, but grave security findings stay and say so."""
    text = "import os\n\n\ndef f(a, b=[]):  # noqa: B006\n    os.system(f'rm {a} {b}')  # noqa\n"
    (finding,) = (await _review(text)).findings
    assert finding.rule == "ruff/S605"
    assert finding.severity is Severity.INFORMATION
    assert "silenced by a comment" in finding.message
    whole = await _review(f"# ruff: noqa\n{text}")
    assert [f.rule for f in whole.findings] == ["ruff/S605"]


async def test_the_workspace_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a configuration beside the file nor variables of the environment steer ruff."""
    (tmp_path / "ruff.toml").write_text('[lint]\nignore = ["ALL"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUFF_OUTPUT_FILE", str(tmp_path / "planted"))
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "concise")
    snapshot = Snapshot(
        uri=(tmp_path / "a.py").as_uri(), name="a.py", language="python", text="eval(input())\n"
    )
    assert [f.rule for f in (await RuffAnalyzer().analyze(snapshot)).findings] == ["ruff/S307"]
    left = await asyncio.to_thread(lambda: [path.name for path in tmp_path.iterdir()])
    assert left == ["ruff.toml"]


@pytest.mark.parametrize("name", ["--config=x.py", "-", "\n.py", "x.ipynb", "a" * 5000 + ".py"])
async def test_hostile_names_reach_no_command_line(name: str) -> None:
    """The file's own name is never given to ruff, so it can neither be an option nor break it."""
    found = await RuffAnalyzer().analyze(Snapshot("stdin:x", name, "python", "eval(input())\n"))
    assert [f.rule for f in found.findings] == ["ruff/S307"]


async def test_messages_are_plain() -> None:
    """Bidi controls and escapes in a name never reach the message or the quote."""
    text = "x = {'\u202e\x1b[31m': 1, '\u202e\x1b[31m': 2}\n"
    findings = (await _review(text)).findings
    assert [f.rule for f in findings] == ["ruff/F601"]
    for shown_text in (findings[0].message, findings[0].quote):
        assert shown_text == stream_safe(shown_text)


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "\x00", " ", "\r", "x", "(" * 5000, "\ud800"])
async def test_odd_files_are_read(text: str) -> None:
    """Empty, blank and mad files give an analysis with spans inside the text."""
    for finding in (await _review(text)).findings:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


MODULES = [
    "argparse",
    "asyncio.base_events",
    "email.message",
    "hypothesis.strategies._internal.core",
    "pygls.protocol.json_rpc",
    "rich.console",
    "subprocess",
    "tarfile",
]


@pytest.mark.parametrize("module", MODULES)
async def test_real_modules_are_read(module: str) -> None:
    """Real code gives findings in order, inside the text, whose quote is the code they point at."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = await asyncio.to_thread(Path(spec.origin).read_bytes)
    source = text.decode("utf-8")
    findings = (await _review(source)).findings
    assert [f.span for f in findings] == sorted(f.span for f in findings)
    assert len({f.id for f in findings}) == len(findings)
    for finding in findings:
        first_line = source[finding.span.start : finding.span.end].split("\n")[0]
        assert finding.quote == stream_safe(first_line)[:200]
        assert finding.quote.strip()


async def test_too_long_a_file_is_not_looked_at() -> None:
    """A file beyond the limit is an error that says so, never a clean file."""
    with pytest.raises(AnalyzerError, match="longer than"):
        await _review("x = 1\n" * 1_500_000)


async def test_a_missing_ruff_has_a_remedy(tmp_path: Path) -> None:
    """An executable that is not there is an analyzer error that says what to do."""
    with pytest.raises(AnalyzerError) as caught:
        await RuffAnalyzer(str(tmp_path / "none")).analyze(_python("x = 1\n"))
    assert caught.value.remedy
    assert "could not be started" in str(caught.value)


async def test_a_crash_is_not_a_clean_file(tmp_path: Path) -> None:
    """A ruff that fails is an error with its own words, made plain, and a remedy."""
    tool = _script(tmp_path, "printf 'panic \\033[31m boom\\n' >&2\nexit 101")
    with pytest.raises(AnalyzerError, match=r"status 101: panic \[31m boom") as caught:
        await RuffAnalyzer(tool).analyze(_python("x = 1\n" * 100_000))
    assert caught.value.remedy


async def test_an_unreadable_answer_is_an_error(tmp_path: Path) -> None:
    """Output in another form, as of another version, is an error, not an empty analysis."""
    tool = _script(tmp_path, "echo '[]'")
    with pytest.raises(AnalyzerError, match="cannot read"):
        await RuffAnalyzer(tool).analyze(_python("x = 1\n"))


async def test_a_slow_ruff_is_ended(tmp_path: Path) -> None:
    """A ruff that does not finish in its time is ended and named."""
    tool = _script(tmp_path, "exec /bin/sleep 60")
    with pytest.raises(AnalyzerError, match="did not finish within"):
        await RuffAnalyzer(tool, seconds=0.2).analyze(_python("x = 1\n"))


async def test_cancelling_ends_ruff(tmp_path: Path) -> None:
    """When the review is cancelled the process is gone by the time the task has ended."""
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    tool = _script(tmp_path, f"echo $$ > {fifo}\nexec /bin/sleep 60")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(RuffAnalyzer(tool, seconds=60).analyze(_python("x = 1\n")))
        pid = int(await asyncio.to_thread(fifo.read_text))
        task.cancel()
    assert task.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


ITEM = (
    '{"code":"S307","message":"m","location":{"row":1,"column":1},'
    '"end_location":{"row":1,"column":2},"url":"https://evil.example/"}'
)


async def test_endless_output_is_cut_and_said(tmp_path: Path) -> None:
    """What fits is used, the rest is announced, and a foreign address is not passed on."""
    analyzer = RuffAnalyzer(_script(tmp_path, f"exec /usr/bin/yes '{ITEM}'"), max_output=10_000)
    analysis = await analyzer.analyze(_python("eval(x)\n"))
    lines = 10_000 // (len(ITEM) + 1)
    assert [(n.kind, n.count) for n in analysis.notices] == [
        (NoticeKind.TRUNCATED, 1),
        (NoticeKind.TRUNCATED, lines - MOST),
    ]
    assert len(analysis.findings) == MOST
    assert {f.help_uri for f in analysis.findings} == {None}


async def test_unknown_rules_are_counted(tmp_path: Path) -> None:
    """A finding of a rule without a meaning is not shown, and not forgotten either."""
    tool = _script(tmp_path, f"echo '{ITEM.replace('S307', 'XYZ1')}'\nexit 1")
    analysis = await RuffAnalyzer(tool).analyze(_python("x = 1\n"))
    assert analysis.findings == ()
    assert [(n.kind, n.count) for n in analysis.notices] == [(NoticeKind.SKIPPED, 1)]


async def test_loud_stderr_does_not_block(tmp_path: Path) -> None:
    """A tool that fills its standard error is read to the end."""
    tool = _script(tmp_path, "/usr/bin/yes x | /usr/bin/head -c 1000000 >&2\nexit 0")
    assert (await RuffAnalyzer(tool).analyze(_python("x = 1\n"))).findings == ()


def test_ruff_is_found_in_this_environment() -> None:
    """The ruff used is an executable file of the environment that runs the tests."""
    assert os.access(find_ruff(), os.X_OK)


async def test_two_first_analyses_search_for_ruff_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two documents opened at the same moment do not search side by side: the search is not safe
    for that.
    """
    searches: list[str] = []

    def search() -> str:
        searches.append(find_ruff())
        return searches[-1]

    monkeypatch.setattr(ruff, "find_ruff", search)
    analyzer = RuffAnalyzer()
    await asyncio.gather(*(analyzer.analyze(_python("x = 1\n")) for _ in range(8)))
    assert len(searches) == 1


def test_only_python_is_handled() -> None:
    """Ruff has nothing to say about other languages."""
    analyzer = RuffAnalyzer()
    assert analyzer.handles("python")
    assert not any(analyzer.handles(language) for language in ("", "javascript", "ruby"))


async def test_a_line_full_of_findings_is_answered_and_counted() -> None:
    """Thousands of findings on one long line: a few are placed, the rest is told as a number."""
    names = ", ".join(f"name_{number}" for number in range(5000))
    snapshot = Snapshot("file:///rows.py", "rows.py", "python", f"rows = [{names}]\n")

    analysis = await RuffAnalyzer().analyze(snapshot)

    assert len(analysis.findings) == 20
    left = [each.count for each in analysis.notices if each.kind is NoticeKind.TRUNCATED]
    assert sum(left) + len(analysis.findings) == 5000


async def test_a_syntax_error_is_told_as_a_file_that_does_not_parse() -> None:
    """Besides the finding there is a notice, so that no lens makes the file look clean."""
    snapshot = Snapshot("file:///old.py", "old.py", "python", 'print "hello"\n')

    analysis = await RuffAnalyzer().analyze(snapshot)

    assert [f.rule for f in analysis.findings] == ["ruff/syntax-error"]
    assert [n.kind for n in analysis.notices] == [NoticeKind.BROKEN]
