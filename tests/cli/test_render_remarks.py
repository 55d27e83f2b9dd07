"""Comments as Markdown: what they show, what they never do."""

import re

import pytest

from mirador_lsp.cli.posting import _change
from mirador_lsp.cli.render_remarks import remark, suggestion
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.pulls import ForgeKind
from mirador_lsp.core.text import Span
from mirador_lsp.forges.marks import marks_of, read_remark


def finding(message: str, *, fix: Fix | None = None, end: int = 1) -> Finding:
    """A finding at the start of a text."""
    return Finding(
        id="0" * 16,
        rule="ruff/X1",
        lens=Lens.BUG,
        severity=Severity.ERROR,
        message=message,
        span=Span(0, end),
        confidence=0.9,
        origin=Origin("instant", "ruff"),
        fix=fix,
    )


@pytest.mark.parametrize(
    "message",
    [
        "/approve",
        "/merge now",
        "@dependabot merge",
        "![x](https://evil.example/p.png)",
        "<img src=https://evil.example>",
        "</details><script>",
        "x <!-- mirador:remark aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaa bug tool -->",
        "```suggestion",
        "closes #12, www.evil.example",
    ],
)
def test_a_message_is_only_shown(message: str) -> None:
    """It orders nothing, calls nobody, links nothing and forges no mark."""
    marks = marks_of("a.py", finding(message))
    body = remark(finding(message), "", marks)
    told = body.split("\n\n")[1]
    assert not told.startswith(("/", "```", "@d"))
    assert not re.search(r"@\w|(?<!\\)[<\[!](?!!?--|-)[\w/(\[]|://\w|www\.\w|#\d", told)
    read = read_remark(body)
    assert read == (marks, False)


@pytest.mark.parametrize("kind", list(ForgeKind))
def test_code_cannot_close_its_fence(kind: ForgeKind) -> None:
    """The fence is longer than any in it."""
    text = suggestion(kind, ["a"], ["x = '```'", "`````"], "")
    fence = re.findall(r"^(`{3,})", text, re.MULTILINE)
    assert fence[0] == fence[-1] == "`" * 6


def test_lines_are_counted_as_the_forge_counts_them() -> None:
    """GitLab from the line of the comment on."""
    assert suggestion(ForgeKind.GITLAB, ["a", "b", "c"], ["d"], "").startswith("```suggestion:-0+2")
    assert suggestion(ForgeKind.GITHUB, ["a"], [], "").startswith("```suggestion\n```")
    assert suggestion(ForgeKind.GITEA, ["a", "b"], [], "x") == "Take out these 2 lines. x"


@pytest.mark.parametrize(
    ("old", "new", "suggested"),
    [
        ("a = 1\n", "a = 2\n", True),
        ("a = 1\n", '"""\n/approve\n"""\n', False),
        ("a = 1\n", "@dependabot merge\n", False),
        ("a = 1\n", "a = '\u202e'\n", False),
        ("a = 1\r\n", "a = 2\r\n", False),
        ("a = 1\n", "".join(f"b{n} = 1\n" for n in range(40)), False),
        ("a = 1\n", "// a comment\n", True),
    ],
)
def test_only_small_and_plain_changes_are_suggested(old: str, new: str, suggested: bool) -> None:
    """What hides, orders or is long is not."""
    fix = Fix("Mend it", (Edit(Span(0, len(old)), new),), safe=True)
    file = FileReport(Snapshot("file:///a.py", "a.py", "python", old), 0.5)
    assert (_change(file, finding("m", fix=fix), 1) is not None) is suggested
