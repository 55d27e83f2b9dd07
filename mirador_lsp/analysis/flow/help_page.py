"""The help page of data flow, `flows.md`, written from `knowledge/topics.toml`.

After a change there: `python -m mirador_lsp.analysis.flow.help_page`. A test compares the two.
"""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from mirador_lsp.analysis.flow.knowledge import Topic, load_topics
from mirador_lsp.syntax.languages import LANGUAGES

PAGE = Path(__file__).with_name("flows.md")
"""Where the page is."""

_HEAD = """\
# Data flow

What the analyzer `flow` looks for in Python, JavaScript and TypeScript, by itself and without a
model: data that comes from outside (a source), and the way it takes through variables, calls and
containers to where it does harm (a sink). Each finding tells its way, the source first. Written
from `knowledge/topics.toml`; change that, not this page.

Data that was cleaned on its way, or checked before it was used, is not reported. What libraries do
is read from the files in `knowledge/`; a call that no file speaks of is taken to hand on what it is
given, and the finding is less sure. Where anybody may call a function, its parameters count as
sources that are less sure, too.
"""


def help_page(topics: Iterable[Topic]) -> str:
    """The page for these topics, Markdown, with a heading for each that is its id."""
    return "\n".join([_HEAD, *(_section(topic) for topic in topics)])


def help_uri(topic: str) -> str:
    """Where the packaged help text of a topic is: a `file:` URI with the topic as its fragment."""
    path = Path(str(resources.files(__package__).joinpath("flows.md")))
    return f"{path.resolve().as_uri()}#{topic}"


def _section(topic: Topic) -> str:
    number = topic.cwe.removeprefix("CWE-")
    sources = "" if topic.weak else " Told only where the data surely comes from outside."
    facts = (
        f"{topic.title}: security, {topic.severity}; confidence up to {topic.confidence:g}; "
        f"[{topic.cwe}](https://cwe.mitre.org/data/definitions/{number}.html).{sources}"
    )
    parts = [f"## {topic.id}", facts, topic.help.strip()]
    for example in topic.examples:
        name = LANGUAGES[example.language].title
        parts += [f"{name}, found:", _code(example.bad, example.language)]
        parts += [f"{name}, not found:", _code(example.good, example.language)]
    return "\n\n".join(parts) + "\n"


def _code(text: str, language: str) -> str:
    return f"```{language}\n{text.strip()}\n```"


if __name__ == "__main__":
    PAGE.write_text(help_page(load_topics().values()), "utf-8")
