"""The help page of the rules, `rules.md`, written from the rule files.

After a change to a rule: `python -m mirador_lsp.analysis.help_page`. A test compares the two.
"""

from collections.abc import Sequence
from pathlib import Path

from mirador_lsp.analysis.rule_files import ANY, Rule, RuleFile, load_rules
from mirador_lsp.syntax.languages import LANGUAGES

PAGE = Path(__file__).with_name("rules.md")
"""Where the page is."""

_MOST_LINES = 25
"""A longer example does not explain."""
_HEAD = """\
# Mirador's rules

What the analyzer `rules` looks for, by itself and without a model. Written from the files in
`rules/`; change them, not this page. Python is checked by [ruff](https://docs.astral.sh/ruff/rules/)
as well, and rules that ruff has for Python are not repeated here.

## syntax-error

The text does not parse as its language says: bug, error. Looks at every language but Python, whose
syntax errors ruff reports.

What does not parse is not reviewed there; what follows may be misread. Where templates or macros
are usual (C, C++, Bash, YAML, HTML, CSS) it informs only.
"""


def help_page(rules: Sequence[Rule]) -> str:
    """The page for these rules, Markdown, with a heading for each rule that is its id."""
    return "\n".join([_HEAD, *(_section(rule) for rule in rules)])


def _section(rule: Rule) -> str:
    file = rule.file
    facts = [f"{file.lens}, {file.severity}", f"confidence {file.confidence:g}"]
    if file.cwe is not None:
        number = file.cwe.removeprefix("CWE-")
        facts.append(f"[{file.cwe}](https://cwe.mitre.org/data/definitions/{number}.html)")
    languages = "every language"
    if ANY not in rule.forms:
        languages = ", ".join(each.title for each in LANGUAGES.values() if each.id in rule.forms)
    return (
        f"## {file.id}\n\n{file.title}: {'; '.join(facts)}. Looks at {languages}.\n\n"
        f"{file.help.strip()}\n{_examples(file)}"
    )


def _examples(file: RuleFile) -> str:
    """The first pair of examples that can be shown as it is."""
    for group in file.languages:
        language = group.ids[0] if group.ids[0] != ANY else ""
        found = next((each for each in group.positive if _shows(each)), None)
        passed = next((each for each in group.negative if _shows(each)), None)
        if found is not None and passed is not None:
            return (
                f"\nFound:\n\n```{language}\n{found.strip()}\n```\n"
                f"\nNot found:\n\n```{language}\n{passed.strip()}\n```\n"
            )
    return ""


def _shows(example: str) -> bool:
    """Whether it is short, and nothing in it is hidden, or stands for something else."""
    lines = example.splitlines()
    plain = all(line.isprintable() and line.isascii() for line in lines)
    return plain and len(lines) <= _MOST_LINES and "@repeat" not in example and "```" not in example


if __name__ == "__main__":
    PAGE.write_text(help_page(load_rules()), "utf-8")
