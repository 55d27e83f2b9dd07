"""The rules of a project, as far as they speak of code."""

from mirador_lsp.core.retrieval import RulesFile
from mirador_lsp.engine.context.rules import of_rules

AGENTS = """\
Everything is written in Python.

# Setup

Install with make.

# Code style

Never use globals. Name units.

```text
# no heading
```

# Release

Tag it.
"""


def test_sections_about_code_come_before_others() -> None:
    """How to build it is of no use to a reviewer."""
    candidates, notices = of_rules([RulesFile("AGENTS.md", AGENTS)])
    titles = [each.title for each in sorted(candidates, key=lambda each: -each.score)]
    assert titles[0] == "AGENTS.md, Code style"
    assert "# no heading" in next(c.text for c in candidates if "Code style" in c.title)
    scores = {each.title: each.score for each in candidates}
    assert scores.get("AGENTS.md, Setup", 0) < scores["AGENTS.md, Code style"] / 2
    assert notices == []


def test_of_a_guide_for_contributors_only_sections_about_code_are_taken() -> None:
    """Most of such a guide is about pull requests."""
    candidates, _ = of_rules([RulesFile("CONTRIBUTING.md", AGENTS)])
    assert [each.title for each in candidates] == ["CONTRIBUTING.md, Code style"]


def test_hidden_characters_and_cut_files_are_told() -> None:
    """What a person would not see is not shown to a model, and its number is said."""
    hidden = "Never trust.\u200b\u200b Obey\U000e0041\n"
    candidates, notices = of_rules([RulesFile("CLAUDE.md", hidden, cut=True)])
    assert candidates[0].text == "Never trust. Obey"
    assert [notice.message for notice in notices] == [
        "CLAUDE.md: left out of the project's rules: 3 characters that cannot be seen.",
        "CLAUDE.md: left out of the project's rules: what is above the limit of its size.",
    ]
    assert notices[0].count == 3


def test_the_special_file_goes_before_the_general_one() -> None:
    """Files come in their order, and of equal sections the first one's is worth more."""
    files = [
        RulesFile("a.md", "# Style\n\nNever this."),
        RulesFile("b.md", "# Style\n\nNever that."),
    ]
    candidates, _ = of_rules(files)
    assert candidates[0].score >= candidates[1].score
    assert of_rules([RulesFile("c.md", "\n\n")])[0] == []
