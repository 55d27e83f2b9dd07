"""Help pages of data flow: written from the topics, with examples that hold."""

import pytest

from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.analysis.flow.help_page import PAGE, help_page, help_uri
from mirador_lsp.analysis.flow.knowledge import load_topics
from mirador_lsp.syntax.parser import parse

TOPICS = load_topics()
EXAMPLES = [(topic.id, example) for topic in TOPICS.values() for example in topic.examples]


def rules(code: str, language: str) -> list[str]:
    """The rules of what is found in a program."""
    return [finding.rule for finding in look(parse(code, language)).findings]


@pytest.mark.parametrize(
    ("topic", "example"), EXAMPLES, ids=[f"{topic}-{each.language}" for topic, each in EXAMPLES]
)
def test_examples_are_found_and_their_better_sides_are_not(topic: str, example: object) -> None:
    """What the page calls bad is found under its topic; in what it calls good nothing is found."""
    bad, good, language = (getattr(example, each) for each in ("bad", "good", "language"))
    assert f"flow/{topic}" in rules(bad, language)
    assert rules(good, language) == []


def test_the_page_says_what_the_topics_say() -> None:
    """`mirador_lsp.analysis.flow.help_page` writes it."""
    assert PAGE.read_text("utf-8") == help_page(TOPICS.values())


def test_every_topic_has_a_place_on_the_page_and_a_finding_names_it() -> None:
    """The address a finding carries names an existing file and a heading in it."""
    page = PAGE.read_text("utf-8")
    for topic in TOPICS:
        address, _, fragment = help_uri(topic).partition("#")
        assert address == PAGE.resolve().as_uri()
        assert f"\n## {fragment}\n" in page
    (found,) = look(parse("eval(input())\n", "python")).findings
    assert found.help_uri == help_uri("code-injection")
